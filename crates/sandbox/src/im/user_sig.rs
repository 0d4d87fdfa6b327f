//! `UserSig`, the signature of every call of the REST API.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::crypto::hmac_sha256;
use crate::json::text;

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
    if now_secs >= time + expire {
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
        .read_to_string(&mut plain)
        .ok()?;
    serde_json::from_str(&plain).ok()
}

fn verify(key: &str, signed: &str, signature: &str) -> Option<()> {
    let signature = STANDARD.decode(signature).ok()?;
    (signature == hmac_sha256(key.as_bytes(), signed.as_bytes())).then_some(())
}
