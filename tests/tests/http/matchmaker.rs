//! 16. `qlive_room/matchmaker_enter/`

use qlive_store::audit::Operator;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    he_opens_his_room,
    again_resumes,
    others_may_not,
    a_banned_one_is_told_failed,
    he_leaves_the_room_he_was_watching,
    the_group_is_awaited,
    a_name_never_keeps_a_room_from_opening,
    revoking_the_role_ends_the_broadcast,
);

async fn he_opens_his_room(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    assert_eq!(
        (&room["status"], &room["user_id"], &room["nickname"]),
        (&json!("ok"), &json!(host.user_id), &json!("红娘"))
    );
    assert_eq!(
        room["play_url"],
        json!(format!("rtmp://play.sandbox.invalid/live/{}", host.user_id))
    );
    assert!(room["push_url"].as_str().unwrap().contains("txSecret="));
    assert_eq!(host.user_type().await, 5);
    let outside = house.outside().await;
    let group = &outside["groups"][room["group_id"].as_str().unwrap()];
    assert_eq!(
        (&group["Name"], &group["Type"]),
        (&json!("红娘"), &json!("AVChatRoom"))
    );
}

async fn again_resumes(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let first = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&first["live_id"]).await.ok();
    house.advance(5);
    let again = host.open_room().await;
    assert_eq!(
        (&first["live_id"], &first["presence"]),
        (&again["live_id"], &again["presence"])
    );
    assert_ne!(first["push_url"], again["push_url"], "a fresh one");
    assert_eq!(bob.user_type().await, 1, "nobody is put out");
    host.end(&first["live_id"]).await.ok();
    let anew = host.open_room().await;
    assert_eq!(anew["live_id"], first["live_id"]);
    assert_eq!(
        anew["presence"].as_i64(),
        first["presence"].as_i64().map(|number| number + 1)
    );
}

async fn others_may_not(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.post("qlive_room/matchmaker_enter/", json!({}))
        .await
        .refused(403, "not_matchmaker");
}

async fn a_banned_one_is_told_failed(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    house.ban(host.id()).await;
    assert_eq!(host.open_room().await, json!({"status": "failed"}));
}

async fn he_leaves_the_room_he_was_watching(db: TestDb) {
    let house = House::open(db).await;
    let (one, two) = (house.matchmaker("one").await, house.matchmaker("two").await);
    let other = two.open_room().await["live_id"].clone();
    one.enter(&other).await.ok();
    one.open_room().await;
    assert_eq!(one.user_type().await, 5);
    assert_eq!(
        two.enter(&other).await.ok()["num_list"],
        json!([0, 0, 0, 0])
    );
}

async fn the_group_is_awaited(db: TestDb) {
    let house = House::open(db).await;
    house
        .fault(json!({"path": "/v4/group_open_http_svc/create_group", "status": 500}))
        .await;
    let bob = house.guest("bob", Gender::Male).await;
    let by = Operator {
        name: "ops".into(),
        reason: String::new(),
    };
    house
        .parts
        .rooms
        .grant_matchmaker(by, bob.id())
        .await
        .unwrap();
    let refused = bob.post("qlive_room/matchmaker_enter/", json!({})).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(503, "room_not_ready");
    house.no_faults().await;
    house.delivered().await;
    assert_eq!(bob.open_room().await["status"], "ok");
}

async fn a_name_never_keeps_a_room_from_opening(db: TestDb) {
    let house = House::open(db).await;
    house
        .fault(
            json!({"path": "/v4/group_open_http_svc/create_group", "errcode": 80001, "times": 1}),
        )
        .await;
    let maker = house.matchmaker("maker").await;
    let room = maker.open_room().await;
    assert_eq!(room["status"], "ok");
    let outside = house.outside().await;
    assert_eq!(
        outside["groups"][room["group_id"].as_str().unwrap()]["Name"],
        "qlive",
        "a plain name instead"
    );
}

async fn revoking_the_role_ends_the_broadcast(db: TestDb) {
    let house = House::open(db).await;
    let maker = house.matchmaker("maker").await;
    let room = maker.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    let by = Operator {
        name: "ops".into(),
        reason: String::new(),
    };
    house
        .parts
        .rooms
        .revoke_matchmaker(by, maker.id())
        .await
        .unwrap();
    assert_eq!((maker.user_type().await, bob.user_type().await), (0, 0));
    maker
        .post("qlive_room/matchmaker_enter/", json!({}))
        .await
        .refused(403, "not_matchmaker");
    house.delivered().await;
    let over = house
        .told_group(room["group_id"].as_str().unwrap())
        .await
        .pop()
        .unwrap();
    assert_eq!(over["custom"]["reason"], "revoked");
}
