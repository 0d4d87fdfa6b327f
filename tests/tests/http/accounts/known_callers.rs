//! Callers whom an instance knows: what it remembers of them is never wrong for longer than it may
//! be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, Stage, TestApp, TestClient, wait_for_timeout_worker};
use qlive_types::Gender;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

on_both!(
    ban_takes_effect_at_once_here_and_within_two_seconds_elsewhere,
    bans_race_with_calls,
    deleted_token_is_refused_at_once_here_and_within_two_seconds_elsewhere,
    call_on_an_instance_that_does_not_know_of_the_disconnect_ends_the_grace_period,
    call_before_the_disconnect_does_not_end_the_grace_period,
);

/// How late an instance may notice what another one has changed.
const NOTICED: Duration = Duration::from_secs(2);

async fn status(client: &TestClient) -> u16 {
    let like = json!({"user_id": "10000000", "like_state": 1});
    match client.post("qlive_like/", like).await.status {
        // The user does not exist, but the caller may ask.
        404 => 200,
        status => status,
    }
}

/// Calls until the instance surely knows the caller.
async fn make_known(client: &TestClient) {
    for _ in 0..4 {
        assert_eq!(status(client).await, 200);
        sleep(Duration::from_millis(300)).await;
    }
}

async fn ban_takes_effect_at_once_here_and_within_two_seconds_elsewhere(db: TestDb) {
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let alice = app.guest("alice", Gender::Female).await;
    let alice_there = alice.on_instance(&other);
    tokio::join!(make_known(&alice), make_known(&alice_there));
    app.ban(alice.id()).await;
    assert_eq!(status(&alice).await, 403);
    sleep(NOTICED).await;
    assert_eq!(status(&alice_there).await, 403);
    make_known_as_banned(&alice_there).await;
    app.unban(alice.id()).await;
    assert_eq!(status(&alice).await, 200);
    sleep(NOTICED).await;
    assert_eq!(status(&alice_there).await, 200);
}

async fn make_known_as_banned(client: &TestClient) {
    for _ in 0..4 {
        assert_eq!(status(client).await, 403);
    }
}

async fn bans_race_with_calls(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    make_known(&alice).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..4 {
        let (alice, is_over) = (alice.clone(), Arc::clone(&is_over));
        callers.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                status(&alice).await;
            }
        });
    }
    for _ in 0..20 {
        app.ban(alice.id()).await;
        assert_eq!(status(&alice).await, 403);
        app.unban(alice.id()).await;
        assert_eq!(status(&alice).await, 200);
    }
    is_over.store(true, Ordering::Relaxed);
    callers.join_all().await;
}

async fn deleted_token_is_refused_at_once_here_and_within_two_seconds_elsewhere(db: TestDb) {
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let alice = app.guest("alice", Gender::Female).await;
    let alice_there = alice.on_instance(&other);
    tokio::join!(make_known(&alice), make_known(&alice_there));
    // Now it is the token that was not used for the longest time.
    app.advance(600);
    for _ in 0..5 {
        let body = json!({"appId": APP, "code": "alice"});
        app.anonymous_client()
            .post("qlive_user/login/", body)
            .await
            .ok();
    }
    assert_eq!(status(&alice).await, 401);
    sleep(NOTICED).await;
    assert_eq!(status(&alice_there).await, 401);
}

async fn call_on_an_instance_that_does_not_know_of_the_disconnect_ends_the_grace_period(
    db: TestDb,
) {
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    let bob_there = bob.on_instance(&other);
    make_known(&bob_there).await;
    // The callback goes to the first instance.
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    assert_eq!(status(&bob_there).await, 200);
    sleep(NOTICED).await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn call_before_the_disconnect_does_not_end_the_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    let bob_there = bob.on_instance(&other);
    make_known(&bob_there).await;
    sleep(Duration::from_millis(20)).await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    sleep(NOTICED).await;
    app.advance(61);
    wait_for_timeout_worker().await;
    assert!(!host.sees_man_on_mic(&live).await);
}
