//! Input: the forms that are accepted, and invalid input of every kind, which is a 4xx in the
//! common error form.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use qlive_app::BASE_PATH;
use qlive_server::operations;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient};
use qlive_types::{Gender, random};
use reqwest::Method;
use serde_json::{Value, json};

on_both!(
    trailing_slash_is_optional,
    integers_are_accepted_as_text,
    json_and_form_bodies_are_accepted,
    get_reads_the_body_when_the_query_lacks_a_parameter,
    repeated_parameter_is_400,
    unreadable_input_is_refused,
    unknown_fields_are_ignored,
    error_texts_follow_accept_language,
    unknown_path_and_wrong_method_have_the_error_form,
    random_input_is_never_a_5xx,
);

/// A user in a room, and the `live_id`.
async fn viewer_in_room(app: &TestApp) -> (TestClient, i64) {
    let live = app.open_stage().await.live;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    (bob, live.as_i64().unwrap())
}

async fn trailing_slash_is_optional(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, live) = viewer_in_room(&app).await;
    bob.get("get_playurl", json!({"live_id": live})).await.ok();
    bob.post("qlive_room/apply_micro", json!({"live_id": live}))
        .await
        .ok();
    bob.post("qlive_room/leave_room", json!({"live_id": live}))
        .await
        .ok();
    bob.post("qlive_user/logout/", json!({})).await.ok();
}

async fn integers_are_accepted_as_text(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, live) = viewer_in_room(&app).await;
    for good in [
        json!(live),
        json!(live.to_string()),
        json!(format!(" {live} ")),
    ] {
        bob.apply(&good).await.ok();
    }
    for wrong in [
        json!("one"),
        json!(1.5),
        json!("1e0"),
        json!("0x1"),
        json!([1]),
        json!({"a": 1}),
        json!(true),
        json!("９"),
        json!("1 2"),
        json!("-"),
    ] {
        let body = bob.apply(&wrong).await.refused(400, "invalid");
        assert_eq!(body["field"], "live_id", "{wrong}");
    }
    for wrong in [
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
    ] {
        bob.apply(&json!(wrong)).await.refused(400, "invalid");
    }
    for missing in [json!(null), json!(""), json!("  ")] {
        bob.apply(&missing).await.refused(400, "missing");
    }
    bob.enter(&json!(-1)).await.refused(404, "unknown_room");
    bob.enter(&json!(i64::MAX))
        .await
        .refused(404, "unknown_room");
}

async fn json_and_form_bodies_are_accepted(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, live) = viewer_in_room(&app).await;
    let post = |kind: Option<&str>, body: String| {
        let mut request = bob
            .request(Method::POST, "qlive_room/apply_micro/")
            .body(body);
        if let Some(kind) = kind {
            request = request.header("Content-Type", kind);
        }
        bob.send("post", "qlive_room/apply_micro/", request)
    };
    post(
        Some("application/json; charset=utf-8"),
        json!({"live_id": live}).to_string(),
    )
    .await
    .ok();
    post(
        Some("application/x-www-form-urlencoded"),
        format!("live_id={live}"),
    )
    .await
    .ok();
    post(None, json!({"live_id": live}).to_string()).await.ok();
    post(
        Some("text/plain"),
        format!(" {} ", json!({"live_id": live})),
    )
    .await
    .ok();
    post(None, format!("live_id={live}"))
        .await
        .refused(400, "bad_body");
    post(Some("application/json"), format!("live_id={live}"))
        .await
        .refused(400, "bad_body");
    let update = |body: &str| {
        let request = bob
            .request(Method::POST, "qlive_user/update_userinfo/")
            .body(body.to_owned());
        bob.send(
            "post",
            "qlive_user/update_userinfo/",
            request.header("Content-Type", "application/x-www-form-urlencoded"),
        )
    };
    assert_eq!(
        update("nickname=%E5%B0%8F+%E7%BA%A2&age=30").await.ok()["nickname"],
        "小 红"
    );
}

async fn get_reads_the_body_when_the_query_lacks_a_parameter(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, live) = viewer_in_room(&app).await;
    let get = |path: &'static str, body: Value| {
        let request = bob.request(Method::GET, path).json(&body);
        async { bob.send("get", "get_playurl/", request).await }
    };
    assert_eq!(
        get("get_playurl/", json!({"live_id": live})).await.ok()["user_type"],
        1
    );
    get("get_playurl/?live_id=999", json!({"live_id": live}))
        .await
        .refused(404, "unknown_room");
}

async fn repeated_parameter_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, live) = viewer_in_room(&app).await;
    let request = bob.request(
        Method::GET,
        &format!("get_playurl/?live_id={live}&live_id={live}"),
    );
    let body = bob
        .send("get", "get_playurl/", request)
        .await
        .refused(400, "repeated");
    assert_eq!(body["field"], "live_id");
    for (kind, text) in [
        (
            "application/json",
            format!(r#"{{"live_id": {live}, "live_id": {live}}}"#),
        ),
        (
            "application/x-www-form-urlencoded",
            format!("live_id={live}&live_id={live}"),
        ),
    ] {
        let request = bob
            .request(Method::POST, "qlive_room/apply_micro/")
            .header("Content-Type", kind)
            .body(text);
        bob.send("post", "qlive_room/apply_micro/", request)
            .await
            .refused(400, "repeated");
    }
}

async fn unreadable_input_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, live) = viewer_in_room(&app).await;
    let deep = format!(
        r#"{{"live_id": {live}, "x": {}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let huge = format!(r#"{{"live_id": {live}, "x": "{}"}}"#, "a".repeat(70_000));
    for (body, status, code) in [
        (b"{".to_vec(), 400, "bad_body"),
        (b"[1]".to_vec(), 400, "bad_body"),
        (b"7".to_vec(), 400, "bad_body"),
        (b"\"text\"".to_vec(), 400, "bad_body"),
        (b"{\"live_id\": \"\xff\"}".to_vec(), 400, "bad_body"),
        (br#"{"live_id": "\ud800"}"#.to_vec(), 400, "bad_body"),
        (deep.into_bytes(), 400, "bad_body"),
        (huge.into_bytes(), 413, "too_large"),
    ] {
        for method in [Method::POST, Method::GET] {
            let path = if method == Method::POST {
                "qlive_room/apply_micro/"
            } else {
                "get_playurl/"
            };
            let request = bob
                .request(method.clone(), path)
                .header("Content-Type", "application/json")
                .body(body.clone());
            bob.send(&method.as_str().to_lowercase(), path, request)
                .await
                .refused(status, code);
        }
    }
    let request = bob.request(Method::GET, "get_playurl/?live_id=%ff");
    bob.send("get", "get_playurl/", request)
        .await
        .refused(400, "bad_query");
    for control in ["a%00b", "a%1bb", "a%c2%85b"] {
        let request = bob.request(Method::GET, &format!("qlive_user/logout/?reason={control}"));
        bob.send("get", "qlive_user/logout/", request)
            .await
            .refused(400, "invalid");
    }
    assert_eq!(bob.user_type().await, 1, "nothing changed");
}

async fn unknown_fields_are_ignored(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, live) = viewer_in_room(&app).await;
    bob.post(
        "qlive_room/apply_micro/",
        json!({"live_id": live, "other": [1, {"a": null}], "x": true}),
    )
    .await
    .ok();
}

async fn error_texts_follow_accept_language(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let detail = |language: &'static str| {
        let request = bob
            .request(Method::GET, "get_playurl/?live_id=999")
            .header("Accept-Language", language);
        async {
            bob.send("get", "get_playurl/", request)
                .await
                .refused(404, "unknown_room")["detail"]
                .clone()
        }
    };
    assert_eq!(detail("zh-CN").await, "直播间不存在");
    assert_eq!(detail("en-GB,zh;q=0.2").await, "There is no such room.");
    assert_eq!(detail("fr").await, "直播间不存在");
}

async fn unknown_path_and_wrong_method_have_the_error_form(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for (method, path, status, code) in [
        (
            Method::GET,
            "qlive_room/apply_micro/",
            405,
            "method_not_allowed",
        ),
        (Method::POST, "get_livelist/", 405, "method_not_allowed"),
        (Method::DELETE, "qlive_like/", 405, "method_not_allowed"),
        (Method::GET, "no_such_thing/", 404, "not_found"),
        (Method::GET, "get_livelist//", 404, "not_found"),
    ] {
        let response = bob.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], code, "{path}");
    }
}

/// The parameters that get random values.
const PARAMETERS: [&str; 13] = [
    "live_id",
    "user_id",
    "gender",
    "page",
    "presence",
    "since",
    "like_state",
    "nickname",
    "age",
    "height",
    "area",
    "face_url",
    "reason",
];

async fn random_input_is_never_a_5xx(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut runner = TestRunner::deterministic();
    let random_text = proptest::arbitrary::any::<String>().prop_map(Value::from);
    let random_value = |runner: &mut TestRunner| match random::within(0..=7) {
        0 => json!(i64::MAX),
        1 => json!(i64::MIN),
        2 => json!(1.0e300),
        3 => json!([[[]]]),
        4 => json!({"live_id": {}}),
        5 => json!(bob.user_id),
        6 => json!(random::within(-3..=4)),
        _ => random_text.new_tree(runner).unwrap().current(),
    };
    for operation in operations()
        .iter()
        .filter(|operation| !operation.path.contains("notify"))
    {
        for _ in 0..12 {
            let fields: serde_json::Map<String, Value> = PARAMETERS
                .iter()
                .map(|name| ((*name).to_owned(), random_value(&mut runner)))
                .collect();
            let method = if operation.method.is_post() {
                Method::POST
            } else {
                Method::GET
            };
            let response = bob
                .request(method, operation.path)
                .json(&fields)
                .send()
                .await
                .unwrap();
            let status = response.status().as_u16();
            let body: Value = response
                .json()
                .await
                .unwrap_or_else(|_| panic!("{BASE_PATH}{} {fields:?}", operation.path));
            assert!(
                status < 500,
                "{}: {status} {body} after {fields:?}",
                operation.name
            );
            assert!(status == 200 || body["code"].is_string(), "{body}");
        }
    }
    assert_eq!(bob.user_type().await, 0);
}
