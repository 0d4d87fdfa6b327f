//! `qlive_user/`: registration.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, Answer, TestApp, blocks};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    user_data_fills_the_profile,
    profile_has_defaults_without_user_data,
    encrypted_data_without_iv_or_iv_without_data_is_400,
    undecryptable_user_data_is_refused,
    user_data_may_be_encrypted_with_the_previous_session_key,
    code_that_login_consumed_is_accepted,
    code_that_login_consumed_expires_after_five_minutes,
    known_openid_keeps_its_account_and_profile,
    six_concurrent_registrations_create_one_user,
    six_registrations_with_one_code_create_one_user,
    registration_is_repeated_with_its_code_for_a_minute,
    code_used_by_a_registered_user_registers_nobody,
    unreadable_user_data_is_read_as_far_as_possible,
    base64_is_read_in_every_form,
    account_is_imported_into_im,
    long_nickname_is_cut_at_six_graphemes,
);

async fn register(app: &TestApp, body: Value) -> Answer {
    app.anonymous_client().post("qlive_user/", body).await
}

async fn profile(app: &TestApp, credentials: &Value) -> Value {
    let token = credentials["token"].as_str().unwrap();
    app.anonymous_client().with_token(token).profile().await
}

async fn user_data_fills_the_profile(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, app.user_data("alice", "小红", 2).await)
        .await
        .ok();
    let profile = profile(&app, &answer).await;
    assert_eq!(
        (&profile["nickname"], &profile["gender"], &profile["height"]),
        (&json!("小红"), &json!(2), &json!(165))
    );
    assert_eq!(
        (&profile["age"], &profile["area"]),
        (&json!(25), &json!("310100"))
    );
    assert_eq!(profile["face_url"], "https://example.com/face.png");
    assert_eq!(profile["profile_ready"], true);
    assert_eq!(profile["user_id"], answer["user_id"]);
    assert_eq!(answer["user_id"].as_str().unwrap().len(), 8);
}

async fn profile_has_defaults_without_user_data(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, json!({"appId": APP, "code": "bob"}))
        .await
        .ok();
    let shown = profile(&app, &answer).await;
    assert_eq!(
        (&shown["gender"], &shown["height"]),
        (&json!(1), &json!(180))
    );
    assert_eq!(shown["profile_ready"], false);
    // A gender of 0 and WeChat's default nickname count as missing.
    let answer = register(&app, app.user_data("carol", "微信用户", 0).await)
        .await
        .ok();
    let shown = profile(&app, &answer).await;
    assert_eq!(
        (&shown["gender"], &shown["profile_ready"]),
        (&json!(1), &json!(false))
    );
}

async fn encrypted_data_without_iv_or_iv_without_data_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    for lost in ["iv", "encryptedData"] {
        let mut body = app.user_data("alice", "a", 2).await;
        body[lost] = json!("");
        let answer = register(&app, body).await.refused(400, "missing");
        assert_eq!(answer["field"], lost);
    }
}

async fn undecryptable_user_data_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let good = app.user_data("alice", "a", 2).await;
    let of_another = app.user_data("bob", "b", 1).await;
    for (field, value) in [
        ("iv", json!("AAAA")),
        ("iv", json!("not base64")),
        ("encryptedData", json!("AAAA")),
        ("encryptedData", of_another["encryptedData"].clone()),
    ] {
        let mut body = good.clone();
        body[field] = value;
        register(&app, body).await.refused(400, "decrypt_failed");
    }
    let login = app.send_login("alice").await;
    assert_eq!(login.ok(), json!({"status": 1}));
}

async fn code_that_login_consumed_is_accepted(db: TestDb) {
    let app = TestApp::start(db).await;
    assert_eq!(app.send_login("alice.1").await.ok(), json!({"status": 1}));
    let answer = register(&app, app.user_data("alice.1", "小红", 2).await)
        .await
        .ok();
    assert_eq!(profile(&app, &answer).await["nickname"], "小红");
    // A code that was consumed without a login here is invalid.
    register(&app, json!({"appId": APP, "code": "alice.2"}))
        .await
        .ok();
    app.add_fault(json!({"path": "/sns/", "errcode": 40163, "times": 1}))
        .await;
    register(&app, json!({"appId": APP, "code": "alice.3"}))
        .await
        .refused(400, "invalid_code");
}

async fn code_that_login_consumed_expires_after_five_minutes(db: TestDb) {
    let app = TestApp::start(db).await;
    app.send_login("alice.1").await.ok();
    app.advance(301);
    register(&app, json!({"appId": APP, "code": "alice.1"}))
        .await
        .refused(400, "invalid_code");
}

async fn known_openid_keeps_its_account_and_profile(db: TestDb) {
    let app = TestApp::start(db).await;
    let first = register(&app, app.user_data("alice", "小红", 2).await)
        .await
        .ok();
    let again = register(&app, app.user_data("alice", "别人", 1).await)
        .await
        .ok();
    assert_eq!(first["user_id"], again["user_id"]);
    assert_eq!(profile(&app, &again).await["nickname"], "小红");
}

async fn six_concurrent_registrations_create_one_user(db: TestDb) {
    let app = TestApp::start(db).await;
    let answers =
        join_all((0..6).map(|_| register(&app, json!({"appId": APP, "code": "alice"})))).await;
    let ids: std::collections::BTreeSet<String> = answers
        .into_iter()
        .map(|answer| answer.ok()["user_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
}

async fn six_registrations_with_one_code_create_one_user(db: TestDb) {
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let register_on = |app: &TestApp| {
        let client = app.anonymous_client();
        async move {
            let body = json!({"appId": APP, "code": "alice.once"});
            client.post("qlive_user/", body).await.ok()["user_id"].to_string()
        }
    };
    let instances = [&app, &other];
    let ids = join_all((0..6).map(|at| register_on(instances[at % 2]))).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

async fn registration_is_repeated_with_its_code_for_a_minute(db: TestDb) {
    let app = TestApp::start(db).await;
    let body = json!({"appId": APP, "code": "alice.1"});
    let first = register(&app, body.clone()).await.ok();
    app.advance(50);
    // The client did not get the answer.
    let again = register(&app, body.clone()).await.ok();
    assert_eq!(first["user_id"], again["user_id"]);
    app.advance(11);
    register(&app, body).await.refused(400, "invalid_code");
}

async fn code_used_by_a_registered_user_registers_nobody(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    assert_eq!(app.send_login("alice.0").await.ok(), json!({"status": 1}));
    let alice = app.guest("alice", Gender::Female).await;
    assert_eq!(app.send_login("alice.1").await.ok()["status"], 0);
    let fresh = json!({"appId": APP, "code": "alice.2"});
    let answer = register(&app, fresh).await.ok();
    assert_eq!(answer["user_id"], alice.user_id, "a fresh code serves");
    let pay = |code: &str| {
        let body = json!({"block_id": blocks::SIXTY, "code": code});
        let alice = alice.clone();
        async move { alice.post("qlive_pay/", body).await }
    };
    pay("alice.3").await.ok();
    // Used before the registration, by a login, by a registration, and for a payment.
    for code in ["alice.0", "alice.1", "alice.2", "alice.3"] {
        for body in [
            json!({"appId": APP, "code": code}),
            app.user_data(code, "红", 2).await,
        ] {
            register(&app, body).await.refused(400, "invalid_code");
        }
        app.send_login(code).await.refused(400, "invalid_code");
    }
    // A payment with the token may be repeated with the last code: it gives no token.
    pay("alice.3").await.ok();
    pay("alice.1").await.refused(400, "invalid_code");
}

/// Registers with user data of these fields and returns nickname, gender and face.
async fn register_with_fields(app: &TestApp, code: &str, fields: &[u8]) -> (String, i64, String) {
    let watermark = format!(",\"watermark\":{{\"appid\":\"{APP}\"}}}}");
    let plain = [b"{", fields, watermark.as_bytes()].concat();
    let body = app.encrypted_user_data(code, &plain).await;
    let shown = profile(app, &register(app, body).await.ok()).await;
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    let gender = if shown["profile_ready"] == true || text("nickname") == "微信用户" {
        shown["gender"].as_i64().unwrap()
    } else {
        0
    };
    (text("nickname"), gender, text("face_url"))
}

const FACE: &str = "https://example.com/a.png";

/// Fields of user data, and the nickname, the gender and the face that are read from them.
const ODD_FIELDS: [(&[u8], &str, i64, &str); 10] = [
    (
        br#""nickName":"a","gender":"2","avatarUrl":"https://example.com/a.png""#,
        "a",
        2,
        FACE,
    ),
    (
        b"\"nickName\":\"a\x01b\",\"gender\":1,\"city\":\"\x02\n\"",
        "a\u{FFFD}b",
        1,
        "",
    ),
    (
        b"\"nickName\":\"a\xff\xc3(\",\"gender\":1",
        "a\u{FFFD}\u{FFFD}(",
        1,
        "",
    ),
    (
        br#""nickName":"\ud83d a \ude00","gender":1"#,
        "\u{FFFD} a \u{FFFD}",
        1,
        "",
    ),
    (
        br#""nickName":"\ud83d\ude00","gender":1,"openId":null"#,
        "😀",
        1,
        "",
    ),
    (
        br#""nickName":12345,"gender":2,"avatarUrl":7"#,
        "12345",
        2,
        "",
    ),
    (
        br#""nickName":null,"gender":null,"avatarUrl":null"#,
        "微信用户",
        1,
        "",
    ),
    (
        br#""nickName":["a"],"gender":{},"avatarUrl":[]"#,
        "微信用户",
        1,
        "",
    ),
    (
        b"\"nickName\":\"\xff \xfe\",\"gender\":2",
        "微信用户",
        2,
        "",
    ),
    (
        b"\"nickName\":\"\\u200b\\u2060\\u3164 \",\"gender\":2",
        "微信用户",
        2,
        "",
    ),
];

async fn unreadable_user_data_is_read_as_far_as_possible(db: TestDb) {
    let app = TestApp::start(db).await;
    for (at, (fields, nickname, gender, face_url)) in ODD_FIELDS.into_iter().enumerate() {
        let read = register_with_fields(&app, &format!("user{at}"), fields).await;
        let expected = (nickname.to_owned(), gender, face_url.to_owned());
        assert_eq!(read, expected, "{}", String::from_utf8_lossy(fields));
    }
    for plain in [
        &b"{\"nickName\":\"a\""[..],
        b"{\"nickName\":\"a\"}",
        b"{\"nickName\":\"a\",\"watermark\":{\"appid\":\"wx0\"}}",
        b"[]",
        b"",
    ] {
        let body = app.encrypted_user_data("zoe", plain).await;
        register(&app, body).await.refused(400, "decrypt_failed");
    }
}

async fn base64_is_read_in_every_form(db: TestDb) {
    let app = TestApp::start(db).await;
    let forms: [fn(&str) -> String; 6] = [
        |text| text.replace('+', " "),
        |text| text.trim_end_matches('=').to_owned(),
        |text| text.replace('+', "-").replace('/', "_"),
        |text| format!("{}\r\n{}\n", &text[..20], &text[20..]),
        |text| format!(" {text} "),
        |text| text.to_owned(),
    ];
    for (at, form) in forms.into_iter().enumerate() {
        // Several, since not every text has a `+`, or one at its ends.
        for again in 0..4 {
            let code = format!("user{at}x{again}");
            let mut body = app.user_data(&code, "小红", 2).await;
            for field in ["encryptedData", "iv"] {
                body[field] = form(body[field].as_str().unwrap()).into();
            }
            let answer = register(&app, body.clone()).await.ok();
            assert_eq!(profile(&app, &answer).await["nickname"], "小红", "{body}");
        }
    }
    // A form whose `+` was not escaped.
    for again in 0..4 {
        let body = app.user_data(&format!("form{again}"), "小红", 2).await;
        let pairs = body.as_object().unwrap().iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
            .collect();
        let client = app.anonymous_client();
        let request = client
            .request(reqwest::Method::POST, "qlive_user/")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(pairs.join("&"));
        let answer = client.send("post", "qlive_user/", request).await.ok();
        assert_eq!(profile(&app, &answer).await["nickname"], "小红", "{body}");
    }
}

async fn account_is_imported_into_im(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, app.user_data("alice", "小红", 2).await)
        .await
        .ok();
    app.wait_for_outbox().await;
    let state = app.sandbox_state().await;
    assert_eq!(
        state["accounts"][answer["user_id"].as_str().unwrap()]["Nick"],
        "小红"
    );
}

async fn long_nickname_is_cut_at_six_graphemes(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, app.user_data("alice", "一二三四五六七八", 2).await)
        .await
        .ok();
    assert_eq!(profile(&app, &answer).await["nickname"], "一二三四五六");
}

async fn user_data_may_be_encrypted_with_the_previous_session_key(db: TestDb) {
    let app = TestApp::start(db).await;
    app.send_login("alice.1").await.ok();
    // Encrypted with the session key of the first login, sent with the code of a second one.
    let mut body = app.user_data("alice.1", "小红", 2).await;
    body["code"] = json!("alice.2");
    let answer = register(&app, body).await.ok();
    assert_eq!(profile(&app, &answer).await["nickname"], "小红");
    // The session key before the previous one is no longer known.
    let mut body = app.user_data("alice.1", "小红", 2).await;
    for code in ["alice.3", "alice.4"] {
        app.send_login(code).await.ok();
    }
    body["code"] = json!("alice.5");
    register(&app, body).await.refused(400, "decrypt_failed");
}
