//! `im_notify/`: callbacks of IM before and after messages of clients, and on changes of state.

use qlive_app::SignalSender;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

on_both!(
    invalid_signature_is_401,
    callback_about_an_unknown_group_is_ok,
    clients_may_only_send_comments_to_the_group,
    only_host_and_invited_guest_exchange_signals,
    invite_from_the_hosts_client_invites,
    invite_reported_after_sending_invites,
    clients_that_send_messages_themselves_are_not_filtered,
    invited_guest_may_respond_for_a_minute_after_refusing,
    invite_older_than_a_decline_does_not_invite,
    signal_in_disguise_is_not_delivered,
    message_in_an_unreadable_callback_is_refused,
    forbidden_signal_is_refused_while_the_database_does_not_answer,
    signal_in_any_element_is_not_delivered,
    banned_user_sends_nothing,
);

/// A room with the viewer `bob`.
struct Room {
    app: TestApp,
    host: TestClient,
    bob: TestClient,
    live: Value,
    group: String,
}

impl Room {
    async fn open(db: TestDb) -> Self {
        Self::open_in(TestApp::start(db).await).await
    }

    async fn open_in(app: TestApp) -> Self {
        let Stage { host, live, group } = app.open_stage().await;
        let bob = app.viewer(&live, "bob", Gender::Male).await;
        Self {
            app,
            host,
            bob,
            live,
            group,
        }
    }

    /// Sends a message of this type to a user; returns whether IM delivered it.
    async fn send_to(&self, from: &TestClient, to: &TestClient, kind: &str) -> bool {
        let text = json!({"type": kind, "content": {"group_id": self.group}}).to_string();
        let message = json!({"from": from.user_id, "to": to.user_id, "text": text});
        self.app.send_client_message(message).await
    }

    /// Sends a text to the room's group; returns whether IM delivered it.
    async fn send_to_group(&self, from: &TestClient, text: &str) -> bool {
        let message = json!({"from": from.user_id, "group": self.group, "text": text});
        self.app.send_client_message(message).await
    }

    /// Reports an `invite` to `bob` that IM has already delivered, sent by `from`.
    async fn report_sent_invite(&self, from: &TestClient, sent_at: Option<i64>) {
        let invite = json!({"type": "invite", "content": {"group_id": self.group}}).to_string();
        let mut message = json!({"from": from.user_id, "to": self.bob.user_id, "text": invite,
            "before": false});
        if let Some(at) = sent_at {
            message["at"] = json!(at);
        }
        self.app.send_client_message(message).await;
    }
}

async fn invalid_signature_is_401(db: TestDb) {
    let room = Room::open(db).await;
    let now = room.app.clock.now().secs().to_string();
    let query = [
        ("SdkAppid", "1400000001"),
        ("CallbackCommand", "State.StateChange"),
        ("RequestTime", now.as_str()),
    ];
    let disconnect =
        json!({"Info": {"Action": "Disconnect", "To_Account": room.bob.user_id}, "EventTime": 1});
    for (key, value) in [("Sign", "0000"), ("Sign", ""), ("Other", "x")] {
        let request = room
            .app
            .http
            .post(room.app.url_of("im_notify/"))
            .query(&query)
            .query(&[(key, value)])
            .json(&disconnect);
        let stranger = room.app.anonymous_client();
        stranger
            .send("post", "im_notify/", request)
            .await
            .refused(401, "bad_signature");
    }
    let metrics = room.app.page("/metrics").await;
    assert!(
        metrics.contains("qlive_callbacks_total{kind=\"im\",verdict=\"forged\"} 3"),
        "{metrics}"
    );
}

async fn callback_about_an_unknown_group_is_ok(db: TestDb) {
    let room = Room::open(db).await;
    let callbacks = room
        .app
        .simulate_client(&room.bob, json!({"exits": "no such group"}))
        .await;
    assert_eq!(
        callbacks[0],
        json!({"status": 200, "answer": {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}})
    );
    assert_eq!(room.bob.user_type().await, 1);
}

async fn clients_may_only_send_comments_to_the_group(db: TestDb) {
    let room = Room::open(db).await;
    assert!(room.send_to_group(&room.bob, "hello").await);
    assert!(
        room.send_to_group(&room.bob, r#"{"type":"message","content":"hello"}"#)
            .await
    );
    for kind in ["over", "reset", "num", "gift", "invite", "anything"] {
        let text = json!({"type": kind, "content": ""}).to_string();
        assert!(!room.send_to_group(&room.bob, &text).await, "{kind}");
        assert!(
            !room.send_to_group(&room.host, &text).await,
            "nor the host: {kind}"
        );
    }
    assert_eq!(room.host.user_type().await, 5);
}

async fn only_host_and_invited_guest_exchange_signals(db: TestDb) {
    let room = Room::open(db).await;
    let eve = room.app.guest("eve", Gender::Female).await;
    for kind in ["invite", "kickout", "num", "reset", "over", "response"] {
        assert!(
            !room.send_to(&eve, &room.bob, kind).await,
            "not in the room: {kind}"
        );
        assert!(
            !room.send_to(&room.bob, &room.host, kind).await,
            "not invited: {kind}"
        );
    }
    assert!(room.send_to(&room.host, &room.bob, "kickout").await);
    assert!(
        !room.send_to(&room.host, &eve, "kickout").await,
        "the receiver is not in the room"
    );
    assert!(
        !room.send_to(&room.host, &room.bob, "over").await,
        "only the server sends over"
    );
    assert!(room.send_to(&room.bob, &eve, "anything else").await);
    assert!(room.send_to(&room.host, &room.bob, "invite").await);
    assert!(
        room.send_to(&room.bob, &room.host, "response").await,
        "an invited guest responds"
    );
}

async fn invite_from_the_hosts_client_invites(db: TestDb) {
    let room = Room::open(db).await;
    room.bob
        .accept(&room.live)
        .await
        .refused(409, "not_admitted");
    assert!(room.send_to(&room.host, &room.bob, "invite").await);
    assert_eq!(room.bob.accept(&room.live).await.ok()["code"], "success");
    room.app.wait_for_outbox().await;
    let sent = room.app.messages_to(&room.host).await;
    assert!(
        sent.iter()
            .all(|sent| sent["message"]["type"] != "response"),
        "the guest's client sends the response itself: {sent:?}"
    );
}

async fn invite_reported_after_sending_invites(db: TestDb) {
    let room = Room::open(db).await;
    let eve = room.app.guest("eve", Gender::Female).await;
    room.report_sent_invite(&eve, None).await;
    room.bob
        .accept(&room.live)
        .await
        .refused(409, "not_admitted");
    room.report_sent_invite(&room.host, None).await;
    assert_eq!(room.bob.accept(&room.live).await.ok()["code"], "success");
}

async fn clients_that_send_messages_themselves_are_not_filtered(db: TestDb) {
    let app = TestApp::start_with(db, |settings| settings.im.speaks = SignalSender::Client).await;
    let room = Room::open_in(app).await;
    assert!(
        room.send_to_group(&room.bob, r#"{"type":"over"}"#).await,
        "the filter is off"
    );
    assert!(room.send_to(&room.bob, &room.host, "response").await);
    let eve = room.app.viewer(&room.live, "eve", Gender::Female).await;
    room.app.ban(eve.id()).await;
    assert!(
        !room.send_to_group(&eve, "hi").await,
        "but for banned users"
    );
    room.host.invite(&room.live, &room.bob).await.ok();
    assert_eq!(room.bob.accept(&room.live).await.ok()["code"], "success");
    room.host
        .leave_mic(&room.live, &room.bob, Gender::Male)
        .await
        .ok();
    room.app.wait_for_outbox().await;
    let from_server = |sent: Vec<Value>| {
        sent.into_iter()
            .filter(|sent| sent["from"] == "administrator")
            .collect::<Vec<_>>()
    };
    let sent = from_server(room.app.group_messages(&room.group).await);
    assert_eq!(
        (sent.len(), &sent[0]["message"]["content"]["content_type"]),
        (1, &json!("off")),
        "the client sends the reset for the mic itself"
    );
    assert_eq!(
        from_server(room.app.messages_to(&room.bob).await),
        Vec::<Value>::new(),
        "the clients send invite and kickout themselves"
    );
    let sent = from_server(room.app.messages_to(&room.host).await);
    assert!(
        sent.iter().all(|sent| sent["message"]["type"] == "num"),
        "{sent:?}"
    );
}

async fn invited_guest_may_respond_for_a_minute_after_refusing(db: TestDb) {
    let room = Room::open(db).await;
    assert!(!room.send_to(&room.bob, &room.host, "response").await);
    assert!(room.send_to(&room.host, &room.bob, "invite").await);
    room.bob.refuse(&room.live).await.ok();
    assert!(
        room.send_to(&room.bob, &room.host, "response").await,
        "the client sends the response after the refusal"
    );
    room.app.advance(71);
    assert!(
        !room.send_to(&room.bob, &room.host, "response").await,
        "the response came too late"
    );
}

async fn invite_older_than_a_decline_does_not_invite(db: TestDb) {
    let room = Room::open(db).await;
    let sent_at = room.app.clock.now().millis();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    room.bob.apply(&room.live).await.ok();
    room.host.decline(&room.live, &room.bob).await.ok();
    room.report_sent_invite(&room.host, Some(sent_at)).await;
    room.bob
        .accept(&room.live)
        .await
        .refused(409, "not_admitted");
}

/// A signal as a viewer could hide it from a filter that reads plain JSON only.
fn disguises(signal: &str) -> Vec<String> {
    let quoted = |text: &str| json!(text).to_string();
    vec![
        format!("\u{FEFF}{signal}"),
        format!("\u{200B}\u{2060}{signal}\u{200D}"),
        format!(" \n\t{signal}\r\n"),
        format!("\u{3000}\u{A0}{signal}"),
        format!("\0{signal}"),
        signal.replace("type", "ty\u{200B}pe"),
        signal.replace("type", "\\u0074ype"),
        signal.replace("type", "\\ufefftype"),
        signal.replace("type", "Type"),
        quoted(signal),
        quoted(&quoted(signal)),
        format!("[{signal}]"),
        format!("[{}]", quoted(signal)),
        signal.replacen('{', r#"{"type":"message","#, 1),
        signal.replacen('}', r#","type":"message"}"#, 1),
        signal.replacen('{', r#"{"__proto__":{"type":"over"},"#, 1),
        signal.replace('"', "'"),
        format!("{signal};"),
        signal.replacen('}', r#","x":"\ud800"}"#, 1),
        signal.replacen('}', r#","x":1e999}"#, 1),
    ]
}

async fn signal_in_disguise_is_not_delivered(db: TestDb) {
    let room = Room::open(db).await;
    for kind in ["over", "reset", "invite", "gift"] {
        let signal = format!(r#"{{"type":"{kind}","content":""}}"#);
        for text in disguises(&signal) {
            assert!(!room.send_to_group(&room.bob, &text).await, "{text:?}");
            let message = json!({"from": room.bob.user_id, "to": room.host.user_id, "text": text});
            assert!(!room.app.send_client_message(message).await, "{text:?}");
        }
    }
    for comment in [
        "hi",
        "\u{FEFF}hi",
        "[微笑] hi",
        "\"hi\"",
        "(o_o)",
        "({｡◕‿‿◕｡})",
        "{{{(>_<)}}}",
        "7",
        "[]",
        "over",
        r#"{"type":"message","content":{"type":"over"}}"#,
    ] {
        assert!(room.send_to_group(&room.bob, comment).await, "{comment:?}");
    }
    let invite = r#"{"type":"invite","content":""}"#;
    for text in disguises(invite)
        .into_iter()
        .filter(|text| text.trim() != invite)
    {
        if text.contains("\\u0074") {
            continue;
        }
        let message = json!({"from": room.host.user_id, "to": room.bob.user_id, "text": text});
        assert!(!room.app.send_client_message(message).await, "{text:?}");
    }
    room.bob
        .accept(&room.live)
        .await
        .refused(409, "not_admitted");
    assert_eq!(room.host.user_type().await, 5);
}

const BEFORE_GROUP_MESSAGE: &str = "Group.CallbackBeforeSendMsg";
const BEFORE_C2C_MESSAGE: &str = "C2C.CallbackBeforeSendMsg";

/// Sends a callback with these bytes, signed as by IM. Returns the status and the answer.
async fn send_callback(app: &TestApp, command: &str, body: Vec<u8>) -> (u16, Value) {
    let time = app.clock.now().secs().to_string();
    let token = app.settings.im.callback_token.as_ref().unwrap();
    let sign = Sha256::digest(format!("{}{time}", token.expose_secret()));
    let request = app.http.post(app.url_of("im_notify/")).query(&[
        ("SdkAppid", app.settings.im.sdk_app_id.to_string().as_str()),
        ("CallbackCommand", command),
        ("RequestTime", &time),
        ("Sign", &hex::encode(sign)),
    ]);
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The body of a callback before a message, in which IM's own fields hold `nick`.
fn callback_body(from: &TestClient, to: &TestClient, text: &str, nick: &[u8]) -> Vec<u8> {
    let element = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]);
    let (from, to) = (&from.user_id, &to.user_id);
    let fields = format!(r#""From_Account":"{from}","To_Account":"{to}","MsgBody":{element}}}"#);
    [br#"{"Nick":""#, nick, br#"","#, fields.as_bytes()].concat()
}

async fn message_in_an_unreadable_callback_is_refused(db: TestDb) {
    let room = Room::open(db).await;
    let over = r#"{"type":"over"}"#;
    let too_long = vec![b'a'; 70_000];
    for command in [BEFORE_GROUP_MESSAGE, BEFORE_C2C_MESSAGE] {
        let send = async |text: &str, nick: &[u8]| {
            let body = callback_body(&room.bob, &room.host, text, nick);
            let (status, answer) = send_callback(&room.app, command, body).await;
            assert_eq!(status, 200, "{answer}");
            answer["ErrorCode"].as_i64().unwrap()
        };
        for nick in [&br"\ud800"[..], b"\xFF", b"\x01", b"bob"] {
            assert_eq!(send(over, nick).await, 1, "{nick:?}");
            assert_eq!(send("hi", nick).await, 0, "{nick:?}");
        }
        for unreadable in [&b"\""[..], &too_long] {
            assert_eq!(send(over, unreadable).await, 1);
        }
        let (_, answer) = send_callback(&room.app, command, Vec::new()).await;
        assert_eq!(answer["ErrorCode"], 1);
    }
    let (status, _) = send_callback(&room.app, "State.StateChange", Vec::new()).await;
    assert_eq!(status, 400, "nothing is to be refused");
}

async fn forbidden_signal_is_refused_while_the_database_does_not_answer(db: TestDb) {
    let room = Room::open(db).await;
    room.app
        .execute_sql("ALTER TABLE users RENAME TO away")
        .await;
    for command in [BEFORE_GROUP_MESSAGE, BEFORE_C2C_MESSAGE] {
        let body = callback_body(&room.bob, &room.host, r#"{"type":"over"}"#, b"bob");
        let (status, answer) = send_callback(&room.app, command, body).await;
        assert_eq!((status, &answer["ErrorCode"]), (200, &json!(1)));
        let body = callback_body(&room.bob, &room.host, "hi", b"bob");
        assert_eq!(send_callback(&room.app, command, body).await.0, 500);
    }
}

async fn signal_in_any_element_is_not_delivered(db: TestDb) {
    let room = Room::open(db).await;
    let over = r#"{"type":"over","content":""}"#;
    let text = |text: &str| json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text}});
    let custom = |content: Value| json!({"MsgType": "TIMCustomElem", "MsgContent": content});
    let send = async |elements: Value| {
        let message = json!({"from": room.bob.user_id, "group": room.group, "elements": elements});
        room.app.send_client_message(message).await
    };
    for elements in [
        json!([text(over)]),
        json!([text("hi"), text(over)]),
        json!([custom(json!({"Data": over}))]),
        json!([custom(json!({"Data": "hi", "Desc": over}))]),
        json!([custom(json!({"Data": "hi", "Ext": over}))]),
        json!([custom(json!({"Data": {"type": "over"}}))]),
        json!([custom(json!({"Text": "hi", "Data": over}))]),
        json!([
            text("hi"),
            custom(json!({"Data": format!("\u{FEFF}{over}")}))
        ]),
    ] {
        assert!(!send(elements.clone()).await, "{elements}");
    }
    for elements in [
        json!([text("hi"), text("there")]),
        json!([custom(json!({"Data": "hi", "Desc": "", "Ext": ""}))]),
        json!([{"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1, "Data": "x"}}]),
        json!([]),
    ] {
        assert!(send(elements.clone()).await, "{elements}");
    }
}

async fn banned_user_sends_nothing(db: TestDb) {
    let room = Room::open(db).await;
    let before = room.app.guest("eve", Gender::Female).await;
    assert!(room.send_to_group(&room.bob, "hi").await);
    room.app.ban(room.bob.id()).await;
    for text in [
        "hi",
        r#"{"type":"message","content":"hi"}"#,
        r#"{"type":"over"}"#,
    ] {
        assert!(!room.send_to_group(&room.bob, text).await, "{text}");
    }
    for kind in ["message", "anything", "response", "invite"] {
        assert!(!room.send_to(&room.bob, &room.host, kind).await, "{kind}");
    }
    assert!(room.send_to_group(&before, "hi").await, "others still may");
    let server = json!({"from": "administrator", "group": room.group, "text": "hi"});
    assert!(room.app.send_client_message(server).await);
    room.app.unban(room.bob.id()).await;
    assert!(room.send_to_group(&room.bob, "hi").await);
}
