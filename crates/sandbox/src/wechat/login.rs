//! `code2Session` and `checkSessionKey`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::crypto::hmac_sha256_hex;
use crate::response::respond;
use crate::state::SandboxState;
use crate::wechat::sessions::{
    INVALID_ACCESS_TOKEN, wechat_error, wechat_error_body, wechat_success,
};

/// `invalid grant_type`.
const INVALID_GRANT_TYPE: i64 = 40002;
/// `invalid appid`.
const INVALID_APP_ID: i64 = 40013;
/// `invalid appsecret`.
pub(crate) const INVALID_SECRET: i64 = 40125;
/// `invalid signature`: the session key that signed is not the user's present one.
const INVALID_SIGNATURE: i64 = 87009;

#[derive(Deserialize)]
pub(crate) struct CodeQuery {
    appid: String,
    secret: String,
    js_code: String,
    grant_type: String,
}

/// `GET /sns/jscode2session`: exchanges a login code.
pub(crate) async fn jscode2session(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    query: web::Query<CodeQuery>,
) -> HttpResponse {
    let handle = || {
        if query.grant_type != "authorization_code" {
            return wechat_error(INVALID_GRANT_TYPE);
        }
        if query.appid != sandbox.config.app_id {
            return wechat_error(INVALID_APP_ID);
        }
        if query.secret != sandbox.config.app_secret {
            return wechat_error(INVALID_SECRET);
        }
        sandbox.records().sessions.exchange_code(&query.js_code)
    };
    respond(&sandbox, &request, wechat_error_body, handle).await
}

#[derive(Deserialize)]
pub(crate) struct SessionQuery {
    access_token: String,
    openid: String,
    signature: String,
    sig_method: String,
}

/// `GET /wxa/checksession`: whether a session key is still the user's present one. `signature` is
/// the HMAC-SHA256 of the empty string under the session key.
pub(crate) async fn checksession(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    query: web::Query<SessionQuery>,
) -> HttpResponse {
    let handle = || {
        if !sandbox.is_access_token(&query.access_token) {
            return wechat_error(INVALID_ACCESS_TOKEN);
        }
        let records = sandbox.records();
        let expected = records
            .sessions
            .session_key(&query.openid)
            .map(|key| hmac_sha256_hex(&key, ""));
        if query.sig_method == "hmac_sha256" && expected.as_deref() == Some(&query.signature) {
            wechat_success()
        } else {
            wechat_error(INVALID_SIGNATURE)
        }
    };
    respond(&sandbox, &request, wechat_error_body, handle).await
}
