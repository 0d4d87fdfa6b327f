//! `msgSecCheck`, the content check of texts.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::json::text;
use crate::response::respond;
use crate::state::SandboxState;
use crate::wechat::sessions::{INVALID_ACCESS_TOKEN, wechat_error, wechat_error_body};

/// A text that contains this word is risky; every other text passes.
const RISKY_WORD: &str = "违禁";

#[derive(Deserialize)]
pub(crate) struct TokenQuery {
    access_token: String,
}

/// `POST /wxa/msg_sec_check`: whether a text is risky.
pub(crate) async fn msg_sec_check(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    query: web::Query<TokenQuery>,
    body: web::Json<Value>,
) -> HttpResponse {
    let handle = || {
        let token = &query.access_token;
        if !sandbox.is_access_token(token) {
            return wechat_error(INVALID_ACCESS_TOKEN);
        }
        let suggest = if text(&body, "content").contains(RISKY_WORD) {
            "risky"
        } else {
            "pass"
        };
        json!({"errcode": 0, "errmsg": "ok", "result": {"suggest": suggest, "label": 100},
            "trace_id": "sandbox"})
    };
    respond(&sandbox, &request, wechat_error_body, handle).await
}
