//! `getStableAccessToken`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::json::text;
use crate::response::respond;
use crate::state::SandboxState;
use crate::wechat::login::INVALID_SECRET;
use crate::wechat::sessions::{wechat_error, wechat_error_body};

/// `POST /cgi-bin/stable_token`: the access token in force, or a new one with `force_refresh`.
pub(crate) async fn stable_token(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    body: web::Json<Value>,
) -> HttpResponse {
    let handle = || {
        let config = &sandbox.config;
        if text(&body, "appid") != config.app_id || text(&body, "secret") != config.app_secret {
            return wechat_error(INVALID_SECRET);
        }
        let force_refresh = body.get("force_refresh") == Some(&json!(true));
        let now = sandbox.clock.now();
        let mut records = sandbox.records();
        let answer = records.access_tokens.request(force_refresh, now);
        answer.unwrap_or_else(wechat_error)
    };
    respond(&sandbox, &request, wechat_error_body, handle).await
}
