//! Disconnects: a grace period keeps the seat of a user who comes back, and nobody stays in a room
//! after it.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, wait_for_timeout_worker, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    disconnected_guest_loses_the_seat_after_the_grace_period,
    any_request_ends_the_grace_period,
    leave_and_logout_do_not_end_the_grace_period,
    im_login_ends_the_grace_period,
    guest_whom_im_reports_online_stays,
    guest_with_a_running_stream_stays,
    older_im_event_is_ignored,
    viewer_who_exits_the_group_leaves_the_room,
    guest_who_exits_the_group_has_a_grace_period,
    group_exit_older_than_the_visit_is_ignored,
    disconnected_host_ends_the_broadcast_after_a_longer_grace_period,
    grace_period_survives_a_restart,
    unavailable_im_removes_nobody,
    inactive_guests_are_looked_up_in_im,
);

async fn disconnected_guest_loses_the_seat_after_the_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, group }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    app.advance(45);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
    app.advance(16);
    wait_until("the guest is removed", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_eq!(bob.user_type().await, 0);
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["on 1", "off 1"]);
}

async fn any_request_ends_the_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    assert_eq!(bob.user_type().await, 3);
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn leave_and_logout_do_not_end_the_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    bob.leave(&json!(999)).await.ok();
    bob.get("qlive_user/logout/", json!({"reason": "hide"}))
        .await
        .ok();
    app.advance(61);
    wait_until("the guest is removed", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn im_login_ends_the_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    app.simulate_client(&bob, json!({"im": "back"})).await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn guest_whom_im_reports_online_stays(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    // The client is back, but the callback that says so is lost.
    app.reconnect_without_callback(&bob).await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn guest_with_a_running_stream_stays(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"stream": "start"})).await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn older_im_event_is_ignored(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    let now = app.clock.now().millis();
    app.simulate_client(&bob, json!({"im": "back", "at": now}))
        .await;
    app.simulate_client(&bob, json!({"im": "lost", "at": now - 1}))
        .await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(
        host.sees_man_on_mic(&live).await,
        "the disconnect happened before the login"
    );
}

async fn viewer_who_exits_the_group_leaves_the_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let eve = app.viewer(&live, "eve", Gender::Female).await;
    app.simulate_client(&eve, json!({"exits": group})).await;
    assert_eq!(
        host.enter(&live).await.ok()["num_list"],
        json!([0, 0, 0, 0])
    );
}

async fn guest_who_exits_the_group_has_a_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, group }, bob) = app.open_stage_with_bob().await;
    app.disconnect_without_callback(&bob).await;
    app.simulate_client(&bob, json!({"exits": group})).await;
    assert!(host.sees_man_on_mic(&live).await);
    app.advance(61);
    wait_until("the guest is removed", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn group_exit_older_than_the_visit_is_ignored(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let eve = app.guest("eve", Gender::Female).await;
    let before = app.clock.now().millis() - 10;
    eve.enter(&live).await.ok();
    app.simulate_client(&eve, json!({"exits": group, "at": before}))
        .await;
    assert_eq!(eve.user_type().await, 1);
}

async fn disconnected_host_ends_the_broadcast_after_a_longer_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&host, json!({"im": "lost"})).await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert_eq!(
        bob.enter(&live).await.ok()["owner"],
        json!({}),
        "the stream is hidden, and the broadcast continues"
    );
    app.advance(120);
    wait_until("the broadcast ends", || async {
        bob.user_type().await == 0
    })
    .await;
}

async fn grace_period_survives_a_restart(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    let eve = app.guest_on_mic(&live, "eve", Gender::Female).await;
    app.simulate_client(&eve, json!({"stream": "start"})).await;
    app.simulate_client(&eve, json!({"stream": "stop"})).await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    let app = app.restart(30).await;
    wait_for_timeout_worker().await;
    assert!(
        host.sees_man_on_mic(&live).await,
        "the rest of the grace period still runs"
    );
    let app = app.restart(31).await;
    wait_until("both are removed", || async {
        let seen = host.enter(&live).await.ok();
        seen["male"] == json!({}) && seen["female"] == json!({})
    })
    .await;
    app.close().await;
}

async fn unavailable_im_removes_nobody(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    app.add_fault(json!({"path": "/v4/openim/query_online_status", "status": 500}))
        .await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
    app.clear_faults().await;
    app.advance(6);
    wait_until("the guest is removed", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn inactive_guests_are_looked_up_in_im(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.guest_on_mic(&live, "eve", Gender::Female).await;
    // Bob's client stops, and the callback that says so is lost. Eve's client is connected but
    // idle.
    app.disconnect_without_callback(&bob).await;
    app.advance(181);
    wait_for_timeout_worker().await;
    assert!(
        host.sees_man_on_mic(&live).await,
        "the lookup starts a grace period"
    );
    app.advance(61);
    wait_until("bob is removed", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_ne!(
        host.enter(&live).await.ok()["female"],
        json!({}),
        "eve is online and stays"
    );
}
