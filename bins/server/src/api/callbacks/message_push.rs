//! WeChat's message push: virtual payments, refunds of them, and complaints. Other events are
//! confirmed and counted.

use std::collections::HashMap;

use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use qlive_tencent::wechat::push::{PushError, PushQuery};
use qlive_types::random;

use super::forgery::count_forgery;
use super::outcome::count_outcome;
use crate::http::{ApiError, State};
use crate::metrics::CallbackVerdict;

/// The kind of these callbacks in logs and metrics.
const KIND: &str = "push";

pub(crate) async fn wx_verify(
    state: Data<State>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
) -> Result<HttpResponse, ApiError> {
    let push = state.push.as_ref();
    if !push.is_some_and(|push| push.verify_query_signature(&push_query(&query))) {
        return Err(count_forgery(&state, &request, KIND));
    }
    let echo = query.get("echostr").cloned().unwrap_or_default();
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(echo))
}

pub(crate) async fn wx_notify(
    state: Data<State>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let body = body.ok().ok_or(ApiError::TOO_LARGE)?;
    let Some(push) = &state.push else {
        return Err(count_forgery(&state, &request, KIND));
    };
    let received = match push.verify_and_parse(&push_query(&query), &body) {
        Ok(received) => received,
        Err(PushError::InvalidSignature) => return Err(count_forgery(&state, &request, KIND)),
        Err(PushError::MalformedBody) => {
            let verdict = CallbackVerdict::Unreadable;
            state.count_callback(KIND, verdict);
            return Err(ApiError::BAD_BODY);
        }
    };
    let outcome = state.services.payments.handle_push(&received).await?;
    count_outcome(&state, &request, KIND, outcome)?;
    let now = state.services.clock.now().secs();
    let nonce = random::within(100_000_000..=999_999_999).to_string();
    let reply = push.success_reply(&received, now, &nonce, &random::hex(8));
    Ok(HttpResponse::Ok()
        .content_type(reply.content_type)
        .body(reply.body))
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
