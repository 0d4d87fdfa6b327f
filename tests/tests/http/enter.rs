//! 8. `get_playurl/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    a_viewer_sees_the_stage,
    guests_have_a_push_url,
    unknown_and_dark_rooms_are_refused,
    entering_another_room_leaves_the_first,
    coming_back_resumes,
    a_live_host_stays_in_his_room,
    the_host_resumes_as_5,
    the_host_is_told_the_numbers,
    a_nameless_user_may_watch,
    no_cache_keeps_it,
);

async fn a_viewer_sees_the_stage(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    let carol = house.guest("carol", Gender::Female).await;
    bob.take_mic(&room["live_id"]).await;
    let seen = carol.enter(&room["live_id"]).await.ok();
    assert_eq!(
        seen["anchor_info"],
        json!({"nickname": "红娘", "face_url": "https://example.com/face.png"})
    );
    assert_eq!(seen["owner"]["user_id"], json!(host.user_id));
    assert_eq!(seen["male"]["user_id"], json!(bob.user_id));
    assert_eq!(
        seen["male"]["play_url"],
        json!(format!("rtmp://play.sandbox.invalid/live/{}", bob.user_id))
    );
    assert_eq!(
        (&seen["male"]["nickname"], &seen["male"]["age"]),
        (&json!("bob"), &json!(25))
    );
    assert_eq!(seen["female"], json!({}));
    assert_eq!(
        (&seen["user_type"], &seen["push_url"]),
        (&json!(1), &json!(""))
    );
    assert_eq!(seen["num_list"], json!([0, 1, 0, 1]));
    assert_eq!(
        (&seen["live_id"], &seen["group_id"], &seen["room_name"]),
        (&room["live_id"], &room["group_id"], &json!("红娘"))
    );
}

async fn guests_have_a_push_url(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    let seen = bob.enter(&live).await.ok();
    assert_eq!(seen["user_type"], 3);
    let url = seen["push_url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!(
            "rtmp://push.sandbox.invalid/live/{}?txSecret=",
            bob.user_id
        )),
        "{url}"
    );
    let expires = i64::from_str_radix(url.rsplit_once("txTime=").unwrap().1, 16).unwrap();
    let ttl = expires - house.clock.now().secs();
    assert!((86_390..=86_400).contains(&ttl), "{ttl}");
}

async fn unknown_and_dark_rooms_are_refused(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let alice = house.guest("alice", Gender::Female).await;
    alice.enter(&json!(999)).await.refused(404, "unknown_room");
    let live = host.open_room().await["live_id"].clone();
    host.end(&live).await.ok();
    alice.enter(&live).await.refused(409, "not_live");
    alice
        .get("get_playurl/", json!({}))
        .await
        .refused(400, "missing");
}

async fn entering_another_room_leaves_the_first(db: TestDb) {
    let house = House::open(db).await;
    let first = house.matchmaker("one").await.open_room().await;
    let second = house.matchmaker("two").await.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&first["live_id"]).await;
    let seen = bob.enter(&second["live_id"]).await.ok();
    assert_eq!(
        (&seen["user_type"], &seen["presence"]),
        (&json!(1), &json!(2))
    );
    let carol = house.guest("carol", Gender::Female).await;
    assert_eq!(carol.enter(&first["live_id"]).await.ok()["male"], json!({}));
    house.delivered().await;
    assert_eq!(
        house.story(first["group_id"].as_str().unwrap()).await,
        ["on 1", "off 1"]
    );
}

async fn coming_back_resumes(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    bob.apply(&room["live_id"]).await.ok();
    house.delivered().await;
    let host = house.host().await;
    let before = house.told(&host).await.len();
    let again = bob.enter(&room["live_id"]).await.ok();
    assert_eq!(
        (&again["user_type"], &again["presence"]),
        (&json!(2), &json!(1))
    );
    house.delivered().await;
    assert_eq!(house.told(&host).await.len(), before, "nobody is told");
}

async fn a_live_host_stays_in_his_room(db: TestDb) {
    let house = House::open(db).await;
    let (one, two) = (house.matchmaker("one").await, house.matchmaker("two").await);
    one.open_room().await;
    let other = two.open_room().await["live_id"].clone();
    one.enter(&other).await.refused(409, "hosting");
    assert_eq!(one.user_type().await, 5);
}

async fn the_host_resumes_as_5(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let seen = host.enter(&room["live_id"]).await.ok();
    assert_eq!(
        (&seen["user_type"], &seen["presence"]),
        (&json!(5), &room["presence"])
    );
    assert!(!seen["push_url"].as_str().unwrap().is_empty());
    assert_eq!(
        seen["num_list"],
        json!([0, 0, 0, 0]),
        "the host is not counted"
    );
}

async fn the_host_is_told_the_numbers(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    house
        .guest("bob", Gender::Male)
        .await
        .enter(&room["live_id"])
        .await
        .ok();
    house.delivered().await;
    let told = house.told(&host).await;
    let num = told.last().unwrap();
    assert_eq!(
        num["message"],
        json!({"type": "num", "content": {"group_id": room["group_id"], "num_list": [0, 1, 0, 0]}})
    );
    assert_eq!(num["lifetime"], 0);
}

async fn a_nameless_user_may_watch(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.nameless("bob").await;
    bob.enter(&live).await.ok();
    bob.apply(&live).await.refused(409, "profile_incomplete");
    bob.accept(&live).await.refused(409, "profile_incomplete");
}

async fn no_cache_keeps_it(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    let answer = bob.enter(&live).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    for (path, query) in [
        ("get_playurl/", json!({"live_id": 999})),
        ("qlive_room/leave_micro/", json!({})),
    ] {
        let refused = bob.get(path, query).await;
        assert_eq!(
            (refused.status >= 400, &refused.headers["cache-control"]),
            (true, &"no-store".parse().unwrap()),
            "{path}"
        );
    }
}
