//! Changing the access token in force.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::state::SandboxState;
use crate::wechat::access_tokens::TokenChange;

#[derive(Deserialize)]
pub(crate) struct TokenRequest {
    #[serde(rename = "do")]
    change: TokenChange,
}

/// `POST /sandbox/token`: lets WeChat refuse the access token in force.
pub(crate) async fn change_token(
    sandbox: web::Data<SandboxState>,
    request: web::Json<TokenRequest>,
) -> HttpResponse {
    sandbox.records().access_tokens.apply(request.change);
    HttpResponse::NoContent().finish()
}
