//! The stream of a client's events: what the account and its groups receive, until the client or
//! another login ends it. <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{Error, HttpResponse, web};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::im::commands::im_error;
use crate::im::connections::ImEvent;
use crate::im::sessions::{EndReason, end_session, log_in};
use crate::state::SandboxState;

/// How often something is written, so that a client that is gone is noticed.
const COMMENT_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
pub(crate) struct Account {
    account: String,
    user_sig: String,
}

/// `GET /sandbox/events`: logs an account in and streams what it receives: first `ready` with the
/// name of the session, then `message`s, and at the end `kicked` when another login has ended it.
/// When the client closes the stream, it counts as a lost connection.
pub(crate) async fn stream_events(
    sandbox: web::Data<SandboxState>,
    query: web::Query<Account>,
) -> HttpResponse {
    let login = match log_in(&sandbox, &query.account, &query.user_sig) {
        Ok(login) => login,
        Err(code) => return HttpResponse::Forbidden().json(im_error(code)),
    };
    let ready = event("ready", &json!({"session": login.session}));
    let connection = Connection {
        sandbox,
        session: login.session,
        events: login.events,
        next: Some(ready),
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(connection.stream())
}

/// The connection of a client. Its end is the end of the session.
struct Connection {
    sandbox: web::Data<SandboxState>,
    session: String,
    events: mpsc::UnboundedReceiver<ImEvent>,
    /// What is written before the next event.
    next: Option<web::Bytes>,
}

impl Connection {
    fn stream(self) -> impl Stream<Item = Result<web::Bytes, Error>> {
        stream::unfold(self, |mut connection| async move {
            let written = match connection.next.take() {
                Some(next) => next,
                None => connection.receive().await?,
            };
            Some((Ok(written), connection))
        })
    }

    /// The next event, or a comment when none comes for a while; `None` after the last one.
    async fn receive(&mut self) -> Option<web::Bytes> {
        match timeout(COMMENT_INTERVAL, self.events.recv()).await {
            Ok(Some(ImEvent::Message(message))) => Some(event("message", &message)),
            Ok(Some(ImEvent::Kicked)) => Some(event("kicked", &json!({}))),
            Ok(None) => None,
            Err(_elapsed) => Some(web::Bytes::from_static(b":\n\n")),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        end_session(&self.sandbox, &self.session, EndReason::LinkClosed);
    }
}

fn event(name: &str, data: &Value) -> web::Bytes {
    // JSON has no line breaks of its own.
    format!("event: {name}\ndata: {data}\n\n").into()
}
