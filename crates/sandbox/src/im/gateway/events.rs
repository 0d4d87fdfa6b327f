//! What a client receives: what is sent to its account and its groups, until the client or another
//! login ends the connection. As server-sent events, or as messages of a WebSocket: a browser opens
//! only six connections of the former to one server, and mini-programs have only the latter.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, UPGRADE};
use actix_web::{Error, HttpRequest, HttpResponse, web};
use futures_util::StreamExt as _;
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

/// `GET /sandbox/events`: logs an account in and sends what it receives: first `ready` with the
/// name of the session, then `message`s, and at the end `kicked` when another login has ended it.
/// When the client closes the connection, it counts as lost. A WebSocket gets each event as one
/// text `{"event", "data"}`, and its messages are not read.
pub(crate) async fn receive_events(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    query: web::Query<Account>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let login = match log_in(&sandbox, &query.account, &query.user_sig) {
        Ok(login) => login,
        Err(code) => return Ok(HttpResponse::Forbidden().json(im_error(code))),
    };
    let connection = Connection {
        next: Some(Event::ready(&login.session)),
        sandbox,
        session: login.session,
        events: login.events,
    };
    if request.headers().contains_key(UPGRADE) {
        let (response, socket, messages) = actix_ws::handle(&request, payload)?;
        actix_web::rt::spawn(connection.send_to_socket(socket, messages));
        return Ok(response);
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(connection.stream()))
}

/// An event as a client gets it.
struct Event {
    name: &'static str,
    data: Value,
}

impl Event {
    fn ready(session: &str) -> Self {
        let data = json!({"session": session});
        Self {
            name: "ready",
            data,
        }
    }

    fn of(event: ImEvent) -> Self {
        let (name, data) = match event {
            ImEvent::Message(message) => ("message", message),
            ImEvent::Kicked => ("kicked", json!({})),
        };
        Self { name, data }
    }

    /// As a server-sent event. JSON has no line breaks of its own.
    fn server_sent(&self) -> web::Bytes {
        format!("event: {}\ndata: {}\n\n", self.name, self.data).into()
    }

    /// As a message of a WebSocket.
    fn socket_text(&self) -> String {
        json!({"event": self.name, "data": self.data}).to_string()
    }
}

/// The connection of a client. Its end is the end of the session.
struct Connection {
    sandbox: web::Data<SandboxState>,
    session: String,
    events: mpsc::UnboundedReceiver<ImEvent>,
    /// What is sent before the next event.
    next: Option<Event>,
}

impl Connection {
    fn stream(self) -> impl Stream<Item = Result<web::Bytes, Error>> {
        stream::unfold(self, |mut connection| async move {
            let written = match timeout(COMMENT_INTERVAL, connection.receive()).await {
                Ok(event) => event?.server_sent(),
                Err(_elapsed) => web::Bytes::from_static(b":\n\n"),
            };
            Some((Ok(written), connection))
        })
    }

    /// Sends events until there are no more, or the client closes the socket.
    async fn send_to_socket(
        mut self,
        mut socket: actix_ws::Session,
        mut messages: actix_ws::MessageStream,
    ) {
        loop {
            tokio::select! {
                event = self.receive() => {
                    let Some(event) = event else { break };
                    if socket.text(event.socket_text()).await.is_err() {
                        return;
                    }
                }
                message = messages.next() => match message {
                    Some(Ok(actix_ws::Message::Ping(bytes))) => {
                        if socket.pong(&bytes).await.is_err() {
                            return;
                        }
                    }
                    Some(Ok(actix_ws::Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
            }
        }
        // A client that is gone need not know.
        let _ = socket.close(None).await;
    }

    /// The next event; `None` after the last one.
    async fn receive(&mut self) -> Option<Event> {
        match self.next.take() {
            Some(next) => Some(next),
            None => self.events.recv().await.map(Event::of),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        end_session(&self.sandbox, &self.session, EndReason::LinkClosed);
    }
}
