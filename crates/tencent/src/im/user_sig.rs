//! UserSig, the credential with which a client or the administrator logs in to IM.
//!
//! Vendor's page: 生成 UserSig ("Generating UserSig"), cloud.tencent.com; the algorithm is
//! TLSSigAPIv2.

use std::cell::RefCell;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compress, Compression, FlushCompress};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::crypto::hmac_sha256;
use crate::non_empty_secret::NonEmptySecret;

/// Generates a UserSig for `account`, issued at `now` (Unix seconds) and valid for `lifetime_secs`.
#[must_use]
pub fn generate_user_sig(
    sdk_app_id: u32,
    secret_key: &NonEmptySecret,
    account: &str,
    now: i64,
    lifetime_secs: i64,
) -> SecretString {
    let signed_text = format!(
        "TLS.identifier:{account}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{now}\n\
         TLS.expire:{lifetime_secs}\n"
    );
    let signature = hmac_sha256(secret_key.expose_secret().as_bytes(), &signed_text);
    let document = json!({
        "TLS.ver": "2.0",
        "TLS.identifier": account,
        "TLS.sdkappid": sdk_app_id,
        "TLS.time": now,
        "TLS.expire": lifetime_secs,
        "TLS.sig": STANDARD.encode(signature),
    });
    // The alphabet of the base64 is changed so that the text needs no escaping in a URL.
    STANDARD
        .encode(deflate(document.to_string().as_bytes()))
        .replace('+', "*")
        .replace('/', "-")
        .replace('=', "_")
        .into()
}

thread_local! {
    /// A compressor has tables of some hundred kilobytes, so each thread keeps one.
    static COMPRESSOR: RefCell<Compress> =
        RefCell::new(Compress::new(Compression::default(), true));
}

/// Compresses to a zlib stream.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    // What cannot be compressed is stored, in blocks of up to 64 KiB with a few bytes each.
    let mut packed = Vec::with_capacity(bytes.len() + 64);
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        // Fails only for a stream that has ended, which this one has not.
        let _ = compressor.compress_vec(bytes, &mut packed, FlushCompress::Finish);
    });
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::io::Read as _;

    const APP: u32 = 1_400_000_001;
    const NOW: i64 = 1_700_000_000;

    fn key() -> NonEmptySecret {
        NonEmptySecret::new(&"0123456789abcdef".repeat(4)).unwrap()
    }

    fn decode(sig: &str) -> Value {
        let packed = STANDARD
            .decode(sig.replace('*', "+").replace('-', "/").replace('_', "="))
            .unwrap();
        let mut text = String::new();
        flate2::read::ZlibDecoder::new(packed.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn user_sig_vectors_are_reproduced() {
        let sig = generate_user_sig(APP, &key(), "user_10086", NOW, 604_800);
        assert_eq!(
            decode(sig.expose_secret()),
            json!({
                "TLS.ver": "2.0",
                "TLS.identifier": "user_10086",
                "TLS.sdkappid": 1_400_000_001,
                "TLS.time": 1_700_000_000,
                "TLS.expire": 604_800,
                "TLS.sig": "UO3F1QaHaBJ6hWptconASWkxof/WWEYNg/mSEVhrKdg="
            })
        );
        let made_by_npm_package = concat!(
            "eJw1yVELgjAUhuH-cq5Dz0pMBl0UGFFRhNXoSkab8yDqmCuE6L8Hat-d97wfuB6z4K0dcJgHCLPhk9KNp4IG",
            "fnXa5QwxiafaqUpaSwo4i3AcG4unWgNny0lxVN1bchp4jFHyt44McLidF1t2kTu52celsP7ZNutMVH1bhE",
            "Kkj5MJ6yy9l*6gzAq*P3yWMh8_"
        );
        assert_eq!(decode(sig.expose_secret()), decode(made_by_npm_package));
        let admin = generate_user_sig(APP, &key(), "administrator", NOW, 86_400);
        assert_eq!(
            decode(admin.expose_secret())["TLS.sig"],
            "UQsxgFcjt6F0GDhE80028yjWl0uoj5X0cNHs1UdRqlc="
        );
    }

    #[test]
    fn user_sig_needs_no_url_escaping() {
        let sig = generate_user_sig(APP, &key(), "user_10086", NOW, 604_800);
        assert!(
            sig.expose_secret()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"*-_".contains(&b))
        );
    }
}
