//! `get_livelist/`: the list of live rooms.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    only_live_rooms_are_listed_the_fullest_first,
    page_has_eight_rooms,
    room_shows_guests_avatars_and_a_cover
);

async fn only_live_rooms_are_listed_the_fullest_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let (one, two) = (app.matchmaker("one").await, app.matchmaker("two").await);
    let alice = app.guest("alice", Gender::Female).await;
    let list = || async {
        app.advance(2);
        let rooms = alice.get("get_livelist/", json!({"page": "1"})).await.ok();
        rooms
            .as_array()
            .unwrap()
            .iter()
            .map(|room| (room["id"].clone(), room["audience_count"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(list().await, vec![]);
    let first = one.open_room().await["live_id"].clone();
    app.advance(5);
    let second = two.open_room().await["live_id"].clone();
    assert_eq!(
        list().await,
        vec![(second.clone(), json!(1)), (first.clone(), json!(1))],
        "the latest start first"
    );
    alice.enter(&first).await.ok();
    assert_eq!(
        list().await,
        vec![(first.clone(), json!(2)), (second.clone(), json!(1))],
        "the fullest first"
    );
    one.end(&first).await.ok();
    assert_eq!(list().await, vec![(second, json!(1))]);
}

async fn page_has_eight_rooms(db: TestDb) {
    let app = TestApp::start(db).await;
    for number in 0..9 {
        app.matchmaker(&format!("maker{number}"))
            .await
            .open_room()
            .await;
    }
    let alice = app.guest("alice", Gender::Female).await;
    let page = |number: i64| alice.get("get_livelist/", json!({"page": number}));
    assert_eq!(page(1).await.ok().as_array().unwrap().len(), 8);
    assert_eq!(page(2).await.ok().as_array().unwrap().len(), 1);
    assert_eq!(page(3).await.ok(), json!([]));
    for wrong in [0, -1, (1 << 31) + 1] {
        let body = page(wrong).await.refused(400, "invalid");
        assert_eq!(body["field"], "page");
    }
}

async fn room_shows_guests_avatars_and_a_cover(db: TestDb) {
    let app = TestApp::start(db).await;
    app.set_config("AVATAR_BOY", "https://a.example/boy.png")
        .await;
    let host = app.host().await;
    let room = host.open_room().await;
    let alice = app.guest("alice", Gender::Female).await;
    alice.take_mic(&room["live_id"]).await;
    let shown = || async {
        app.advance(2);
        alice.get("get_livelist/", json!({})).await.ok()[0].clone()
    };
    let before = shown().await;
    assert_eq!(before["group_id"], room["group_id"]);
    assert_eq!(before["room_name"], room["nickname"]);
    assert_eq!(before["room_image"], room["face_url"]);
    assert_eq!(
        before["player"],
        json!({"boy": "https://a.example/boy.png", "girl": "https://example.com/face.png"})
    );
    app.simulate_client(&host, json!({"stream": "screenshot"}))
        .await;
    assert_eq!(
        shown().await["room_image"],
        json!(format!("https://example.com/{}.jpg", host.user_id))
    );
}
