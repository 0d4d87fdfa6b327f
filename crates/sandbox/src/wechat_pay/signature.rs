//! Signatures of WeChat Pay: the vendor's pages "How to generate a request signature" and "How to
//! verify the signature of a response".

use actix_web::HttpRequest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::{Signer, Verifier};
use qlive_types::random;

use crate::state::SandboxState;

/// By how many seconds the time of a request may differ from ours.
const MAX_SKEW_SECS: i64 = 300;
/// The name of the signature method.
const METHOD: &str = "WECHATPAY2-SHA256-RSA2048";
/// The header that names the key of WeChat: a serial number, or the ID of a public key.
pub(crate) const SERIAL_HEADER: &str = "Wechatpay-Serial";
/// The header that carries WeChat's signature.
pub(crate) const SIGNATURE_HEADER: &str = "Wechatpay-Signature";

/// The key with which WeChat signs.
#[derive(Clone, Copy)]
pub(crate) enum SigningKey {
    /// The key of the platform certificate.
    Certificate,
    /// The key of WeChat's public key.
    PublicKey,
}

/// A header of a request; empty when it is absent or no text.
pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    let value = request.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Whether the merchant signed exactly this request within the last minutes. A request without
/// `User-Agent` is refused as well, as WeChat Pay refuses it.
pub(crate) fn is_signed_request(
    sandbox: &SandboxState,
    request: &HttpRequest,
    body: &[u8],
) -> bool {
    check_request(sandbox, request, body) == Some(true)
}

fn check_request(sandbox: &SandboxState, request: &HttpRequest, body: &[u8]) -> Option<bool> {
    let authorization = header(request, "Authorization");
    let fields = authorization.strip_prefix(METHOD)?.strip_prefix(' ')?;
    let field = |name: &str| {
        let (_, rest) = fields.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    let (nonce, time) = (field("nonce_str")?, field("timestamp")?);
    let signature = field("signature")?;
    let config = &sandbox.config;
    let known = field("mchid")? == config.mchid && field("serial_no")? == config.merchant_serial;
    let skew = sandbox.clock.now().secs() - time.parse::<i64>().ok()?;
    let path = request.uri().path_and_query()?;
    let mut message = format!("{}\n{path}\n{time}\n{nonce}\n", request.method()).into_bytes();
    message.extend_from_slice(body);
    message.push(b'\n');
    let verified = is_signed_by_merchant(sandbox, &message, signature);
    let has_user_agent = !header(request, "User-Agent").is_empty();
    Some(known && skew.abs() < MAX_SKEW_SECS && verified && has_user_agent)
}

/// Whether a signature, in Base64, is the merchant's of this message.
pub(crate) fn is_signed_by_merchant(
    sandbox: &SandboxState,
    message: &[u8],
    signature: &str,
) -> bool {
    let Ok(signature) = STANDARD.decode(signature) else {
        return false;
    };
    Verifier::new(MessageDigest::sha256(), &sandbox.keys.merchant_key)
        .and_then(|mut verifier| verifier.verify_oneshot(&signature, message))
        .unwrap_or(false)
}

/// The headers that sign a body with one of WeChat's keys, at a time that is `skew_secs` off.
pub(crate) fn signature_headers(
    sandbox: &SandboxState,
    signing_key: SigningKey,
    body: &str,
    skew_secs: i64,
) -> [(&'static str, String); 5] {
    let time = (sandbox.clock.now().secs() + skew_secs).to_string();
    let nonce = random::hex(16);
    let keys = &sandbox.keys;
    let (serial, key) = match signing_key {
        SigningKey::PublicKey => (&keys.credentials.public_key_id, &keys.public_key),
        SigningKey::Certificate => (&keys.credentials.certificate_serial, &keys.certificate_key),
    };
    let signature = sign(key, &format!("{time}\n{nonce}\n{body}\n"));
    [
        (SIGNATURE_HEADER, signature),
        ("Wechatpay-Timestamp", time),
        ("Wechatpay-Nonce", nonce),
        (SERIAL_HEADER, serial.clone()),
        ("Wechatpay-Signature-Type", METHOD.to_owned()),
    ]
}

fn sign(key: &PKey<Private>, message: &str) -> String {
    Signer::new(MessageDigest::sha256(), key)
        .and_then(|mut signer| signer.sign_oneshot_to_vec(message.as_bytes()))
        .map(|signature| STANDARD.encode(signature))
        .unwrap_or_default()
}
