//! `qlive_room/sync/`: the stage and the messages since a number.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    sync_returns_the_messages_since_a_number,
    only_members_may_sync,
    sync_answers_the_same_stage_as_enter
);

async fn sync_returns_the_messages_since_a_number(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let live = &live;
    let (bob, eve) = (
        app.guest("bob", Gender::Male).await,
        app.guest("eve", Gender::Female).await,
    );
    bob.take_mic(live).await;
    eve.take_mic(live).await;
    bob.leave_mic(live, &bob, Gender::Male).await.ok();
    app.wait_for_outbox().await;
    let sync = |since: i64| eve.get("qlive_room/sync/", json!({"live_id": live, "since": since}));
    let all = sync(0).await.ok();
    let messages = app.group_messages(&group).await;
    assert_eq!(
        (&all["seq"], &all["user_type"], &all["male"]),
        (&json!(3), &json!(4), &json!({}))
    );
    assert_eq!(all["num_list"], json!([0, 1, 0, 1]));
    let events = all["events"].as_array().unwrap();
    let seqs: Vec<i64> = events
        .iter()
        .map(|event| event["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2, 3]);
    for (event, sent) in events.iter().zip(&messages) {
        assert_eq!(
            (&event["message"], &event["id"], &event["seq"]),
            (
                &sent["message"],
                &sent["custom"]["id"],
                &sent["custom"]["seq"]
            )
        );
        assert_eq!(
            (&event["broadcast_id"], &event["at"]),
            (&sent["custom"]["broadcast_id"], &sent["custom"]["at"])
        );
    }
    assert_eq!(sync(2).await.ok()["events"].as_array().unwrap().len(), 1);
    assert_eq!(sync(3).await.ok()["events"], json!([]));
    let without_since: Value = eve
        .get("qlive_room/sync/", json!({"live_id": live}))
        .await
        .ok();
    assert_eq!(without_since["events"].as_array().unwrap().len(), 3);
}

async fn only_members_may_sync(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    bob.get("qlive_room/sync/", json!({"live_id": live, "since": 0}))
        .await
        .refused(403, "members_only");
    bob.get("qlive_room/sync/", json!({"live_id": 999, "since": 0}))
        .await
        .refused(404, "unknown_room");
}

async fn sync_answers_the_same_stage_as_enter(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    let entered = bob.enter(&live).await.ok();
    let synced = bob
        .get("qlive_room/sync/", json!({"live_id": live, "since": 0}))
        .await
        .ok();
    for (key, value) in entered.as_object().unwrap() {
        assert_eq!(&synced[key], value, "{key}");
    }
}
