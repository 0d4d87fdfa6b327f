//! The HTTP side of the REST API: who calls, and with which signature.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;

use crate::im::commands::{execute_command, im_error, im_error_body};
use crate::im::user_sig::check_user_sig;
use crate::response::respond;
use crate::state::SandboxState;

/// Error codes of Tencent IM: the caller is no administrator; the application ID or the content
/// type is wrong.
const NOT_ADMINISTRATOR: i64 = 60010;
const WRONG_APPLICATION: i64 = 60014;

#[derive(Deserialize)]
pub(crate) struct ImQuery {
    sdkappid: u32,
    identifier: String,
    usersig: String,
    random: u32,
    contenttype: String,
}

/// `POST /v4/{service}/{command}`: checks the caller's signature and executes the command.
pub(crate) async fn call_im(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<ImQuery>,
    body: web::Json<Value>,
) -> HttpResponse {
    let (service, command) = path.into_inner();
    let handle = || {
        let now = sandbox.clock.now();
        if let Err(code) = check_caller(&sandbox, &query, now.secs()) {
            return im_error(code);
        }
        let mut records = sandbox.records();
        execute_command(&mut records.im, &service, &command, &body, now.millis())
    };
    tracing::trace!(random = query.random, "IM call");
    respond(&sandbox, &request, im_error_body, handle).await
}

fn check_caller(sandbox: &SandboxState, query: &ImQuery, now_secs: i64) -> Result<(), i64> {
    let config = &sandbox.config;
    if query.sdkappid != config.sdk_app_id || query.contenttype != "json" {
        return Err(WRONG_APPLICATION);
    }
    if query.identifier != config.im_admin {
        return Err(NOT_ADMINISTRATOR);
    }
    check_user_sig(
        config.sdk_app_id,
        &config.im_key,
        &query.identifier,
        &query.usersig,
        now_secs,
    )
}
