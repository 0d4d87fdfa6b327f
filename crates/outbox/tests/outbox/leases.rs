//! Leases of lanes: several workers, a worker that stops, and one that crashed.

use std::time::{Duration, Instant};

use qlive_outbox::LaneKind;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::json;

use crate::support::{LIVE, SEND_GROUP_MESSAGE, TestOutbox, seat_freed, seat_taken};

on_both!(
    two_workers_deliver_each_row_once_and_in_order,
    stopped_worker_releases_its_lanes,
    leased_lane_is_left_alone_until_the_lease_expires,
    lane_of_a_clock_that_was_set_back_is_delivered,
);

async fn two_workers_deliver_each_row_once_and_in_order(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let workers = [test.start_worker(), test.start_worker()];
    for round in 1..=15 {
        test.enqueue_all([seat_taken(1, round), seat_freed(1)])
            .await;
        test.outbox.wake();
    }
    test.wait_for_delivery().await;
    for worker in workers {
        worker.stop().await;
    }
    let received = test.sandbox_get("/sandbox/messages?group=group-1").await;
    let custom = |field: &str| -> Vec<i64> {
        let messages = received.as_array().unwrap().iter();
        messages
            .map(|message| message["custom"][field].as_i64().unwrap())
            .collect()
    };
    assert_eq!(custom("seq"), (1..=30).collect::<Vec<_>>());
    assert!(custom("id").is_sorted());
}

async fn stopped_worker_releases_its_lanes(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let fault = json!({"latency_ms": 10_000, "times": 1});
    test.add_fault(SEND_GROUP_MESSAGE, fault).await;
    test.enqueue(seat_taken(1, 1)).await;
    let worker = test.start_worker();
    test.wait_until("the call has begun", async || {
        test.sandbox_state().await["calls"][SEND_GROUP_MESSAGE] == json!(1)
    })
    .await;
    let started = Instant::now();
    worker.stop().await;
    test.deliver().await;
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "neither the call nor the lease is waited for"
    );
    assert!(!test.group_messages().await.is_empty());
}

async fn leased_lane_is_left_alone_until_the_lease_expires(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let until = test.clock.now().after(Duration::from_secs(30)).millis();
    let (kind, room) = (LaneKind::Room.number(), LIVE.get());
    test.execute(&format!(
        "INSERT INTO outbox_lanes (lane_kind, lane_id, owner, leased_until, resume_at, failures) \
         VALUES ({kind}, {room}, 'crashed', {until}, 0, 0)"
    ))
    .await;
    test.enqueue(seat_taken(1, 1)).await;
    let worker = test.start_worker();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(test.group_messages().await.is_empty());
    assert_eq!(test.last_row().await.attempts, 0);
    test.advance(31);
    test.wait_for_delivery().await;
    worker.stop().await;
    assert_eq!(test.group_messages().await.len(), 1);
}

/// A lease and a rest that lie ahead by more than they can last were written before the clock was
/// set back.
async fn lane_of_a_clock_that_was_set_back_is_delivered(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let ahead = test.clock.now().after(Duration::from_secs(3_600)).millis();
    let (kind, room) = (LaneKind::Room.number(), LIVE.get());
    for (lease, rest) in [(ahead, 0), (0, ahead)] {
        test.execute("DELETE FROM outbox_lanes").await;
        test.execute(&format!(
            "INSERT INTO outbox_lanes \
                 (lane_kind, lane_id, owner, leased_until, resume_at, failures) \
             VALUES ({kind}, {room}, 'earlier', {lease}, {rest}, 3)"
        ))
        .await;
        test.enqueue(seat_taken(1, 1)).await;
        test.execute(&format!(
            "UPDATE outbox SET due_at = {ahead}, created_at = {ahead} WHERE status = 0"
        ))
        .await;
        let worker = test.start_worker();
        test.wait_for_delivery().await;
        worker.stop().await;
    }
    assert_eq!(test.group_messages().await.len(), 2);
}
