//! What the sandbox knows: a user's profile, the credentials, everything that happened.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use crate::state::SandboxState;
use crate::wechat::profile::{encrypted_profile, encrypted_user_data};

#[derive(Deserialize)]
pub(crate) struct ProfileQuery {
    code: String,
    #[serde(default)]
    nickname: String,
    #[serde(default)]
    gender: i64,
    /// The address of the picture.
    #[serde(default = "default_avatar")]
    avatar: String,
}

fn default_avatar() -> String {
    "https://example.com/face.png".to_owned()
}

/// `GET /sandbox/profile`: what a mini-program sends to register a user.
pub(crate) async fn show_profile(
    sandbox: web::Data<SandboxState>,
    query: web::Query<ProfileQuery>,
) -> HttpResponse {
    HttpResponse::Ok().json(encrypted_profile(
        &sandbox.config.app_id,
        &query.code,
        &query.nickname,
        query.gender,
        &query.avatar,
        sandbox.clock.now().secs(),
    ))
}

#[derive(Deserialize)]
pub(crate) struct CodeQuery {
    code: String,
}

/// `POST /sandbox/profile`: encrypts the body as user data, whatever it is.
pub(crate) async fn encrypt_user_data(
    sandbox: web::Data<SandboxState>,
    query: web::Query<CodeQuery>,
    body: web::Bytes,
) -> HttpResponse {
    let app_id = &sandbox.config.app_id;
    HttpResponse::Ok().json(encrypted_user_data(app_id, &query.code, &body))
}

/// `GET /sandbox/papers`: the credentials that WeChat Pay's console gives the merchant.
pub(crate) async fn show_credentials(sandbox: web::Data<SandboxState>) -> HttpResponse {
    HttpResponse::Ok().json(&sandbox.keys.credentials)
}

/// `GET /sandbox/state`: everything that is remembered, apart from messages.
pub(crate) async fn show_state(sandbox: web::Data<SandboxState>) -> HttpResponse {
    let records = sandbox.records();
    HttpResponse::Ok().json(json!({
        "accounts": records.im.accounts,
        "groups": records.im.groups,
        "kicked": records.im.kicked,
        "stream_orders": records.streams.requests,
        "calls": records.faults.calls(),
        "access_tokens": records.access_tokens.overview(),
        "orders": records.orders.overview(),
        "refunds": records.refunds.overview(),
        "transfers": records.transfers.overview(),
        "notices": records.attempts,
    }))
}
