//! What is skipped after an outage, and how failures are recorded.

use std::sync::atomic::Ordering;

use qlive_outbox::{Delivery, Status};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::BroadcastId;
use serde_json::json;

use crate::support::{
    SEND_GROUP_MESSAGE, TestOutbox, about, gift, invite, over, seat_freed, seat_taken,
};

on_both!(
    after_an_outage_only_the_present_state_is_delivered,
    after_an_outage_an_ended_broadcast_gets_only_its_end,
    failure_is_recorded_and_the_lane_rests,
    row_that_cannot_be_read_is_parked,
);

async fn after_an_outage_only_the_present_state_is_delivered(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let counts = Delivery::SendApplicantCounts { about: about() };
    test.enqueue_all([
        seat_taken(1, 1),
        seat_freed(1),
        seat_taken(2, 2),
        seat_taken(1, 3),
        gift(1, 1),
        invite(&test.clock),
        counts,
    ])
    .await;
    test.advance(3_600);
    test.deliver().await;
    let rounds: Vec<_> = test
        .group_messages()
        .await
        .iter()
        .map(|message| message["message"]["content"]["round"].clone())
        .collect();
    assert_eq!(rounds, [json!(2), json!(3)], "the last change of each seat");
    assert!(test.messages_to(2).await.is_empty());
    assert_eq!(test.messages_to(1).await.len(), 1, "the counts");
    let rows = test.rows().await;
    let details: Vec<_> = rows[rows.len() - 7..]
        .iter()
        .map(|row| row.detail.as_str())
        .collect();
    let changed = "the seat changed again";
    assert_eq!(
        details,
        [
            changed,
            changed,
            "",
            "",
            "older than 30 s",
            "the invitation expired",
            ""
        ]
    );
}

async fn after_an_outage_an_ended_broadcast_gets_only_its_end(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    test.enqueue_all([seat_taken(1, 1), over()]).await;
    test.lookup.change_room(|room| room.broadcast = None);
    test.advance(600);
    test.deliver().await;
    let messages = test.group_messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["message"]["type"], "over");
    // And nothing at all once another broadcast is live.
    test.enqueue_all([seat_taken(1, 2), over()]).await;
    test.lookup
        .change_room(|room| room.broadcast = Some(BroadcastId::new(6)));
    test.advance(600);
    test.deliver().await;
    assert_eq!(test.group_messages().await.len(), 1);
    let expected = (Status::Skipped, "a new broadcast is live".to_owned());
    assert_eq!(test.last_result().await, expected);
}

async fn failure_is_recorded_and_the_lane_rests(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    test.add_fault(SEND_GROUP_MESSAGE, json!({"errcode": 10002}))
        .await;
    test.enqueue(seat_taken(1, 1)).await;
    let worker = test.start_worker();
    test.wait_until("two attempts failed", async || {
        test.last_row().await.attempts == 2
    })
    .await;
    let (status, detail) = test.last_result().await;
    assert_eq!(status, Status::Waiting);
    assert!(detail.contains("10002"), "{detail}");
    let calls = &test.sandbox_state().await["calls"];
    assert!(calls[SEND_GROUP_MESSAGE].as_i64().unwrap() <= 3, "{calls}");
    test.clear_faults().await;
    test.advance(40);
    test.wait_for_delivery().await;
    worker.stop().await;
    assert!(test.outbox.failures().im.load(Ordering::Relaxed) >= 2);
    assert_eq!(test.outbox.failures().css.load(Ordering::Relaxed), 0);
    assert_eq!(test.group_messages().await.len(), 1);
}

async fn row_that_cannot_be_read_is_parked(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    test.enqueue_all([seat_taken(1, 1), seat_freed(1)]).await;
    let rows = test.rows().await;
    let id = rows[rows.len() - 2].id;
    test.execute(&format!(
        "UPDATE outbox SET delivery = '{{\"do\":\"unknown\"}}' WHERE id = {id}"
    ))
    .await;
    test.deliver().await;
    assert_eq!(test.group_messages().await.len(), 1);
    let rows = test.rows().await;
    let row = rows.iter().find(|row| row.id == id).unwrap();
    assert_eq!(row.status, Status::Parked.number());
    assert!(row.detail.contains("cannot read"), "{}", row.detail);
}
