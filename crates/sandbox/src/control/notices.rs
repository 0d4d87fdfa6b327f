//! Made-up notices and pushes, and the settings of message push.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::notifications::delivery::{is_push_accepted, send_request};
use crate::state::SandboxState;
use crate::wechat::message_push::{push_request, push_text_request, push_url, verify_push_url};
use crate::wechat::push_mode::PushMode;
use crate::wechat_pay::notices::{notice_body, notice_request};
use crate::wechat_pay::signature::{SERIAL_HEADER, SigningKey, signature_headers};

/// A notice with any content, and what is wrong with it.
#[derive(Deserialize)]
pub(crate) struct MadeUpNotice {
    event: String,
    /// The `original_type` of the resource.
    #[serde(rename = "kind")]
    resource_type: String,
    resource: Value,
    /// By how many seconds its time is off.
    #[serde(default)]
    skew_secs: i64,
    /// Whether its body is changed after it was signed.
    #[serde(default)]
    tampered: bool,
    /// The serial to name instead of that of the key that signed it.
    serial: Option<String>,
    /// Whether the certificate signs it; the public key does otherwise.
    #[serde(rename = "certified", default)]
    signed_with_certificate: bool,
    /// Where it goes; the server's path for notices when absent.
    url: Option<String>,
}

/// `POST /sandbox/notices`: sends a made-up notice of WeChat Pay, without repetition. Answers the
/// HTTP status that it got.
pub(crate) async fn send_made_up_notice(
    sandbox: web::Data<SandboxState>,
    notice: web::Json<MadeUpNotice>,
) -> HttpResponse {
    let notice = notice.into_inner();
    let mut body = notice_body(
        &sandbox,
        "made-up",
        &notice.event,
        &notice.resource_type,
        &notice.resource,
    );
    let signing_key = if notice.signed_with_certificate {
        SigningKey::Certificate
    } else {
        SigningKey::PublicKey
    };
    let mut headers = signature_headers(&sandbox, signing_key, &body, notice.skew_secs);
    if notice.tampered {
        body = body.replace("\"summary\":\"sandbox\"", "\"summary\":\"Sandbox\"");
    }
    if let Some(serial) = &notice.serial {
        for (name, value) in &mut headers {
            if *name == SERIAL_HEADER {
                value.clone_from(serial);
            }
        }
    }
    let url = notice
        .url
        .unwrap_or_else(|| format!("{}pay_notify/", sandbox.config.callback_base));
    let answer = send_request(notice_request(&sandbox, &url, &headers, body)).await;
    HttpResponse::Ok().json(json!({"status": answer.status}))
}

/// Where a made-up message push goes; to the server's path for them when absent.
#[derive(Deserialize)]
pub(crate) struct PushTarget {
    url: Option<String>,
}

/// `POST /sandbox/pushes`: sends a made-up message push, without repetition. Answers the HTTP
/// status that it got, and whether it was accepted.
pub(crate) async fn send_made_up_push(
    sandbox: web::Data<SandboxState>,
    target: web::Query<PushTarget>,
    message: web::Json<Value>,
) -> HttpResponse {
    let url = target.into_inner().url;
    let url = url.unwrap_or_else(|| push_url(&sandbox.config));
    let answer = send_request(push_request(&sandbox, &url, &message)).await;
    let accepted = is_push_accepted(&sandbox, &answer);
    HttpResponse::Ok().json(json!({"status": answer.status, "accepted": accepted}))
}

/// `POST /sandbox/pushes/text`: sends the body as the text of a message push, whatever it is,
/// without repetition; encrypted in secure mode. Answers also the body that it got.
pub(crate) async fn send_push_text(
    sandbox: web::Data<SandboxState>,
    message: String,
) -> HttpResponse {
    let url = push_url(&sandbox.config);
    let answer = send_request(push_text_request(&sandbox, &url, message)).await;
    let accepted = is_push_accepted(&sandbox, &answer);
    HttpResponse::Ok()
        .json(json!({"status": answer.status, "accepted": accepted, "body": answer.body}))
}

/// `POST /sandbox/push`: sets the form of message pushes.
pub(crate) async fn set_push_mode(
    sandbox: web::Data<SandboxState>,
    mode: web::Json<PushMode>,
) -> HttpResponse {
    sandbox.records().push_mode = mode.into_inner();
    HttpResponse::NoContent().finish()
}

/// `POST /sandbox/push/verify`: verifies the address of message push as the console does.
pub(crate) async fn check_push_url(sandbox: web::Data<SandboxState>) -> HttpResponse {
    let verified = verify_push_url(&sandbox).await;
    HttpResponse::Ok().json(json!({"verified": verified}))
}
