//! TC3-HMAC-SHA256, the signature of Tencent Cloud API 3.0: the vendor's page "Signature v3".

use sha2::{Digest as _, Sha256};

use crate::config::SandboxConfig;
use crate::crypto::hmac_sha256;

/// Computes the `Authorization` header that a request should have, over the headers that the given
/// one says were signed. `None` when the given one is malformed, names another secret ID, or does
/// not cover the header `host`.
pub(crate) fn expected_authorization<'a>(
    config: &SandboxConfig,
    header: &impl Fn(&str) -> &'a str,
    body: &[u8],
    time: i64,
) -> Option<String> {
    let given = header("Authorization");
    let signed_headers = value_between(given, "SignedHeaders=", ",")?;
    let credential = value_between(given, "Credential=", ",")?;
    let (secret_id, scope) = credential.split_once('/')?;
    let date = scope.split('/').next()?;
    let covers_host = signed_headers.split(';').any(|name| name == "host");
    if secret_id != config.cloud_secret_id || !covers_host {
        return None;
    }
    let headers: String = signed_headers
        .split(';')
        .map(|name| format!("{name}:{}\n", header(name).trim().to_lowercase()))
        .collect();
    let canonical = format!(
        "POST\n/\n\n{headers}\n{signed_headers}\n{}",
        sha256_hex(body)
    );
    let to_sign = format!(
        "TC3-HMAC-SHA256\n{time}\n{scope}\n{}",
        sha256_hex(canonical.as_bytes())
    );
    let mut key = format!("TC3{}", config.cloud_secret_key).into_bytes();
    for part in [date, "live", "tc3_request"] {
        key = hmac_sha256(&key, part.as_bytes());
    }
    let signature = hex::encode(hmac_sha256(&key, to_sign.as_bytes()));
    Some(format!(
        "TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={signed_headers}, \
         Signature={signature}"
    ))
}

fn value_between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(value, _)| value)
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
