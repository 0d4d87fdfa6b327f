//! Outages of IM: no request waits for it, and afterwards every room gets its current state.
//! Messages keep their order with several instances and across restarts.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    after_an_outage_only_the_current_state_is_sent,
    message_without_an_answer_is_repeated_with_the_same_random,
    messages_keep_order_with_two_instances,
    after_an_outage_an_ended_room_gets_only_over,
    quick_end_and_start_without_an_outage_is_sent_in_full,
    restart_releases_the_lanes_of_interrupted_deliveries,
    restart_releases_a_lane_that_is_just_being_leased,
    delayed_cut_spares_a_guest_who_is_on_the_mic_again,
);

async fn after_an_outage_only_the_current_state_is_sent(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let live = &live;
    let (bob, carl, eve) = (
        app.guest("bob", Gender::Male).await,
        app.guest("carl", Gender::Male).await,
        app.guest("eve", Gender::Female).await,
    );
    app.wait_for_outbox().await;
    app.add_fault(json!({"path": "/v4/", "latency_ms": 4500, "status": 500}))
        .await;
    let started = std::time::Instant::now();
    bob.take_mic(live).await;
    bob.leave_mic(live, &bob, Gender::Male).await.ok();
    carl.take_mic(live).await;
    eve.take_mic(live).await;
    host.leave_mic(live, &eve, Gender::Female).await.ok();
    host.invite(live, &eve).await.ok();
    assert!(
        started.elapsed().as_millis() < 4500,
        "ten requests in less time than one call of IM"
    );
    app.advance(3600);
    app.clear_faults().await;
    app.advance(60);
    // No client was active for an hour, but IM reports all online, so that nobody is removed.
    app.wait_for_outbox().await;
    let messages = app.group_messages(&group).await;
    let on = messages
        .iter()
        .find(|sent| sent["message"]["content"]["content_type"] == "on")
        .unwrap();
    assert_eq!(on["message"]["content"]["user_id"], json!(carl.user_id));
    assert_eq!(
        app.group_summary(&group).await,
        ["on 1", "off 2"],
        "one reset per seat"
    );
    let to_eve = app.messages_to(&eve).await;
    let types: Vec<&Value> = to_eve.iter().map(|sent| &sent["message"]["type"]).collect();
    assert_eq!(types, ["kickout"], "the invitation has expired");
    let mut nums = app.messages_to(&host).await;
    nums.retain(|sent| sent["message"]["type"] == "num");
    assert_eq!(nums.len(), 1);
    assert_eq!(
        nums[0]["message"]["content"]["num_list"],
        json!([0, 2, 0, 1])
    );
}

async fn message_without_an_answer_is_repeated_with_the_same_random(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    app.wait_for_outbox().await;
    app.add_fault(
        json!({"path": "/v4/group_open_http_svc/send_group_msg", "drop_answer": true, "times": 1}),
    )
    .await;
    app.guest_on_mic(&live, "bob", Gender::Male).await;
    wait_until("the message was sent twice", || async {
        app.messages_with_duplicates("group", &group).await.len() == 2
    })
    .await;
    let sent = app.messages_with_duplicates("group", &group).await;
    assert_eq!(
        (&sent[0]["random"], &sent[0]["text"], &sent[0]["custom"]),
        (&sent[1]["random"], &sent[1]["text"], &sent[1]["custom"])
    );
    assert_eq!(
        (&sent[0]["double"], &sent[1]["double"]),
        (&json!(false), &json!(true)),
        "IM drops the repeated message"
    );
}

async fn messages_keep_order_with_two_instances(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let Stage { live, group, .. } = app.open_stage().await;
    let live = &live;
    let bob = app.guest("bob", Gender::Male).await;
    let elsewhere = bob.on_instance(&second);
    bob.enter(live).await.ok();
    let mut expected = Vec::new();
    for round in 0..12 {
        let (client, other) = if round % 2 == 0 {
            (&bob, &elsewhere)
        } else {
            (&elsewhere, &bob)
        };
        client.apply(live).await.ok();
        assert_eq!(other.accept(live).await.ok()["code"], "success");
        client.leave_mic(live, &bob, Gender::Male).await.ok();
        expected.extend(["on 1", "off 1"]);
        // Of messages that wait for ten seconds, only the last one per seat is sent.
        if round % 3 == 2 {
            app.wait_for_outbox().await;
        }
    }
    assert_eq!(app.group_summary(&group).await, expected);
    let messages = app.group_messages(&group).await;
    let seqs: Vec<i64> = messages
        .iter()
        .map(|sent| sent["custom"]["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=24).collect::<Vec<_>>());
    second.close().await;
}

async fn after_an_outage_an_ended_room_gets_only_over(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    app.wait_for_outbox().await;
    app.add_fault(json!({"path": "/v4/", "status": 500})).await;
    bob.take_mic(&live).await;
    host.end(&live).await.ok();
    // Wait for a delivery that started before the end.
    wait_until("the delivery of the seat is skipped", || async {
        undelivered_types(&app).await == ["over"]
    })
    .await;
    app.advance(600);
    app.clear_faults().await;
    app.advance(60);
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["over"]);
    // When a new broadcast is live, the end of the earlier one is not sent either.
    app.add_fault(json!({"path": "/v4/", "status": 500})).await;
    host.open_room().await;
    host.end(&live).await.ok();
    host.open_room().await;
    app.advance(600);
    wait_until("the delivery of the end is skipped", || async {
        undelivered_types(&app).await.is_empty()
    })
    .await;
    app.clear_faults().await;
    app.advance(60);
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["over"]);
}

/// The types of the group messages in the outbox, such as `seat_taken` and `over`.
async fn undelivered_types(app: &TestApp) -> Vec<String> {
    let rows = app.services.outbox.list().await.unwrap();
    rows.iter()
        .filter_map(|row| row.delivery["message"]["type"].as_str().map(str::to_owned))
        .collect()
}

async fn quick_end_and_start_without_an_outage_is_sent_in_full(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    host.end(&live).await.ok();
    host.open_room().await;
    bob.take_mic(&live).await;
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["on 1", "over", "on 1"]);
}

async fn restart_releases_the_lanes_of_interrupted_deliveries(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    app.wait_for_outbox().await;
    app.add_fault(
        json!({"path": "/v4/group_open_http_svc/send_group_msg", "latency_ms": 3000, "times": 1}),
    )
    .await;
    app.guest_on_mic(&live, "bob", Gender::Male).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    // Stopped during a delivery.
    let app = app.restart(0).await;
    wait_until(
        "the message is sent without waiting for the lease to expire",
        || async { !app.group_summary(&group).await.is_empty() },
    )
    .await;
    app.close().await;
}

async fn restart_releases_a_lane_that_is_just_being_leased(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    app.wait_for_outbox().await;
    let [slow, fast] = if app.database_url().starts_with("sqlite") {
        SLOW_LANES_ON_SQLITE
    } else {
        SLOW_LANES
    };
    app.execute_sql(slow).await;
    bob.take_mic(&live).await;
    // Stopped while the worker leases a lane.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let app = app.restart(0).await;
    app.execute_sql(fast).await;
    app.wait_for_outbox().await;
    app.close().await;
}

/// Makes the insert of a lane slow, and undoes that, on PostgreSQL.
const SLOW_LANES: [&str; 2] = [
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
     'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
     CREATE TRIGGER slow BEFORE INSERT ON outbox_lanes FOR EACH ROW EXECUTE FUNCTION slow()",
    "DROP TRIGGER slow ON outbox_lanes",
];
/// The same on SQLite.
const SLOW_LANES_ON_SQLITE: [&str; 2] = [
    "CREATE TRIGGER slow AFTER INSERT ON outbox_lanes BEGIN
     SELECT max(n) FROM (
       WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000)
       SELECT n FROM c);
     END",
    "DROP TRIGGER slow",
];

async fn delayed_cut_spares_a_guest_who_is_on_the_mic_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    app.wait_for_outbox().await;
    app.add_fault(json!({"path": "/", "status": 500})).await;
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
    app.clear_faults().await;
    app.advance(60);
    app.wait_for_outbox().await;
    assert_eq!(app.sandbox_state().await["stream_orders"], json!([]));
}
