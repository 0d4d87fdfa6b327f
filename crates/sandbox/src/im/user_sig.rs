//! `UserSig`, the signature of every call of the REST API.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::crypto::hmac_sha256;
use crate::json::text;

/// The largest `UserSig`, unpacked, in bytes. Real ones have about 200.
const UNPACKED_LIMIT: u64 = 4_096;
/// Error codes of Tencent IM about the `UserSig`.
const EXPIRED: i64 = 70001;
const MALFORMED: i64 = 70003;
const WRONG_SIGNATURE: i64 = 70009;
const WRONG_IDENTIFIER: i64 = 70013;
const WRONG_SDK_APP_ID: i64 = 70014;

/// Checks a `UserSig` as Tencent does: unpack it (Base64 with three characters replaced, then
/// zlib, then JSON), compare what it says, recompute its HMAC.
///
/// # Errors
///
/// The error code of Tencent IM when the signature is malformed, expired or not this account's.
pub(crate) fn check_user_sig(
    sdk_app_id: u32,
    key: &str,
    identifier: &str,
    user_sig: &str,
    now_secs: i64,
) -> Result<(), i64> {
    let fields = unpack(user_sig).ok_or(MALFORMED)?;
    let number = |key: &str| fields.get(key).and_then(Value::as_i64).ok_or(MALFORMED);
    let (time, expire) = (number("TLS.time")?, number("TLS.expire")?);
    if text(&fields, "TLS.identifier") != identifier {
        return Err(WRONG_IDENTIFIER);
    }
    if number("TLS.sdkappid")? != i64::from(sdk_app_id) {
        return Err(WRONG_SDK_APP_ID);
    }
    if now_secs >= time.saturating_add(expire) {
        return Err(EXPIRED);
    }
    let signed = format!(
        "TLS.identifier:{identifier}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{time}\n\
         TLS.expire:{expire}\n"
    );
    verify(key, &signed, text(&fields, "TLS.sig")).ok_or(WRONG_SIGNATURE)
}

fn unpack(user_sig: &str) -> Option<Value> {
    let base64 = user_sig
        .replace('*', "+")
        .replace('-', "/")
        .replace('_', "=");
    let packed = STANDARD.decode(base64).ok()?;
    let mut plain = String::new();
    flate2::read::ZlibDecoder::new(packed.as_slice())
        .take(UNPACKED_LIMIT)
        .read_to_string(&mut plain)
        .ok()?;
    serde_json::from_str(&plain).ok()
}

fn verify(key: &str, signed: &str, signature: &str) -> Option<()> {
    let signature = STANDARD.decode(signature).ok()?;
    (signature == hmac_sha256(key.as_bytes(), signed.as_bytes())).then_some(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::ZlibEncoder};
    use proptest::prelude::*;
    use qlive_types::testing::{
        JSON_PIECES, bit_flip, hostile_bytes, hostile_text, in_bounded_time, json_value,
    };
    use serde_json::json;

    use super::*;

    const APP: u32 = 1_400_000_001;
    const KEY: &str = "0123456789abcdef";
    const NOW: i64 = 1_700_000_000;
    const FIELDS: &[&str] = &[
        "TLS.identifier",
        "TLS.sdkappid",
        "TLS.time",
        "TLS.expire",
        "TLS.sig",
    ];

    fn check(identifier: &str, user_sig: &str) -> Result<(), i64> {
        in_bounded_time(|| check_user_sig(APP, KEY, identifier, user_sig, NOW))
    }

    fn pack(content: &[u8]) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        let base64 = STANDARD.encode(encoder.finish().unwrap());
        base64.replace('+', "*").replace('/', "-").replace('=', "_")
    }

    /// The fields of a good `UserSig`.
    fn fields(identifier: &str, time: i64, expire: i64) -> Value {
        let signed = format!(
            "TLS.identifier:{identifier}\nTLS.sdkappid:{APP}\nTLS.time:{time}\n\
             TLS.expire:{expire}\n"
        );
        json!({
            "TLS.ver": "2.0", "TLS.identifier": identifier, "TLS.sdkappid": APP,
            "TLS.time": time, "TLS.expire": expire,
            "TLS.sig": STANDARD.encode(hmac_sha256(KEY.as_bytes(), signed.as_bytes())),
        })
    }

    #[test]
    fn validity_beyond_the_end_of_time_is_not_an_overflow() {
        let sig = pack(fields("user", i64::MAX, i64::MAX).to_string().as_bytes());
        assert_eq!(check("user", &sig), Ok(()));
    }

    #[test]
    fn text_that_unpacks_to_megabytes_is_malformed() {
        let long = format!("{{\"a\":\"{}\"}}", "a".repeat(40_000_000));
        assert_eq!(check("user", &pack(long.as_bytes())), Err(MALFORMED));
    }

    proptest! {
        #[test]
        fn any_text_is_refused(text in hostile_text(JSON_PIECES)) {
            prop_assert!(check("user", &text).is_err());
        }

        #[test]
        fn any_packed_text_is_refused(content in hostile_bytes(JSON_PIECES)) {
            prop_assert!(check("user", &pack(&content)).is_err());
        }

        #[test]
        fn any_packed_json_is_refused(
            content in json_value(FIELDS),
            field in proptest::sample::select(FIELDS),
            value in json_value(FIELDS),
        ) {
            prop_assert!(check("user", &pack(content.to_string().as_bytes())).is_err());
            let mut changed = fields("user", NOW, 60);
            if changed[field] != value {
                changed[field] = value;
                prop_assert!(check("user", &pack(changed.to_string().as_bytes())).is_err());
            }
        }

        #[test]
        fn good_one_verifies_and_a_changed_one_does_not(
            identifier in "[A-Za-z0-9_@#]{1,32}",
            expire in 1..i64::MAX,
            flip in bit_flip(),
        ) {
            let content = fields(&identifier, NOW, expire).to_string();
            prop_assert_eq!(check(&identifier, &pack(content.as_bytes())), Ok(()));
            let changed = flip.apply(content.as_bytes());
            // The version, which comes first, is not signed.
            let signed = content.find("\"TLS.identifier\"").unwrap();
            let is_signed = changed[signed..] != content.as_bytes()[signed..];
            prop_assert!(!is_signed || check(&identifier, &pack(&changed)).is_err());
        }
    }
}
