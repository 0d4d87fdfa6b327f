//! What stands outside the base path, and what is around every answer.

use qlive_server::{Access, BASE, operations};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    health_and_readiness,
    metrics_tell_what_happens,
    the_document_knows_every_operation,
    the_explorer_works_offline,
    requests_have_ids,
    a_stopped_server_answers_what_it_took,
);

async fn text(house: &House, path: &str) -> (u16, String) {
    let response = house
        .http
        .get(format!("{}{path}", house.url))
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn health_and_readiness(db: TestDb) {
    let house = House::open(db).await;
    house.fault(json!({"path": "/", "status": 500})).await;
    assert_eq!(text(&house, "/healthz").await, (200, "ok".into()));
    assert_eq!(
        text(&house, "/readyz").await,
        (200, "ok".into()),
        "whatever the outside does"
    );
}

async fn metrics_tell_what_happens(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    bob.enter(&json!(999)).await.refused(404, "unknown_room");
    house.play(&bob, json!({"stream": "start"})).await;
    house
        .fault(json!({"path": "/v4/", "status": 500, "times": 1}))
        .await;
    bob.leave(&room["live_id"]).await.ok();
    house.delivered().await;
    let (_, metrics) = text(&house, "/metrics").await;
    for line in [
        "qlive_requests_total{operation=\"accept_micro\",status=\"200\"} 1",
        "qlive_requests_total{operation=\"get_playurl\",status=\"404\"} 1",
        "qlive_request_seconds_count{operation=\"apply_micro\"} 1",
        "qlive_rooms_live 1",
        "qlive_people_present 1",
        "qlive_outbox_oldest_seconds 0",
        "qlive_callbacks_total{kind=\"live start\",verdict=\"taken\"} 1",
        "qlive_upstream_errors_total{system=\"im\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

async fn the_document_knows_every_operation(db: TestDb) {
    let house = House::open(db).await;
    let document: Value = serde_json::from_str(&text(&house, "/openapi.json").await.1).unwrap();
    for operation in operations() {
        let method = if operation.method.is_post() {
            "post"
        } else {
            "get"
        };
        let known = &document["paths"][format!("{BASE}{}", operation.path)][method];
        assert!(
            known.is_object(),
            "{} is not in the document",
            operation.name
        );
        let text = known.to_string() + &document["components"]["schemas"]["RoomInput"].to_string();
        let takes_presence = [
            "apply_micro",
            "accept_micro",
            "leave_micro",
            "leave_room",
            "live_end",
            "logout",
        ];
        assert!(
            !takes_presence.contains(&operation.name) || text.contains("presence"),
            "{}",
            operation.name
        );
        assert!(
            !["get_livelist", "get_users_info"].contains(&operation.name)
                || text.contains("\"page\"")
        );
        assert_eq!(
            known.get("security").is_some(),
            operation.access == Access::Token,
            "{}",
            operation.name
        );
    }
}

async fn the_explorer_works_offline(db: TestDb) {
    let house = House::open(db).await;
    let (status, page) = text(&house, "/docs").await;
    assert_eq!(status, 200);
    let pieces: Vec<&str> = page
        .split(['"', '\''])
        .filter(|piece| piece.ends_with(".js") || piece.ends_with(".css"))
        .collect();
    assert!(!pieces.is_empty());
    for piece in pieces {
        assert!(!piece.contains("//"), "{piece} is fetched from elsewhere");
        let path = format!("/docs/{}", piece.trim_start_matches("./"));
        assert_eq!(text(&house, &path).await.0, 200, "{path}");
    }
}

async fn requests_have_ids(db: TestDb) {
    let house = House::open(db).await;
    let ask = |id: Option<&'static str>| {
        let mut request = house.http.get(format!("{}/healthz", house.url));
        if let Some(id) = id {
            request = request.header("X-Request-Id", id);
        }
        async {
            request.send().await.unwrap().headers()["x-request-id"]
                .to_str()
                .unwrap()
                .to_owned()
        }
    };
    assert_eq!(ask(Some("from-the-proxy_1")).await, "from-the-proxy_1");
    assert_eq!(ask(None).await.len(), 16);
    assert_eq!(ask(Some("not sane!")).await.len(), 16);
}

async fn a_stopped_server_answers_what_it_took(db: TestDb) {
    let house = House::open(db).await;
    house.guest("bob", Gender::Male).await;
    house
        .fault(json!({"path": "/sns/", "latency_ms": 1500}))
        .await;
    let login = json!({"appId": qlive_tests::APP, "code": "bob"});
    let stranger = house.stranger();
    let asked = tokio::spawn(async move { stranger.post("qlive_user/login/", login).await });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    house.close().await;
    assert_eq!(asked.await.unwrap().ok()["status"], 0);
}
