//! Leases of lanes: several workers, a worker that stops, and one that crashed.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use qlive_outbox::{Delivery, LaneKind, Status};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::json;

use crate::support::{LIVE, SEND_GROUP_MESSAGE, TestOutbox, gift, seat_freed, seat_taken, user};

on_both!(
    two_workers_deliver_each_row_once_and_in_order,
    stopped_worker_releases_its_lanes,
    lane_of_a_silent_instance_is_left_alone_until_its_lease_has_ended,
    lanes_of_a_killed_instance_go_on_within_five_seconds,
    slow_call_loses_no_lane,
    instance_that_lost_a_lane_does_not_settle_its_call,
    instance_whose_row_is_gone_goes_on_under_another_name,
    call_ends_when_its_instance_cannot_beat,
    lane_that_cannot_be_planned_holds_no_other_up,
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

/// The lane of room 1 belongs to an instance with this name, which never beats.
async fn hold_lane(test: &TestOutbox, owner: &str) {
    let (kind, room) = (LaneKind::Room.number(), LIVE.get());
    test.execute(&format!(
        "INSERT INTO outbox_instances (name, beats) VALUES ('{owner}', 7); \
         DELETE FROM outbox_lanes; \
         INSERT INTO outbox_lanes (lane_kind, lane_id, owner, resume_at, failures) \
         VALUES ({kind}, {room}, '{owner}', 0, 0)"
    ))
    .await;
}

async fn lane_of_a_silent_instance_is_left_alone_until_its_lease_has_ended(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    hold_lane(&test, "crashed").await;
    test.enqueue(seat_taken(1, 1)).await;
    let started = Instant::now();
    let worker = test.start_worker();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(test.group_messages().await.is_empty());
    assert_eq!(test.last_row().await.attempts, 0);
    test.wait_for_delivery().await;
    assert!(started.elapsed() < Duration::from_secs(5));
    worker.stop().await;
    assert_eq!(test.group_messages().await.len(), 1);
}

async fn lanes_of_a_killed_instance_go_on_within_five_seconds(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let first = test.start_worker();
    // Gifts of ten givers: unlike changes of a seat, no later one replaces an earlier one.
    test.enqueue_all((1..=10).map(|giver| gift(giver, 1))).await;
    let fault = json!({"latency_ms": 200});
    test.add_fault(SEND_GROUP_MESSAGE, fault).await;
    test.wait_until("a message is delivered", async || {
        !test.group_messages().await.is_empty()
    })
    .await;
    // The second one runs already, and sees that the first one beats.
    let second = test.start_worker();
    tokio::time::sleep(Duration::from_millis(300)).await;
    first.kill().await;
    let killed = Instant::now();
    test.clear_faults().await;
    let before = test.group_messages().await.len();
    assert!(before < 10, "the first one has not finished");
    test.wait_until("the other instance goes on", async || {
        test.group_messages().await.len() > before + 1
    })
    .await;
    assert!(
        killed.elapsed() < Duration::from_secs(5),
        "{:?}",
        killed.elapsed()
    );
    test.wait_for_delivery().await;
    second.stop().await;
    assert_each_message_once_in_order(&test, 10).await;
}

/// The group received the messages 1 to `count` in their order, besides repetitions that IM drops.
async fn assert_each_message_once_in_order(test: &TestOutbox, count: i64) {
    let messages = test.group_messages().await;
    let custom = |field: &str| -> Vec<i64> {
        let values = messages.iter().map(|message| &message["custom"][field]);
        values.map(|value| value.as_i64().unwrap()).collect()
    };
    assert_eq!(custom("seq"), (1..=count).collect::<Vec<_>>());
    assert!(custom("id").is_sorted());
}

async fn slow_call_loses_no_lane(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let fault = json!({"latency_ms": 4_500, "times": 1});
    test.add_fault(SEND_GROUP_MESSAGE, fault).await;
    test.enqueue_all([seat_taken(1, 1), seat_freed(1)]).await;
    let first = test.start_worker();
    test.wait_until("the call has begun", async || {
        test.sandbox_state().await["calls"][SEND_GROUP_MESSAGE] == json!(1)
    })
    .await;
    let second = test.start_worker();
    test.wait_for_delivery().await;
    first.stop().await;
    second.stop().await;
    let received = test.sandbox_get("/sandbox/messages?group=group-1").await;
    assert_eq!(received.as_array().unwrap().len(), 2, "none is repeated");
    assert_each_message_once_in_order(&test, 2).await;
}

async fn instance_that_lost_a_lane_does_not_settle_its_call(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let fault = json!({"latency_ms": 1_000, "times": 1});
    test.add_fault(SEND_GROUP_MESSAGE, fault).await;
    test.enqueue_all([seat_taken(1, 1), seat_freed(1)]).await;
    let worker = test.start_worker();
    test.wait_until("the call has begun", async || {
        test.sandbox_state().await["calls"][SEND_GROUP_MESSAGE] == json!(1)
    })
    .await;
    hold_lane(&test, "other").await;
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    let rows = test.rows().await;
    let mut undone = rows.iter().rev().take(2);
    assert!(
        undone.all(|row| row.status == Status::Waiting.number()),
        "{rows:?}"
    );
    assert_eq!(test.last_row().await.seq, None, "nor number the next one");
    // The other one never beats.
    test.wait_for_delivery().await;
    worker.stop().await;
    assert_each_message_once_in_order(&test, 2).await;
}

async fn instance_whose_row_is_gone_goes_on_under_another_name(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let worker = test.start_worker();
    test.enqueue(seat_taken(1, 1)).await;
    test.wait_for_delivery().await;
    test.execute("DELETE FROM outbox_instances").await;
    test.enqueue(seat_freed(1)).await;
    test.wait_for_delivery().await;
    // The same while a call runs.
    let fault = json!({"latency_ms": 1_500, "times": 1});
    test.add_fault(SEND_GROUP_MESSAGE, fault).await;
    test.enqueue_all([seat_taken(1, 2), seat_freed(1)]).await;
    test.wait_until("the call has begun", async || {
        test.sandbox_state().await["calls"][SEND_GROUP_MESSAGE] == json!(3)
    })
    .await;
    test.execute("DELETE FROM outbox_instances").await;
    test.wait_for_delivery().await;
    worker.stop().await;
    assert_each_message_once_in_order(&test, 4).await;
}

/// The call waits for ten seconds, and meanwhile nobody can count beats.
async fn call_ends_when_its_instance_cannot_beat(db: TestDb) {
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
    test.write(|conn| {
        conn.batch_execute("UPDATE outbox_instances SET beats = beats")?;
        std::thread::sleep(Duration::from_millis(3_200));
        Ok(())
    })
    .await;
    test.wait_for_delivery().await;
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "the call is not waited for"
    );
    worker.stop().await;
    assert_eq!(
        test.sandbox_state().await["calls"][SEND_GROUP_MESSAGE],
        json!(2)
    );
    assert_eq!(test.group_messages().await.len(), 1);
}

async fn lane_that_cannot_be_planned_holds_no_other_up(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    test.lookup.state().faulty_account = Some(user(2));
    test.enqueue(Delivery::EndLogin { user: user(2) }).await;
    test.enqueue(seat_taken(1, 1)).await;
    test.enqueue(Delivery::EndLogin { user: user(3) }).await;
    let worker = test.start_worker();
    test.wait_until("the other lanes go on", async || {
        test.outbox.stats().await.unwrap().waiting == 1
    })
    .await;
    assert_eq!(test.group_messages().await.len(), 1);
    test.enqueue(seat_freed(1)).await;
    test.wait_until("rounds are whole again", async || {
        test.group_messages().await.len() == 2
    })
    .await;
    test.lookup.state().faulty_account = None;
    test.advance(40);
    test.wait_for_delivery().await;
    worker.stop().await;
    let kicked = test.sandbox_state().await["kicked"].clone();
    assert_eq!(kicked.as_array().unwrap().len(), 2, "{kicked}");
}

/// A rest that lies ahead by more than it can last was written before the clock was set back.
async fn lane_of_a_clock_that_was_set_back_is_delivered(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let ahead = test.clock.now().after(Duration::from_secs(3_600)).millis();
    let (kind, room) = (LaneKind::Room.number(), LIVE.get());
    test.execute(&format!(
        "INSERT INTO outbox_lanes (lane_kind, lane_id, owner, resume_at, failures) \
         VALUES ({kind}, {room}, '', {ahead}, 3)"
    ))
    .await;
    test.enqueue(seat_taken(1, 1)).await;
    test.execute(&format!(
        "UPDATE outbox SET due_at = {ahead}, created_at = {ahead} WHERE status = 0"
    ))
    .await;
    test.deliver().await;
    assert_eq!(test.group_messages().await.len(), 1);
}
