//! The WebSocket that Tencent's SDK for browsers and mini-programs speaks, as version 3.6.6 of the
//! package `@tencentcloud/chat` does when its option `proxyServer` names the sandbox. Tencent does
//! not document it: what is here was seen on the wire.
//!
//! Each message is JSON `{"head": {"servcmd", "seq", …}, "body": {…}}` and is answered with the
//! same head. Messages of groups are the answers of a poll, `get_msg`, which waits for them;
//! messages to the account, and the end of a login, are sent unasked.

use std::time::Duration;

use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_ws::{AggregatedMessage, Session};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::frames::{Frame, canned_answer, failure, success};
use super::polls::Polls;
use crate::im::connections::ImEvent;
use crate::im::sessions::{EndReason, end_session, log_in, report_exit};
use crate::im::user_messages::{OutgoingMessage, Target, send_as_user};
use crate::json::text;
use crate::state::SandboxState;

/// How often polls are looked at whose time is over.
const TICK: Duration = Duration::from_secs(1);
/// The largest message of a client, in bytes.
const MAX_FRAME_BYTES: usize = 128 * 1024;

/// Error codes of Tencent IM: the signature of a login is missing; the group does not exist.
const NOT_LOGGED_IN: i64 = 70003;
const GROUP_NOT_FOUND: i64 = 10010;

/// `GET /binfo`: opens the socket.
pub(crate) async fn open_socket(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let (response, socket, messages) = actix_ws::handle(&request, payload)?;
    let messages = messages
        .max_frame_size(MAX_FRAME_BYTES)
        .aggregate_continuations();
    let client = SdkClient {
        sandbox,
        socket,
        login: None,
        polls: Polls::default(),
    };
    actix_web::rt::spawn(client.serve(messages));
    Ok(response)
}

/// A client that is connected.
struct SdkClient {
    sandbox: web::Data<SandboxState>,
    socket: Session,
    login: Option<SdkLogin>,
    polls: Polls,
}

/// The login of a client. Its end is the end of the session.
struct SdkLogin {
    account: String,
    session: String,
    events: mpsc::UnboundedReceiver<ImEvent>,
}

/// The client is gone.
struct Gone;

impl From<actix_ws::Closed> for Gone {
    fn from(_: actix_ws::Closed) -> Self {
        Self
    }
}

impl SdkClient {
    async fn serve(mut self, mut messages: actix_ws::AggregatedMessageStream) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            let handled = tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(message)) => self.handle_message(message).await,
                    Some(Err(_)) | None => Err(Gone),
                },
                event = next_event(&mut self.login) => self.handle_event(event).await,
                _ = ticks.tick() => self.end_polls().await,
            };
            if handled.is_err() {
                return;
            }
        }
    }

    async fn handle_message(&mut self, message: AggregatedMessage) -> Result<(), Gone> {
        let bytes = match message {
            AggregatedMessage::Text(text) => text.into_bytes(),
            AggregatedMessage::Binary(bytes) => bytes,
            AggregatedMessage::Ping(bytes) => {
                return self.socket.pong(&bytes).await.map_err(Gone::from);
            }
            AggregatedMessage::Pong(_) => return Ok(()),
            AggregatedMessage::Close(_) => return Err(Gone),
        };
        let Ok(frame) = serde_json::from_slice::<Frame>(&bytes) else {
            return Err(Gone);
        };
        let command = text(&frame.head, "servcmd").to_owned();
        if command.ends_with(".get_msg") && command.contains("long_polling") {
            return self.poll(frame).await;
        }
        let body = self.execute(&command, &frame).await;
        self.send(frame.head, body).await
    }

    /// Executes a command and returns the body of its answer.
    async fn execute(&mut self, command: &str, frame: &Frame) -> Value {
        let body = &frame.body;
        if command == "im_open_status.wslogin" {
            return self.log_in(&frame.head);
        }
        if command.starts_with("heartbeat.") || command.starts_with("imopenstat.") {
            return success(json!({}));
        }
        let Some(login) = &self.login else {
            return failure(NOT_LOGGED_IN);
        };
        match command {
            "im_open_status.wslogout" => {
                self.end_login(EndReason::LoggedOut);
                success(json!({}))
            }
            "group_open_http_svc.apply_join_group" => self.join(&login.account, body),
            "group_open_http_svc.quit_group" => self.quit(body),
            "group_open_http_svc.send_group_msg" => {
                let group = Target::Group(text(body, "GroupId").to_owned());
                self.send_message(group, body).await
            }
            "openim.sendmsg" => {
                let account = Target::Account(text(body, "To_Account").to_owned());
                self.send_message(account, body).await
            }
            _ => {
                let records = self.sandbox.records();
                success(canned_answer(command, body, &login.account, &records.im))
            }
        }
    }

    fn log_in(&mut self, head: &Value) -> Value {
        self.end_login(EndReason::LinkClosed);
        let account = text(head, "identifier");
        match log_in(&self.sandbox, account, text(head, "usersig")) {
            Err(code) => failure(code),
            Ok(login) => {
                let a2 = login.session.clone();
                self.login = Some(SdkLogin {
                    account: account.to_owned(),
                    session: login.session,
                    events: login.events,
                });
                let now = self.sandbox.clock.now().secs();
                success(json!({"A2Key": a2, "TinyId": account, "InstId": 1,
                    "HelloInterval": 120, "TimeStamp": now}))
            }
        }
    }

    fn join(&self, account: &str, body: &Value) -> Value {
        let group = text(body, "GroupId");
        let im = &mut self.sandbox.records().im;
        if !im.groups.contains_key(group) {
            return failure(GROUP_NOT_FOUND);
        }
        im.connections.join(account, group);
        success(
            json!({"JoinedStatus": "JoinedSuccess", "LongPollingKey": group,
            "HugeGroupFlag": 1, "Type": "AVChatRoom", "GroupId": group}),
        )
    }

    fn quit(&mut self, body: &Value) -> Value {
        let group = text(body, "GroupId");
        self.polls.remove(group);
        if let Some(login) = &self.login {
            let was_in = {
                let connections = &mut self.sandbox.records().im.connections;
                connections.quit(&login.account, group)
            };
            if was_in {
                report_exit(&self.sandbox, &login.account, group);
            }
        }
        success(json!({}))
    }

    async fn send_message(&self, target: Target, body: &Value) -> Value {
        let from = self.login.as_ref().map(|login| login.account.clone());
        let content = body.pointer("/MsgBody/0/MsgContent/Text");
        let message = OutgoingMessage {
            from: from.unwrap_or_default(),
            target,
            text: content
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            elements: body.get("MsgBody").cloned().unwrap_or(Value::Null),
            custom: text(body, "CloudCustomData").to_owned(),
            at: None,
            callback_before: true,
        };
        let now = self.sandbox.clock.now().secs();
        match send_as_user(&self.sandbox, message).await {
            Ok(number) => {
                success(json!({"MsgTime": now, "MsgSeq": number, "MsgKey": number.to_string()}))
            }
            Err(code) => failure(code),
        }
    }

    /// Answers a poll when its group has messages; otherwise it waits.
    async fn poll(&mut self, frame: Frame) -> Result<(), Gone> {
        let Some(login) = &self.login else {
            return self.send(frame.head, failure(NOT_LOGGED_IN)).await;
        };
        let group = text(&frame.body, "Key").to_owned();
        let is_known = {
            let im = &mut self.sandbox.records().im;
            let is_known = im.groups.contains_key(&group);
            if is_known {
                // A client that has connected again goes on to poll the groups that it was in.
                im.connections.join(&login.account, &group);
            }
            is_known
        };
        if !is_known {
            return self.send(frame.head, failure(GROUP_NOT_FOUND)).await;
        }
        self.polls.wait(&group, frame);
        self.answer_polls().await
    }

    async fn handle_event(&mut self, event: Option<ImEvent>) -> Result<(), Gone> {
        match event {
            Some(ImEvent::Message(message))
                if message.get("group").is_some_and(Value::is_string) =>
            {
                self.polls.add(message);
                self.answer_polls().await
            }
            Some(ImEvent::Message(message)) => {
                let to = self.login.as_ref().map(|login| login.account.as_str());
                let push = super::frames::push_of(&message, to.unwrap_or_default());
                self.send(json!({"servcmd": "im_open_push.msg_push", "seq": 0}), push)
                    .await
            }
            Some(ImEvent::Kicked) => {
                self.login = None;
                let notice = json!({"KickoutMsgNotify": {"KickType": 1, "NewInstInfo": {}}});
                let body = json!({"EventArray": [{"Event": 10, "C2cNotifyMsgArray": [notice]}]});
                let head = json!({"servcmd": "im_open_status.stat_forceoffline", "seq": 0});
                self.send(head, body).await
            }
            None => Err(Gone),
        }
    }

    async fn answer_polls(&mut self) -> Result<(), Gone> {
        for (head, body) in self.polls.take_answers() {
            self.send(head, body).await?;
        }
        Ok(())
    }

    async fn end_polls(&mut self) -> Result<(), Gone> {
        for (head, body) in self.polls.take_expired() {
            self.send(head, body).await?;
        }
        Ok(())
    }

    async fn send(&mut self, head: Value, body: Value) -> Result<(), Gone> {
        let frame = json!({"head": head, "body": body}).to_string();
        Ok(self.socket.binary(frame).await?)
    }

    fn end_login(&mut self, reason: EndReason) {
        if let Some(login) = self.login.take() {
            end_session(&self.sandbox, &login.session, reason);
        }
    }
}

impl Drop for SdkClient {
    fn drop(&mut self) {
        self.end_login(EndReason::LinkClosed);
    }
}

/// The next event of a login; waits for ever when there is none.
async fn next_event(login: &mut Option<SdkLogin>) -> Option<ImEvent> {
    match login {
        Some(login) => login.events.recv().await,
        None => std::future::pending().await,
    }
}
