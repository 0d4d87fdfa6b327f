//! `qlive_gift/push_gift/`: the share of the room's host.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use serde_json::json;

on_both!(
    host_of_the_shared_room_receives_a_share,
    host_who_gives_or_receives_gets_no_host_share,
);

async fn host_of_the_shared_room_receives_a_share(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    app.set_config("HOST_RATE", "0.1").await;
    app.grant(&bob, 1000).await;
    let gift = app.add_gift("bear", 99).await;
    let in_room = json!({"live_id": stage.live});
    bob.give(&alice, gift, 1, in_room).await.ok();
    assert_eq!(
        (alice.balances().await, stage.host.balances().await),
        ((0, 49), (0, 9))
    );
    alice.leave(&stage.live).await.ok();
    bob.give(&alice, gift, 1, json!({})).await.ok();
    assert_eq!(
        (alice.balances().await, stage.host.balances().await),
        ((0, 98), (0, 9)),
        "no share when the two are not in the same room"
    );
    assert_eq!(app.system_balance("platform").await, 41 + 50);
}

async fn host_who_gives_or_receives_gets_no_host_share(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, _) = app.stage_with_bob_and_alice().await;
    let host = stage.host;
    app.set_config("HOST_RATE", "0.5").await;
    app.grant(&bob, 100).await;
    app.grant(&host, 100).await;
    let gift = app.add_gift("ten coins", 10).await;
    bob.give(&host, gift, 1, json!({})).await.ok();
    assert_eq!(host.balances().await, (100, 5));
    host.give(&bob, gift, 1, json!({})).await.ok();
    assert_eq!(
        (host.balances().await, bob.balances().await),
        ((90, 5), (90, 5))
    );
    app.audit().await;
}
