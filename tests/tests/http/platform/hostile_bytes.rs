//! Arbitrary bytes as path, query, headers and body of every operation, and as whole requests:
//! never a 5xx, and every refusal has the error form.
//!
//! `PROPTEST_CASES=1000` sends more, with other bytes in each run.

use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use qlive_app::BASE_PATH;
use qlive_server::{Operation, operations};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{RawAnswer, RawConnection, TestApp};
use qlive_types::Gender;
use qlive_types::testing::{JSON_PIECES, hostile_bytes, hostile_text, json_value};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;

on_both!(
    arbitrary_requests_are_never_a_5xx,
    bytes_that_are_not_http_are_refused,
    arbitrary_bodies_of_signed_callbacks_are_never_a_5xx,
);

/// How many requests each operation gets, unless `PROPTEST_CASES` says it.
const CASES: usize = 8;
/// What may not stand in the target of a request as it is.
const TARGET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'#')
    .add(b'?');
/// Names of parameters, of fields in callbacks, and their usual values.
const KEYS: &[&str] = &[
    "live_id",
    "user_id",
    "gender",
    "page",
    "presence",
    "since",
    "appId",
    "code",
    "iv",
    "encryptedData",
    "nickname",
    "request_id",
    "gift_id",
    "num",
    "block_id",
    "income",
    "reason",
    "Info",
    "Action",
    "To_Account",
    "From_Account",
    "MsgBody",
    "MsgContent",
    "Text",
    "ExitMemberList",
    "GroupId",
    "EventTime",
    "event_type",
    "stream_id",
    "sequence",
    "event_time",
    "pic_full_url",
    "Event",
    "xpay_goods_deliver_notify",
    "xpay_refund_notify",
    "OutTradeNo",
    "GoodsInfo",
    "Disconnect",
    "type",
    "content",
    "invite",
    "group_id",
];
/// Headers that the server reads.
const HEADERS: &[&str] = &[
    "Authorization",
    "Content-Type",
    "Accept-Language",
    "X-Request-Id",
    "X-Forwarded-For",
    "Idempotency-Key",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Accept-Encoding",
    "Cookie",
    "Origin",
    "Range",
    "If-Modified-Since",
];

/// Draws values; with `PROPTEST_CASES` others in each run.
struct Draws(TestRunner);

impl Draws {
    fn new() -> Self {
        if std::env::var_os("PROPTEST_CASES").is_some() {
            Self(TestRunner::default())
        } else {
            Self(TestRunner::deterministic())
        }
    }

    fn draw<T>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.0).unwrap().current()
    }
}

/// How many requests each operation gets.
fn cases() -> usize {
    let cases = std::env::var("PROPTEST_CASES").ok();
    cases.map_or(CASES, |cases| cases.parse().unwrap())
}

/// A header with any value that HTTP allows.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let any_value = vec(
        prop_oneof![8 => 0x20..=0x7e_u8, 1 => 0x80..=0xff_u8],
        0..200,
    );
    let usual_value = select(
        &[
            "application/json",
            "application/x-www-form-urlencoded",
            "QLiveToken x",
            "en",
            "zh-CN;q=9",
            "9.9.9.9, 127.0.0.1:99",
            "::1",
            "*",
            "gzip",
            "0",
        ][..],
    );
    let value = prop_oneof![
        any_value,
        usual_value.prop_map(|value| value.as_bytes().to_vec())
    ];
    (select(HEADERS), value)
        .prop_map(|(name, value)| [name.as_bytes(), b": ", &value, b"\r\n"].concat())
}

/// Parameters as a query, each with a name that the server knows or any other.
fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![4 => select(KEYS).prop_map(String::from), 1 => any::<String>()];
    let value = prop_oneof![
        hostile_bytes(JSON_PIECES),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
    ];
    let pair = (name, value).prop_map(|(name, value)| {
        let value = value.get(..500).unwrap_or(&value).to_vec();
        let name = percent_encode(name.as_bytes(), TARGET);
        format!("{name}={}", percent_encode(&value, TARGET))
    });
    vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        hostile_bytes(JSON_PIECES),
        json_value(KEYS).prop_map(|value| value.to_string().into_bytes()),
        query().prop_map(String::into_bytes),
    ]
}

/// Any request to an operation.
fn request(operation: &Operation, token: &str) -> impl Strategy<Value = Vec<u8>> {
    let own_method = if operation.method.is_post() {
        "POST"
    } else {
        "GET"
    };
    let method = prop_oneof![
        8 => Just(own_method),
        1 => select(&["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QLIVE"][..]),
    ];
    let after_path = prop_oneof![
        8 => Just(String::new()),
        1 => hostile_bytes(JSON_PIECES).prop_map(|bytes| {
            percent_encode(bytes.get(..300).unwrap_or(&bytes), TARGET).to_string()
        }),
    ];
    let authorization = format!("Authorization: QLiveToken {token}\r\n").into_bytes();
    let authorization = prop_oneof![4 => Just(authorization), 1 => Just(Vec::new())];
    let path = format!("{BASE_PATH}{}", operation.path);
    (
        method,
        after_path,
        query(),
        authorization,
        vec(header(), 0..5),
        body(),
    )
        .prop_map(
            move |(method, after_path, query, authorization, headers, body)| {
                let line = format!("{method} {path}{after_path}?{query} HTTP/1.1\r\n");
                let length = format!("Content-Length: {}\r\n\r\n", body.len());
                let host = b"Host: qlive\r\nConnection: close\r\n";
                let headers = headers.concat();
                [
                    line.as_bytes(),
                    host,
                    &authorization,
                    &headers,
                    length.as_bytes(),
                    &body,
                ]
                .concat()
            },
        )
}

/// Sends bytes over a new connection. `None`: the server closed it without an answer.
async fn exchange(app: &TestApp, bytes: &[u8]) -> Option<RawAnswer> {
    let mut connection = RawConnection::open(app).await;
    connection.send(bytes).await;
    connection.answer().await
}

/// Asserts that an answer is no fault of the server, and that a refusal has the error form.
fn check(answer: &RawAnswer, request: &[u8]) {
    let shown = || {
        let request = String::from_utf8_lossy(request.get(..3_000).unwrap_or(request));
        format!("{answer:?} after {request:?}")
    };
    assert!(answer.status < 500, "{}", shown());
    if answer.status >= 400 {
        let body: Value =
            serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", shown()));
        assert!(
            body["code"].is_string() && body["detail"].is_string(),
            "{}",
            shown()
        );
        assert!(answer.head.contains("application/json"), "{}", shown());
    }
}

async fn arbitrary_requests_are_never_a_5xx(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let mut draws = Draws::new();
    for operation in operations() {
        for _ in 0..cases() {
            let request = draws.draw(request(operation, &bob.token));
            match exchange(&app, &request).await {
                Some(answer) => check(&answer, &request),
                None => panic!("no answer to {:?}", String::from_utf8_lossy(&request)),
            }
        }
    }
    bob.user_type().await;
    app.audit().await;
}

/// Pieces of HTTP, well formed and not.
const HTTP_PIECES: &[&str] = &[
    "GET ",
    "POST ",
    "/",
    "/healthz",
    "/wx/api/qlive/get_configs/",
    " HTTP/1.1",
    " HTTP/2.0",
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "Host: q",
    "Content-Length: 5",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked",
    "5\r\n",
    "0\r\n\r\n",
    "ffffffffffffffff\r\n",
    ": ",
    "\0",
    "中",
    "Expect: 100-continue",
    "Upgrade: h2c",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

async fn bytes_that_are_not_http_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut draws = Draws::new();
    for _ in 0..10 * cases() {
        let mut bytes = draws.draw(hostile_bytes(HTTP_PIECES));
        bytes.extend_from_slice(b"\r\n\r\n");
        let mut connection = RawConnection::open(&app).await;
        connection.send(&bytes).await;
        connection.end().await;
        let answers = connection.closed().await;
        assert!(!answers.contains("HTTP/1.1 5"), "{answers} after {bytes:?}");
    }
    assert_eq!(app.page("/healthz").await, "ok");
}

/// The target of a callback with a good signature, and fields that its body must have.
fn signed_callback(app: &TestApp, kind: usize, command: &str) -> (String, Value) {
    let now = app.clock.now().secs();
    let settings = &app.settings;
    match kind {
        0 => {
            let token = settings.im.callback_token.as_ref().unwrap().expose_secret();
            let sign = hex::encode(Sha256::digest(format!("{token}{now}")));
            let (app_id, command) = (
                settings.im.sdk_app_id,
                percent_encode(command.as_bytes(), TARGET),
            );
            let query = format!("SdkAppid={app_id}&RequestTime={now}&Sign={sign}");
            (
                format!("im_notify/?{query}&CallbackCommand={command}"),
                json!({}),
            )
        }
        _ => {
            let key = settings
                .live
                .as_ref()
                .unwrap()
                .callback_key
                .clone()
                .unwrap();
            let key = key.expose_secret();
            let sign = hex::encode(Md5::digest(format!("{key}{now}")));
            ("live_notify/".to_owned(), json!({"t": now, "sign": sign}))
        }
    }
}

async fn arbitrary_bodies_of_signed_callbacks_are_never_a_5xx(db: TestDb) {
    const COMMANDS: &[&str] = &[
        "State.StateChange",
        "Group.CallbackAfterMemberExit",
        "C2C.CallbackBeforeSendMsg",
        "C2C.CallbackAfterSendMsg",
        "Group.CallbackBeforeSendMsg",
    ];
    let app = TestApp::start(db).await;
    let (stage, bob) = app.open_stage_with_bob().await;
    let mut draws = Draws::new();
    for number in 0..10 * cases() {
        let command = draws.draw(prop_oneof![
            8 => select(COMMANDS).prop_map(String::from),
            1 => hostile_text(JSON_PIECES).prop_map(|text| text.chars().take(100).collect()),
        ]);
        let (target, signature) = signed_callback(&app, number % 2, &command);
        let mut body = draws.draw(json_value(KEYS));
        if let (Some(fields), Some(signature)) = (body.as_object_mut(), signature.as_object()) {
            fields.extend(signature.clone());
            let accounts = [&bob.user_id, &stage.host.user_id];
            fields.insert("From_Account".into(), json!(accounts[number % 3 % 2]));
            fields.insert("stream_id".into(), json!(bob.user_id));
        }
        let body = body.to_string();
        let length = body.len();
        let request = format!(
            "POST {BASE_PATH}{target} HTTP/1.1\r\nHost: qlive\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        let answer = exchange(&app, request.as_bytes()).await.expect("an answer");
        check(&answer, request.as_bytes());
    }
    stage.host.user_type().await;
}
