//! The machine's time is set back by an hour, or forward and back: what is new is seen all the
//! same, and whatever waited goes on.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, blocks, query_path, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    config_of_another_instance_is_seen,
    new_room_is_listed_after_the_clock_is_set_back,
    failed_delivery_is_repeated_after_the_clock_is_set_back,
    grace_ends_after_the_clock_is_set_back,
    order_is_polled_after_the_clock_is_set_back,
    unpaid_order_is_queried_at_its_usual_pace,
    closed_virtual_order_waits_for_its_last_check,
    mute_by_a_clock_that_was_ahead_does_not_hold,
);

const HOUR: u64 = 3_600;

/// Sets the time back, once directly and once from an hour ahead.
async fn after_each_step<F: Future<Output = ()>>(app: &TestApp, mut check: impl FnMut(u32) -> F) {
    check(0).await;
    app.set_clock_back(HOUR);
    check(1).await;
    app.set_clock_forward(2 * HOUR);
    check(2).await;
    app.set_clock_back(HOUR);
    check(3).await;
}

async fn config_of_another_instance_is_seen(db: TestDb) {
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let client = app.guest("alice", Gender::Female).await;
    after_each_step(&app, async |step| {
        let banner = json!(format!("https://pictures.example.com/{step}.png"));
        other
            .set_config("INDEX_BANNER", banner.as_str().unwrap())
            .await;
        wait_until("the config is new", || async {
            let configs = client.get("get_configs/", json!({})).await.ok();
            configs["INDEX_BANNER"] == banner
        })
        .await;
    })
    .await;
}

async fn new_room_is_listed_after_the_clock_is_set_back(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    after_each_step(&app, async |step| {
        let maker = app.matchmaker(&format!("maker{step}")).await;
        let live = maker.open_room().await["live_id"].clone();
        wait_until("the room is listed", || async {
            let rooms = alice.get("get_livelist/", json!({"page": 1})).await.ok();
            rooms
                .as_array()
                .unwrap()
                .iter()
                .any(|room| room["id"] == live)
        })
        .await;
    })
    .await;
}

async fn failed_delivery_is_repeated_after_the_clock_is_set_back(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    app.wait_for_outbox().await;
    let path = "/v4/group_open_http_svc/send_group_msg";
    app.add_fault(json!({"path": path, "status": 500})).await;
    app.guest_on_mic(&live, "bob", Gender::Male).await;
    wait_until("the delivery has failed", || async {
        app.sandbox_calls(path).await > 0
    })
    .await;
    app.set_clock_back(HOUR);
    app.clear_faults().await;
    app.wait_for_outbox().await;
    assert!(!app.group_summary(group.as_str()).await.is_empty());
}

async fn grace_ends_after_the_clock_is_set_back(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, host, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    app.set_clock_back(HOUR);
    wait_until("bob has left the mic", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn order_is_polled_after_the_clock_is_set_back(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    app.set_clock_back(HOUR);
    bob.wait_for_balances(60, 0).await;
    app.audit().await;
}

/// Long enough for the payment poller to run several times.
const POLLER_ROUNDS: Duration = Duration::from_millis(3_500);

async fn unpaid_order_is_queried_at_its_usual_pace(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let path = query_path(&bob.create_order(blocks::SIXTY).await);
    app.set_clock_back(HOUR);
    app.wait_for_sandbox_calls(&path, 1).await;
    tokio::time::sleep(POLLER_ROUNDS).await;
    assert_eq!(app.sandbox_calls(&path).await, 1);
}

async fn closed_virtual_order_waits_for_its_last_check(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.advance(1_900);
    wait_until("the order is closed", || async {
        bob.order_state(&order).await == "closed"
    })
    .await;
    app.set_clock_back(HOUR);
    tokio::time::sleep(POLLER_ROUNDS).await;
    let queries = app.sandbox_calls("/xpay/query_order").await;
    tokio::time::sleep(POLLER_ROUNDS).await;
    assert_eq!(app.sandbox_calls("/xpay/query_order").await, queries);
}

async fn mute_by_a_clock_that_was_ahead_does_not_hold(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let gift = app.add_gift("rose", 0).await;
    let comment = || {
        let text = json!({"type": "message", "content": "hello"}).to_string();
        app.send_client_message(json!({"from": bob.user_id, "group": group, "text": text}))
    };
    let give = || bob.give(&host, gift, 1, json!({}));
    app.set_clock_forward(72 * HOUR);
    app.services
        .rooms
        .mute_everywhere(app.operator(), bob.id(), Duration::from_secs(60))
        .await
        .unwrap();
    assert!(!comment().await);
    give().await.refused(409, "muted");
    app.set_clock_back(72 * HOUR);
    assert!(comment().await);
    give().await.ok();
    let mutes = app.services.rooms.mutes_of(bob.id()).await.unwrap();
    assert!(mutes.is_empty(), "{mutes:?}");
}
