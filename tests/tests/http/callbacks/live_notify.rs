//! `live_notify/`: callbacks about streams that start and stop.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{
    Stage, TestApp, TestClient, stream_received, wait_for_timeout_worker, wait_until,
};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    stopped_stream_starts_a_grace_period,
    new_stream_ends_the_grace_period,
    request_does_not_end_the_grace_period_of_a_stream,
    stop_of_an_older_stream_is_ignored,
    late_stop_does_not_free_the_seat_whatever_form_the_sequence_has,
    stream_without_a_sequence_has_a_grace_period,
    stop_after_being_taken_off_the_mic_removes_nobody,
    stream_of_a_user_who_is_not_on_stage_is_cut,
    invalid_signature_is_401,
    stopped_stream_of_the_host_is_hidden_and_ends_the_broadcast_later,
    mic_without_a_stream_is_freed_when_configured,
);

async fn stopped_stream_starts_a_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"stream": "start"})).await;
    let callbacks = app.simulate_client(&bob, json!({"stream": "stop"})).await;
    assert_eq!(callbacks[0], json!({"status": 200, "answer": {"code": 0}}));
    app.advance(45);
    wait_for_timeout_worker().await;
    assert!(
        host.sees_man_on_mic(&live).await,
        "the grace period still runs"
    );
    app.advance(16);
    wait_until("the guest is removed", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_eq!(bob.user_type().await, 0);
}

async fn new_stream_ends_the_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    for event in ["start", "stop", "start"] {
        app.simulate_client(&bob, json!({"stream": event})).await;
    }
    app.advance(70);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn request_does_not_end_the_grace_period_of_a_stream(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"stream": "start"})).await;
    app.simulate_client(&bob, json!({"stream": "stop"})).await;
    assert_eq!(bob.user_type().await, 3);
    app.advance(61);
    wait_until("the guest is removed", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn stop_of_an_older_stream_is_ignored(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    let now = app.clock.now().millis();
    app.simulate_client(&bob, json!({"stream": "start", "at": now}))
        .await;
    app.simulate_client(&bob, json!({"stream": "start", "at": now + 2000}))
        .await;
    // The stop of the first stream arrives late: it carries the sequence of that stream.
    let sequence = format!("{}-1", bob.user_id);
    let at = now / 1000 + 3;
    send_event(
        &app,
        &bob,
        0,
        json!({"sequence": sequence, "event_time": at}),
    )
    .await;
    app.advance(70);
    wait_for_timeout_worker().await;
    assert!(host.sees_man_on_mic(&live).await);
}

/// Sends a signed callback about a stream: `event_type` 1 start, 0 stop.
async fn send_event(app: &TestApp, user: &TestClient, event_type: i64, fields: Value) {
    let t = app.clock.now().secs() + 600;
    let sign = md5_hex(&format!("sandbox-callback-key{t}"));
    let mut event = json!({"event_type": event_type, "stream_id": user.user_id, "t": t,
        "sign": sign});
    let fields = fields.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(fields);
    let request = app.http.post(app.url_of("live_notify/")).json(&event);
    let client = app.anonymous_client();
    client.send("post", "live_notify/", request).await.ok();
}

/// Whether the user is taken off the mic when a grace period would have ended.
async fn loses_the_seat(app: &TestApp, user: &TestClient) -> bool {
    app.advance(70);
    wait_for_timeout_worker().await;
    user.user_type().await != 3
}

async fn late_stop_does_not_free_the_seat_whatever_form_the_sequence_has(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { live, .. }, bob) = app.open_stage_with_bob().await;
    // Two pushes, then the late stop of the first, then that of the second.
    for (first, second, late_stop) in [
        (
            json!({"sequence": 1}),
            json!({"sequence": 2}),
            json!({"sequence": 1}),
        ),
        (
            json!({"sequence": 6_674_468_118_806_626_493_i64}),
            json!({"sequence": "6674468118806626494"}),
            json!({"sequence": "6674468118806626493"}),
        ),
        (json!({}), json!({}), json!({})),
        (
            json!({"sequence": ""}),
            json!({"sequence": null}),
            json!({"push_duration": "9000"}),
        ),
        (
            json!({"sequence": "a"}),
            json!({"sequence": "b"}),
            json!({"push_duration": 9_000}),
        ),
    ] {
        let now = app.clock.now().secs();
        let at = |fields: &Value, secs: i64| {
            let mut fields = fields.clone();
            fields["event_time"] = json!(secs);
            fields
        };
        send_event(&app, &bob, 1, at(&first, now)).await;
        send_event(&app, &bob, 1, at(&second, now + 5)).await;
        send_event(&app, &bob, 0, at(&late_stop, now + 9)).await;
        assert!(!loses_the_seat(&app, &bob).await, "{late_stop}");
        let mut stop = at(&second, now + 60);
        if late_stop.get("push_duration").is_some() {
            stop = at(&json!({"push_duration": 55_000}), now + 60);
        }
        send_event(&app, &bob, 0, stop).await;
        assert!(
            loses_the_seat(&app, &bob).await,
            "the second one of {late_stop}"
        );
        bob.enter(&live).await.ok();
        bob.apply(&live).await.ok();
        bob.accept(&live).await.ok();
    }
}

async fn stream_without_a_sequence_has_a_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let (_, bob) = app.open_stage_with_bob().await;
    let now = app.clock.now().secs();
    for (event_type, secs) in [(1, 0), (0, 5), (1, 6)] {
        send_event(&app, &bob, event_type, json!({"event_time": now + secs})).await;
    }
    assert!(!loses_the_seat(&app, &bob).await, "it has started again");
    send_event(&app, &bob, 0, json!({"event_time": now + 60})).await;
    assert!(loses_the_seat(&app, &bob).await);
}

fn md5_hex(text: &str) -> String {
    use md5::Digest as _;
    md5::Md5::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

async fn stop_after_being_taken_off_the_mic_removes_nobody(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    app.simulate_client(&bob, json!({"stream": "start"})).await;
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    app.simulate_client(&bob, json!({"stream": "stop"})).await;
    app.advance(70);
    wait_for_timeout_worker().await;
    assert_eq!(
        bob.user_type().await,
        1,
        "bob stays in the room as a viewer"
    );
}

async fn stream_of_a_user_who_is_not_on_stage_is_cut(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let (bob, eve) = (
        app.guest("bob", Gender::Male).await,
        app.guest("eve", Gender::Female).await,
    );
    bob.enter(&live).await.ok();
    for client in [&bob, &eve] {
        app.simulate_client(client, json!({"stream": "start"}))
            .await;
    }
    wait_until("both are cut", || async {
        let state = app.sandbox_state().await;
        let cut = |client: &TestClient| stream_received(&state, "DropLiveStream", &client.user_id);
        cut(&bob) && cut(&eve)
    })
    .await;
}

async fn invalid_signature_is_401(db: TestDb) {
    let app = TestApp::start(db).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    let t = app.clock.now().secs() + 600;
    for forged in [
        json!({}),
        json!({"t": t, "sign": "00"}),
        json!({"t": t - 7200, "sign": md5_hex(&format!("sandbox-callback-key{}", t - 7200))}),
    ] {
        let mut stop =
            json!({"event_type": 0, "stream_id": bob.user_id, "sequence": "x", "event_time": 1});
        stop.as_object_mut()
            .unwrap()
            .extend(forged.as_object().unwrap().clone());
        let request = app.http.post(app.url_of("live_notify/")).json(&stop);
        app.anonymous_client()
            .send("post", "live_notify/", request)
            .await
            .refused(401, "bad_signature");
    }
    assert!(host.sees_man_on_mic(&live).await);
}

async fn stopped_stream_of_the_host_is_hidden_and_ends_the_broadcast_later(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    app.simulate_client(&host, json!({"stream": "start"})).await;
    app.simulate_client(&host, json!({"stream": "stop"})).await;
    let seen = bob.enter(&live).await.ok();
    assert_eq!(
        (&seen["owner"], &seen["anchor_info"]["nickname"]),
        (&json!({}), &json!("红娘"))
    );
    app.simulate_client(&host, json!({"stream": "start"})).await;
    assert_ne!(bob.enter(&live).await.ok()["owner"], json!({}));
    app.simulate_client(&host, json!({"stream": "stop"})).await;
    app.advance(181);
    wait_until("the broadcast ends", || async {
        bob.user_type().await == 0
    })
    .await;
    app.wait_for_outbox().await;
    let over = app.group_messages(&group).await.pop().unwrap();
    assert_eq!(over["custom"]["reason"], "host_lost");
}

async fn mic_without_a_stream_is_freed_when_configured(db: TestDb) {
    let app = TestApp::start_with(db, |settings| settings.rooms.stream_start_secs = 20).await;
    let (Stage { host, live, .. }, bob) = app.open_stage_with_bob().await;
    let eve = app.guest_on_mic(&live, "eve", Gender::Female).await;
    app.simulate_client(&eve, json!({"stream": "start"})).await;
    app.advance(21);
    wait_until("the seat is free", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_eq!((bob.user_type().await, eve.user_type().await), (1, 4));
}
