//! WeChat Pay API v3: what stands around every call. Requests must be signed by
//! the merchant; answers are signed with the key that the request asks for.

mod bills;
mod notices;
mod orders;
mod refunds;
mod transfers;

use std::io;

use actix_web::body::BodyStream;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::{Signer, Verifier};
use openssl::symm::{Cipher, encrypt_aead};
use qlive_types::random;
use serde_json::{Value, json};

pub(crate) use notices::{Errand, send};
pub(crate) use orders::Order;
pub(crate) use refunds::Refund;
pub(crate) use transfers::Transfer;

use crate::world::World;

/// By how many seconds a request's time may be off.
const WINDOW_SECS: i64 = 300;

/// What a call is answered: a status and a body; null is an empty body.
type Reply = (u16, Value);

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/v3/pay/transactions/jsapi", web::post().to(orders::prepay))
        .route(
            "/v3/pay/transactions/out-trade-no/{number}",
            web::get().to(orders::query),
        )
        .route(
            "/v3/pay/transactions/out-trade-no/{number}/close",
            web::post().to(orders::close),
        )
        .route(
            "/v3/refund/domestic/refunds",
            web::post().to(refunds::refund),
        )
        .route(
            "/v3/refund/domestic/refunds/{number}",
            web::get().to(refunds::query),
        )
        .route(
            "/v3/fund-app/mch-transfer/transfer-bills",
            web::post().to(transfers::transfer),
        )
        .route(
            "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}",
            web::get().to(transfers::query),
        )
        .route("/v3/certificates", web::get().to(bills::certificates))
        .route("/v3/bill/tradebill", web::get().to(bills::tradebill))
        .route("/v3/billdownload/file", web::get().to(bills::download))
        .route("/sandbox/notices", web::post().to(notices::make_up))
        .route("/sandbox/pushes", web::post().to(notices::make_up_push))
        .route("/sandbox/pay/{number}", web::post().to(orders::pay))
        .route(
            "/sandbox/pay/{number}/refund",
            web::post().to(refunds::by_platform),
        )
        .route("/sandbox/refunds", web::post().to(refunds::hold))
        .route("/sandbox/refunds/{number}", web::post().to(refunds::decide))
        .route(
            "/sandbox/transfers/{number}",
            web::post().to(transfers::decide),
        );
}

/// WeChat's error envelope.
fn refuse(status: u16, code: &str) -> Reply {
    (status, json!({"code": code, "message": "sandbox"}))
}

/// Answers a signed call, unless a fault strikes.
async fn answer(
    world: &World,
    request: &HttpRequest,
    body: &[u8],
    act: impl FnOnce(&Value) -> Reply,
) -> HttpResponse {
    let fault = world.fault(request.path()).await;
    if let Some(fault) = &fault
        && (fault.status.is_some() || fault.errcode.is_some())
    {
        let status = fault.status.unwrap_or(400);
        return match fault.errcode.as_ref().and_then(Value::as_str) {
            Some(code) => signed(world, request, refuse(status, code)),
            None => HttpResponse::build(status_of(status)).body("sandbox fault"),
        };
    }
    if !is_signed(world, request, body) {
        return signed(world, request, refuse(401, "SIGN_ERROR"));
    }
    let named = request.headers().get("Wechatpay-Serial").is_some();
    world.state().public_key_in_use = named;
    let asked = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body).unwrap_or(Value::Null)
    };
    let (status, body) = act(&asked);
    match fault {
        Some(fault) if fault.drop_answer => {
            let broken = futures_util::stream::once(async {
                Err::<web::Bytes, _>(io::Error::other("dropped"))
            });
            HttpResponse::Ok().body(BodyStream::new(broken))
        }
        Some(fault) if fault.tampered => {
            // What was signed said less.
            let sent = signed(world, request, (status, Value::Null));
            sent.set_body(body.to_string()).map_into_boxed_body()
        }
        _ => signed(world, request, (status, body)),
    }
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// Whether the merchant signed this very request, just now.
fn is_signed(world: &World, request: &HttpRequest, body: &[u8]) -> bool {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let Some(fields) = header("Authorization").strip_prefix("WECHATPAY2-SHA256-RSA2048 ") else {
        return false;
    };
    let field = |name: &str| {
        let (_, rest) = fields.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    let checked = || {
        let (nonce, time, signature) = (
            field("nonce_str")?,
            field("timestamp")?,
            field("signature")?,
        );
        let known = field("mchid")? == world.accounts.mchid
            && field("serial_no")? == world.accounts.merchant_serial;
        let fresh = (world.clock.now().secs() - time.parse::<i64>().ok()?).abs() < WINDOW_SECS;
        let path = request.uri().path_and_query()?;
        let mut message = format!("{}\n{path}\n{time}\n{nonce}\n", request.method()).into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        let verified = is_merchants(world, &message, signature);
        // WeChat refuses a request that does not say who sends it.
        Some(known && fresh && verified && !header("User-Agent").is_empty())
    };
    checked() == Some(true)
}

/// Whether a signature in Base64 is the merchant's, of this message.
fn is_merchants(world: &World, message: &[u8], signature: &str) -> bool {
    let Ok(signature) = STANDARD.decode(signature) else {
        return false;
    };
    let verified = Verifier::new(MessageDigest::sha256(), &world.drawer.merchant)
        .and_then(|mut verifier| verifier.verify_oneshot(&signature, message));
    verified.unwrap_or(false)
}

/// An answer with WeChat's signature.
fn signed(world: &World, request: &HttpRequest, (status, body): Reply) -> HttpResponse {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let public = request.headers().get("Wechatpay-Serial").is_some_and(|id| {
        id.to_str()
            .is_ok_and(|id| id == world.drawer.papers.public_key_id)
    });
    let mut response = HttpResponse::build(status_of(status));
    for (name, value) in signature(world, public, &body, 0) {
        response.insert_header((name, value));
    }
    response.content_type("application/json").body(body)
}

/// The headers that sign a body, with the public key or the certificate, at a time off by so many seconds.
fn signature(
    world: &World,
    public: bool,
    body: &str,
    skew_secs: i64,
) -> [(&'static str, String); 5] {
    let (time, nonce) = (
        (world.clock.now().secs() + skew_secs).to_string(),
        random::hex(16),
    );
    let papers = &world.drawer.papers;
    let (serial, key) = if public {
        (&papers.public_key_id, &world.drawer.public)
    } else {
        (&papers.certificate_serial, &world.drawer.certified)
    };
    [
        (
            "Wechatpay-Signature",
            sign(key, &format!("{time}\n{nonce}\n{body}\n")),
        ),
        ("Wechatpay-Timestamp", time),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Serial", serial.clone()),
        (
            "Wechatpay-Signature-Type",
            "WECHATPAY2-SHA256-RSA2048".to_owned(),
        ),
    ]
}

fn sign(key: &PKey<Private>, message: &str) -> String {
    let signed = Signer::new(MessageDigest::sha256(), key)
        .and_then(|mut signer| signer.sign_oneshot_to_vec(message.as_bytes()));
    signed
        .map(|signature| STANDARD.encode(signature))
        .unwrap_or_default()
}

/// Seals a text with the merchant's APIv3 key.
fn seal(world: &World, associated: &str, plain: &str) -> Value {
    let nonce = random::hex(6);
    let mut tag = [0; 16];
    let (key, iv) = (world.accounts.api_v3_key.as_bytes(), nonce.as_bytes());
    let sealed = encrypt_aead(
        Cipher::aes_256_gcm(),
        key,
        Some(iv),
        associated.as_bytes(),
        plain.as_bytes(),
        &mut tag,
    );
    let mut sealed = sealed.unwrap_or_default();
    sealed.extend_from_slice(&tag);
    json!({"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": associated,
        "ciphertext": STANDARD.encode(sealed)})
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(body: &Value, pointer: &str) -> i64 {
    body.pointer(pointer).and_then(Value::as_i64).unwrap_or(-1)
}
