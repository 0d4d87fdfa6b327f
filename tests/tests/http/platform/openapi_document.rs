//! The OpenAPI document lists every operation, and every operation that the mini-program sends
//! answers 200.

use qlive_app::BASE_PATH;
use qlive_server::{Access, operations};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    every_operation_of_the_mini_program_answers_200,
    openapi_document_lists_every_operation,
    parameters_of_every_get_are_in_the_query,
);

/// A request: client, method, path, parameters.
type Call<'a> = (&'a TestClient, &'static str, &'static str, Value);

/// The number of operations that the mini-program sends.
const OPERATIONS: usize = 23;

/// One request for each operation of the mini-program, in an order in which all succeed.
fn calls<'a>(
    (host, bob, anonymous): (&'a TestClient, &'a TestClient, &'a TestClient),
    live_id: &Value,
    gift: i64,
) -> [Call<'a>; OPERATIONS] {
    let live = json!({"live_id": live_id});
    let of_host = json!({"user_id": host.user_id});
    let guest = json!({"live_id": live_id, "user_id": bob.user_id, "gender": 1});
    let men = json!({"live_id": live_id, "gender": 1, "page": 1});
    let profile = json!({"age": 30, "nickname": ""});
    let given = json!({"user_id": host.user_id, "gift_id": gift, "num": 1});
    let like = json!({"user_id": host.user_id, "like_state": 1});
    let code = |code: &str| json!({"appId": APP, "code": code});
    let first_page = json!({"page": 1});
    [
        (host, "post", "qlive_room/matchmaker_enter/", json!({})),
        (anonymous, "post", "qlive_user/login/", code("bob")),
        (anonymous, "post", "qlive_user/", code("eve")),
        (bob, "post", "qlive_user/update_userinfo/", profile),
        (bob, "get", "qlive_user/get_userinfo/", of_host.clone()),
        (bob, "get", "get_livelist/", first_page.clone()),
        (bob, "get", "get_playurl/", live.clone()),
        (bob, "get", "qlive_user/get_user_state/", json!({})),
        (bob, "post", "qlive_room/apply_micro/", live.clone()),
        (host, "get", "qlive_user/get_users_info/", men),
        (bob, "post", "qlive_room/accept_micro/", live.clone()),
        (bob, "get", "qlive_room/leave_micro/", guest),
        (bob, "post", "qlive_room/refuse_micro/", live.clone()),
        (bob, "get", "qlive_gift/", first_page),
        (bob, "get", "qlive_gift/push_gift/", given),
        (bob, "get", "qlive_pay/", json!({})),
        (bob, "post", "qlive_pay/", json!({"block_id": 1})),
        (bob, "get", "get_configs/", json!({})),
        (bob, "post", "qlive_like/", like),
        (bob, "get", "qlive_like/", of_host),
        (bob, "get", "qlive_room/leave_room/", live.clone()),
        (bob, "get", "qlive_user/logout/", json!({})),
        (host, "post", "qlive_room/live_end/", live),
    ]
}

async fn every_operation_of_the_mini_program_answers_200(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let bob = app.guest("bob", Gender::Male).await;
    let anonymous = app.anonymous_client();
    app.grant(&bob, 100).await;
    let gift = app.add_gift("rose", 1).await;
    let live_id = host.open_room().await["live_id"].clone();
    let mut answered = std::collections::BTreeSet::new();
    for (client, method, path, parameters) in calls((&host, &bob, &anonymous), &live_id, gift) {
        let answer = if method == "get" {
            client.get(path, parameters).await
        } else {
            client.post(path, parameters).await
        };
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        answered.insert((method, path));
    }
    assert_eq!(answered.len(), OPERATIONS, "every operation once");
}

async fn openapi_document_lists_every_operation(db: TestDb) {
    let app = TestApp::start(db).await;
    let document: Value = serde_json::from_str(&app.page("/openapi.json").await).unwrap();
    for operation in operations() {
        let method = if operation.method.is_post() {
            "post"
        } else {
            "get"
        };
        let listed = &document["paths"][format!("{BASE_PATH}{}", operation.path)][method];
        assert!(
            listed.is_object(),
            "{} is not in the document",
            operation.name
        );
        let text = listed.to_string() + &document["components"]["schemas"]["RoomInput"].to_string();
        let with_visit_number = [
            "apply_micro",
            "accept_micro",
            "leave_micro",
            "leave_room",
            "live_end",
            "logout",
        ];
        assert!(
            !with_visit_number.contains(&operation.name) || text.contains("presence"),
            "{}",
            operation.name
        );
        assert!(
            !["get_livelist", "get_users_info"].contains(&operation.name)
                || text.contains("\"page\"")
        );
        assert_eq!(
            listed.get("security").is_some(),
            operation.access == Access::Token,
            "{}",
            operation.name
        );
    }
}

async fn parameters_of_every_get_are_in_the_query(db: TestDb) {
    let app = TestApp::start(db).await;
    let document: Value = serde_json::from_str(&app.page("/openapi.json").await).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for operation in operations() {
        let path = &document["paths"][format!("{BASE_PATH}{}", operation.path)];
        let listed = path.as_object().unwrap().values();
        for parameter in listed
            .filter_map(|method| method["parameters"].as_array())
            .flatten()
        {
            assert_eq!(parameter["in"], "query", "{}: {parameter}", operation.name);
            names.insert(parameter["name"].as_str().unwrap().to_owned());
        }
    }
    for name in ["live_id", "page", "presence", "user_id", "gift_id"] {
        assert!(names.contains(name), "{name} is not in {names:?}");
    }
}
