//! Acting for a user's client: its IM connection, its membership of a group, its stream.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::css::callbacks::send_stream_callback;
use crate::im::callbacks::send_im_callback;
use crate::response::control_error;
use crate::state::SandboxState;

/// What happens to a client. Several things may happen in one call.
#[derive(Deserialize)]
pub(crate) struct ClientChange {
    /// `lost` or `back`: the IM connection is lost or restored.
    im: Option<String>,
    /// `start`, `stop`, `screenshot` or `judged`: what happens to the user's stream.
    stream: Option<String>,
    /// The ID of an IM group that the client leaves.
    exits: Option<String>,
    /// The time that the callback gives for the event, in milliseconds; now when absent.
    at: Option<i64>,
    /// Whether the callback about the IM connection is sent; it is lost otherwise.
    #[serde(rename = "told", default = "crate::json::default_true")]
    notify: bool,
}

/// `POST /sandbox/clients/{user_id}`: changes a client's state and sends the callbacks that report
/// it. Answers the callbacks' answers.
pub(crate) async fn change_client(
    sandbox: web::Data<SandboxState>,
    user_id: web::Path<String>,
    change: web::Json<ClientChange>,
) -> HttpResponse {
    let at = change.at.unwrap_or_else(|| sandbox.clock.now().millis());
    let mut answers = Vec::new();
    if let Some(connection) = &change.im {
        let Some(callback) = change_connection(&sandbox, &user_id, connection, at) else {
            return control_error(StatusCode::BAD_REQUEST, "im must be lost or back");
        };
        if change.notify {
            answers.push(send_im_callback(&sandbox, "State.StateChange", callback).await);
        }
    }
    if let Some(group_id) = &change.exits {
        let callback = exit_callback(&user_id, group_id, at);
        answers.push(send_im_callback(&sandbox, "Group.CallbackAfterMemberExit", callback).await);
    }
    if let Some(stream_change) = &change.stream {
        let push_domain = &sandbox.config.live_push_domain;
        let callback =
            sandbox
                .records()
                .streams
                .apply(&user_id, stream_change, push_domain, at / 1000);
        let Some(callback) = callback else {
            let message = "stream must be start, stop, screenshot or judged";
            return control_error(StatusCode::BAD_REQUEST, message);
        };
        answers.push(send_stream_callback(&sandbox, callback).await);
    }
    HttpResponse::Ok().json(answers)
}

/// Loses or restores a client's IM connection and returns the callback that reports it; `None` when
/// the change is unknown.
fn change_connection(
    sandbox: &SandboxState,
    user_id: &str,
    change: &str,
    at_millis: i64,
) -> Option<Value> {
    let mut records = sandbox.records();
    let (action, reason) = match change {
        "lost" => {
            records.im.offline.insert(user_id.to_owned());
            records.im.connections.lose(user_id);
            ("Disconnect", "TimeOut")
        }
        "back" => {
            records.im.offline.remove(user_id);
            ("Login", "Register")
        }
        _ => return None,
    };
    let info = json!({"Action": action, "To_Account": user_id, "Reason": reason});
    Some(json!({"Info": info, "EventTime": at_millis}))
}

fn exit_callback(user_id: &str, group_id: &str, at_millis: i64) -> Value {
    json!({"GroupId": group_id, "Type": "AVChatRoom", "ExitType": "Quit",
        "Operator_Account": user_id, "ExitMemberList": [{"Member_Account": user_id}],
        "EventTime": at_millis})
}
