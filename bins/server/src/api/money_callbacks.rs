//! Callbacks about money: notices of WeChat Pay, and message pushes.

use std::collections::HashMap;

use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use qlive_payments::{Taken, Verdict};
use qlive_tencent::pay::Signed;
use qlive_tencent::wechat::push::{Format, NotOurs, PushQuery};
use qlive_types::random;

use super::callbacks::forged;
use crate::http::State;
use crate::http::error::{ApiError, ErrorAnswer};

/// WeChat Pay tells of a payment, a refund or a transfer. Accepted (204) only when what it says is committed.
#[utoipa::path(post, path = "/wx/api/qlive/pay_notify/", tag = "callbacks", request_body = Object,
    responses((status = 204), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn pay_notify(
    state: Data<State>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let body = body.ok().ok_or(ApiError::TOO_LARGE)?;
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let signed = Signed {
        timestamp: header("Wechatpay-Timestamp"),
        nonce: header("Wechatpay-Nonce"),
        signature: header("Wechatpay-Signature"),
        serial: header("Wechatpay-Serial"),
    };
    let verdict = state.parts.payments.pay_notice(&signed, &body).await?;
    settle(&state, &request, "pay", verdict)?;
    Ok(HttpResponse::NoContent().finish())
}

fn push_query(query: &HashMap<String, String>) -> PushQuery {
    let field = |name: &str| query.get(name).cloned().unwrap_or_default();
    PushQuery {
        signature: field("signature"),
        msg_signature: field("msg_signature"),
        timestamp: field("timestamp"),
        nonce: field("nonce"),
        encrypt_type: field("encrypt_type"),
    }
}

/// WeChat verifies the address of the message push.
#[utoipa::path(get, path = "/wx/api/qlive/wx_notify/", tag = "callbacks",
    responses((status = 200, content_type = "text/plain"), (status = "4XX", body = ErrorAnswer)))]
pub(crate) async fn wx_verify(
    state: Data<State>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
) -> Result<HttpResponse, ApiError> {
    let genuine = state
        .push
        .as_ref()
        .is_some_and(|push| push.verifies_url(&push_query(&query)));
    if !genuine {
        return Err(forged(&state, &request, "push"));
    }
    let echo = query.get("echostr").cloned().unwrap_or_default();
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(echo))
}

/// WeChat tells of a virtual payment, a refund of one, or a complaint. Answered as accepted only when that is committed.
#[utoipa::path(post, path = "/wx/api/qlive/wx_notify/", tag = "callbacks", request_body = Object,
    responses((status = 200, body = Object), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn wx_notify(
    state: Data<State>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let body = body.ok().ok_or(ApiError::TOO_LARGE)?;
    let Some(push) = &state.push else {
        return Err(forged(&state, &request, "push"));
    };
    let opened = match push.open(&push_query(&query), &body) {
        Ok(opened) => opened,
        Err(NotOurs::Forged) => return Err(forged(&state, &request, "push")),
        Err(NotOurs::Unreadable) => {
            state.metrics.callback("push", "unreadable");
            return Err(ApiError::BAD_BODY);
        }
    };
    let verdict = state.parts.payments.push(&opened).await?;
    settle(&state, &request, "push", verdict)?;
    let nonce = random::within(100_000_000..=999_999_999).to_string();
    let reply = push.reply(
        &opened,
        state.parts.clock.now().secs(),
        &nonce,
        &random::hex(8),
    );
    let kind = match opened.format {
        Format::Json => "application/json",
        Format::Xml => "text/xml; charset=utf-8",
    };
    Ok(HttpResponse::Ok().content_type(kind).body(reply))
}

/// Counts what became of a callback; an error makes WeChat come again.
fn settle(
    state: &State,
    request: &HttpRequest,
    kind: &str,
    verdict: Verdict,
) -> Result<(), ApiError> {
    let (word, error) = match verdict {
        Verdict::Taken(Taken::Settled) => ("taken", None),
        Verdict::Taken(Taken::Known) => ("known", None),
        Verdict::Taken(Taken::Unknown) => ("unknown", None),
        Verdict::Taken(Taken::Unhandled) => ("unhandled", None),
        Verdict::Forged => return Err(forged(state, request, kind)),
        Verdict::Probe => ("probe", Some(ApiError::FORGED)),
        Verdict::Unfit(why) => {
            tracing::error!(
                kind,
                why,
                "a callback does not fit what it is about; nothing moved"
            );
            ("unfit", Some(ApiError::UNFIT))
        }
        Verdict::Unreadable => ("unreadable", Some(ApiError::BAD_BODY)),
        Verdict::Again => ("again", Some(ApiError::NOT_SETTLED)),
    };
    state.metrics.callback(kind, word);
    error.map_or(Ok(()), Err)
}
