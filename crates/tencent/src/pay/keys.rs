//! The keys with which WeChat signs: platform certificates by serial, and its
//! public key by id. While a merchant moves from one to the other, notices come
//! signed by either, so both are known at once.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::Verifier;
use openssl::x509::X509;

use super::BadKey;

/// By how many seconds WeChat's clock and ours may differ.
const WINDOW_SECS: i64 = 300;
/// How the id of a public key begins. A certificate's is its serial in hex.
const PUBLIC_KEY: &str = "PUB_KEY_ID_";
/// How a signature begins that WeChat made wrong on purpose, to see whether we look.
const PROBE: &str = "WECHATPAY/SIGNTEST/";

/// The headers that sign an answer or a notice.
#[derive(Debug, Clone, Default)]
pub struct Signed {
    pub timestamp: String,
    pub nonce: String,
    pub signature: String,
    pub serial: String,
}

/// Why something is not WeChat's word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// A test signature of WeChat's own: to be refused, but no attack.
    #[error("WeChat probes whether signatures are verified")]
    Probe,
    #[error("a header of the signature is missing")]
    Missing,
    #[error("it was signed too long ago, or will be")]
    Stale,
    /// Signed with a key that is not known here (yet).
    #[error("the signing key is not known")]
    UnknownKey,
    #[error("the signature does not verify")]
    Wrong,
}

/// WeChat's keys by id.
#[derive(Default)]
pub struct Keys(RwLock<HashMap<String, Known>>);

/// A key, and until when it is good (Unix seconds). A public key has no end.
struct Known {
    key: PKey<Public>,
    until: i64,
}

impl Keys {
    /// Adds a certificate or a public key in PEM under its id.
    pub fn add(&self, id: &str, pem: &str) -> Result<(), BadKey> {
        let (key, until) = match X509::from_pem(pem.as_bytes()) {
            Ok(certificate) => (certificate.public_key(), end_of(&certificate).unwrap_or(0)),
            Err(_) => (PKey::public_key_from_pem(pem.as_bytes()), i64::MAX),
        };
        let key = key.ok().filter(|key| key.rsa().is_ok()).ok_or(BadKey(
            "a verify key is neither certificate nor public key in PEM",
        ))?;
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), Known { key, until });
        Ok(())
    }

    /// The id of WeChat's public key, when there is one.
    #[must_use]
    pub fn public_key_id(&self) -> Option<String> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.keys().find(|id| id.starts_with(PUBLIC_KEY)).cloned()
    }

    /// Whether this is WeChat's word, said within five minutes of `now` (Unix seconds).
    pub fn verify(&self, signed: &Signed, body: &[u8], now: i64) -> Result<(), Unverified> {
        if signed.signature.starts_with(PROBE) {
            return Err(Unverified::Probe);
        }
        if [
            &signed.timestamp,
            &signed.nonce,
            &signed.signature,
            &signed.serial,
        ]
        .iter()
        .any(|field| field.is_empty())
        {
            return Err(Unverified::Missing);
        }
        let at: i64 = signed.timestamp.parse().ok().ok_or(Unverified::Missing)?;
        if now.saturating_sub(at).saturating_abs() >= WINDOW_SECS {
            return Err(Unverified::Stale);
        }
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = keys
            .get(&signed.serial)
            .filter(|known| now < known.until)
            .ok_or(Unverified::UnknownKey)?;
        let mut message = format!("{}\n{}\n", signed.timestamp, signed.nonce).into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let verified = || {
            let signature = STANDARD.decode(&signed.signature).ok()?;
            Verifier::new(MessageDigest::sha256(), &known.key)
                .ok()?
                .verify_oneshot(&signature, &message)
                .ok()
        };
        if verified() == Some(true) {
            Ok(())
        } else {
            Err(Unverified::Wrong)
        }
    }

    /// Seals a text for WeChat's eyes: RSA-OAEP with SHA-1, in base64. With the id of the key used.
    #[must_use]
    pub fn seal(&self, plain: &str) -> Option<(String, String)> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // The public key, which has no end, or the certificate that is good for longest.
        let (id, known) = keys.iter().max_by_key(|(_, known)| known.until)?;
        let rsa = known.key.rsa().ok()?;
        let mut sealed = vec![0; usize::try_from(rsa.size()).ok()?];
        let length = rsa
            .public_encrypt(plain.as_bytes(), &mut sealed, Padding::PKCS1_OAEP)
            .ok()?;
        sealed.truncate(length);
        Some((id.clone(), STANDARD.encode(sealed)))
    }
}

/// When a certificate ends, in Unix seconds.
fn end_of(certificate: &X509) -> Option<i64> {
    let left = Asn1Time::from_unix(0)
        .ok()?
        .diff(certificate.not_after())
        .ok()?;
    Some(i64::from(left.days) * 86_400 + i64::from(left.secs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::pkey::Private;
    use openssl::rsa::Rsa;
    use openssl::sign::Signer;

    const NOW: i64 = 1_700_000_000;

    fn pair() -> (PKey<Private>, String) {
        let rsa = Rsa::generate(2048).unwrap();
        let pem = String::from_utf8(rsa.public_key_to_pem().unwrap()).unwrap();
        (PKey::from_rsa(rsa).unwrap(), pem)
    }

    fn signed(key: &PKey<Private>, at: i64, body: &str) -> Signed {
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer
            .sign_oneshot_to_vec(format!("{at}\nnonce\n{body}\n").as_bytes())
            .unwrap();
        Signed {
            timestamp: at.to_string(),
            nonce: "nonce".into(),
            signature: STANDARD.encode(signature),
            serial: "PUB_KEY_ID_1".into(),
        }
    }

    #[test]
    fn only_wechats_word_of_now_verifies() {
        let (key, pem) = pair();
        let keys = Keys::default();
        keys.add("PUB_KEY_ID_1", &pem).unwrap();
        let good = signed(&key, NOW, "{}");
        assert_eq!(keys.verify(&good, b"{}", NOW), Ok(()));
        assert_eq!(keys.verify(&good, b"{}", NOW + 299), Ok(()));
        assert_eq!(
            keys.verify(&signed(&key, NOW, ""), b"", NOW),
            Ok(()),
            "a 204 signs an empty body"
        );
        for now in [NOW + 300, NOW - 300, i64::MIN, i64::MAX] {
            assert_eq!(
                keys.verify(&good, b"{}", now),
                Err(Unverified::Stale),
                "{now}"
            );
        }
        assert_eq!(keys.verify(&good, b"{} ", NOW), Err(Unverified::Wrong));
        let other = Signed {
            nonce: "other".into(),
            ..good.clone()
        };
        assert_eq!(keys.verify(&other, b"{}", NOW), Err(Unverified::Wrong));
        let unknown = Signed {
            serial: "5157".into(),
            ..good.clone()
        };
        assert_eq!(
            keys.verify(&unknown, b"{}", NOW),
            Err(Unverified::UnknownKey)
        );
        let probe = Signed {
            signature: format!("WECHATPAY/SIGNTEST/{}", good.signature),
            ..good.clone()
        };
        assert_eq!(keys.verify(&probe, b"{}", NOW), Err(Unverified::Probe));
        for missing in [
            Signed {
                timestamp: String::new(),
                ..good.clone()
            },
            Signed {
                timestamp: "today".into(),
                ..good.clone()
            },
            Signed {
                nonce: String::new(),
                ..good.clone()
            },
            Signed {
                signature: String::new(),
                ..good.clone()
            },
            Signed {
                serial: String::new(),
                ..good.clone()
            },
        ] {
            assert_eq!(keys.verify(&missing, b"{}", NOW), Err(Unverified::Missing));
        }
    }

    #[test]
    fn both_kinds_of_keys_are_known_at_once() {
        let ((one, one_pem), (two, two_pem)) = (pair(), pair());
        let keys = Keys::default();
        keys.add("PUB_KEY_ID_1", &one_pem).unwrap();
        keys.add("5157F09E", &two_pem).unwrap();
        assert_eq!(keys.public_key_id().as_deref(), Some("PUB_KEY_ID_1"));
        assert_eq!(keys.verify(&signed(&one, NOW, "x"), b"x", NOW), Ok(()));
        let by_certificate = Signed {
            serial: "5157F09E".into(),
            ..signed(&two, NOW, "x")
        };
        assert_eq!(keys.verify(&by_certificate, b"x", NOW), Ok(()));
        let crossed = Signed {
            serial: "5157F09E".into(),
            ..signed(&one, NOW, "x")
        };
        assert_eq!(keys.verify(&crossed, b"x", NOW), Err(Unverified::Wrong));
        assert!(keys.add("x", "no pem").is_err());
    }

    #[test]
    fn what_is_sealed_only_wechat_opens() {
        let (key, pem) = pair();
        let keys = Keys::default();
        keys.add("PUB_KEY_ID_1", &pem).unwrap();
        let (id, sealed) = keys.seal("张三").unwrap();
        let mut plain = vec![0; 256];
        let rsa = key.rsa().unwrap();
        let length = rsa
            .private_decrypt(
                &STANDARD.decode(sealed).unwrap(),
                &mut plain,
                Padding::PKCS1_OAEP,
            )
            .unwrap();
        assert_eq!(
            (id.as_str(), &plain[..length]),
            ("PUB_KEY_ID_1", "张三".as_bytes())
        );
    }
}
