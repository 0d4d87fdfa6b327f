//! What a client with a stream of events asks of IM. Each command names the session.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::im::sessions::{EndReason, end_session, report_exit};
use crate::im::user_messages::{OutgoingMessage, Target, send_as_user, text_element};
use crate::state::SandboxState;

#[derive(Deserialize)]
pub(crate) struct GroupCommand {
    session: String,
    group: String,
}

#[derive(Deserialize)]
pub(crate) struct SendCommand {
    session: String,
    group: Option<String>,
    account: Option<String>,
    text: String,
}

#[derive(Deserialize)]
pub(crate) struct LogoutCommand {
    session: String,
}

/// Why a command was refused.
enum Refusal {
    NotLoggedIn,
    NoSuchGroup,
    NoReceiver,
    /// The server refused the message, with this code.
    Refused(i64),
}

impl Refusal {
    /// The answer: always 200, with the reason in `error`.
    fn answer(result: Result<(), Self>) -> HttpResponse {
        let body = match result {
            Ok(()) => json!({}),
            Err(Self::NotLoggedIn) => json!({"error": "not_logged_in"}),
            Err(Self::NoSuchGroup) => json!({"error": "no_such_group"}),
            Err(Self::NoReceiver) => json!({"error": "no_receiver"}),
            Err(Self::Refused(code)) => json!({"error": "refused", "code": code}),
        };
        HttpResponse::Ok().json(body)
    }
}

/// `POST /sandbox/im/join`: joins a group, which the server must have created.
pub(crate) async fn join(
    sandbox: web::Data<SandboxState>,
    command: web::Json<GroupCommand>,
) -> HttpResponse {
    let join = || {
        let account = account_of(&sandbox, &command.session)?;
        let im = &mut sandbox.records().im;
        if !im.groups.contains_key(&command.group) {
            return Err(Refusal::NoSuchGroup);
        }
        im.connections.join(&account, &command.group);
        Ok(())
    };
    Refusal::answer(join())
}

/// `POST /sandbox/im/quit`: leaves a group, and reports it to the server.
pub(crate) async fn quit(
    sandbox: web::Data<SandboxState>,
    command: web::Json<GroupCommand>,
) -> HttpResponse {
    let quit = || {
        let account = account_of(&sandbox, &command.session)?;
        let was_in = sandbox
            .records()
            .im
            .connections
            .quit(&account, &command.group);
        if was_in {
            report_exit(&sandbox, &account, &command.group);
        }
        Ok(())
    };
    Refusal::answer(quit())
}

/// `POST /sandbox/im/send`: sends a text to a `group` or an `account`.
pub(crate) async fn send(
    sandbox: web::Data<SandboxState>,
    command: web::Json<SendCommand>,
) -> HttpResponse {
    let SendCommand {
        session,
        group,
        account,
        text,
    } = command.into_inner();
    let target = match (group, account) {
        (Some(group), None) => Target::Group(group),
        (None, Some(account)) => Target::Account(account),
        _ => return Refusal::answer(Err(Refusal::NoReceiver)),
    };
    let from = match account_of(&sandbox, &session) {
        Ok(from) => from,
        Err(refusal) => return Refusal::answer(Err(refusal)),
    };
    let message = OutgoingMessage {
        from,
        target,
        elements: text_element(&text),
        text,
        custom: String::new(),
        at: None,
        callback_before: true,
    };
    let sent = send_as_user(&sandbox, message).await;
    Refusal::answer(sent.map(drop).map_err(Refusal::Refused))
}

/// `POST /sandbox/im/logout`: logs out, and ends the stream.
pub(crate) async fn log_out(
    sandbox: web::Data<SandboxState>,
    command: web::Json<LogoutCommand>,
) -> HttpResponse {
    end_session(&sandbox, &command.session, EndReason::LoggedOut);
    HttpResponse::Ok().json(Value::Object(serde_json::Map::new()))
}

fn account_of(sandbox: &SandboxState, session: &str) -> Result<String, Refusal> {
    let records = sandbox.records();
    let account = records.im.connections.account_of(session);
    account.map(str::to_owned).ok_or(Refusal::NotLoggedIn)
}
