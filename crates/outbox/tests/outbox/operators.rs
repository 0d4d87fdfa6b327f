//! What operators see and retry.

use diesel::prelude::*;
use qlive_outbox::Status;
use qlive_store::schema::audit_log;
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use serde_json::json;

use crate::support::{SEND_GROUP_MESSAGE, TestOutbox, operator, seat_freed, seat_taken};

on_both!(
    refused_delivery_is_parked_and_the_lane_continues,
    parked_row_is_retried_once_and_recorded,
    concurrent_retries_succeed_once,
    stats_count_what_is_not_delivered,
);

/// An outbox with one parked and one delivered message. Returns the id of the parked row.
async fn start_with_parked(db: TestDb) -> (TestOutbox, i64) {
    let test = TestOutbox::start_with_group(db).await;
    test.add_fault(SEND_GROUP_MESSAGE, json!({"errcode": 80001, "times": 1}))
        .await;
    test.enqueue_all([seat_taken(1, 1), seat_freed(1)]).await;
    test.deliver().await;
    let listed = test.outbox.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    (test, listed[0].id)
}

async fn refused_delivery_is_parked_and_the_lane_continues(db: TestDb) {
    let (test, parked) = start_with_parked(db).await;
    let messages = test.group_messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["message"]["content"]["content_type"], "off");
    test.enqueue(seat_taken(2, 2)).await;
    let listed = test.outbox.list().await.unwrap();
    let summary: Vec<_> = listed.iter().map(|row| (row.id, row.status)).collect();
    let waiting = test.last_row().await.id;
    assert_eq!(
        summary,
        [(parked, Status::Parked), (waiting, Status::Waiting)],
        "parked rows first"
    );
    assert!(listed[0].detail.contains("80001"), "{}", listed[0].detail);
    assert_eq!(listed[0].attempts, 1);
    let shown = serde_json::to_value(&listed[0]).unwrap();
    assert_eq!(
        (&shown["status"], &shown["lane"]),
        (&json!("parked"), &json!("room:1"))
    );
}

async fn parked_row_is_retried_once_and_recorded(db: TestDb) {
    let (test, parked) = start_with_parked(db).await;
    let retry = async |id: i64| test.outbox.retry(operator(), id).await.unwrap();
    assert!(retry(parked).await);
    assert!(!retry(parked).await, "it waits");
    assert!(!retry(test.last_row().await.id).await, "it is delivered");
    assert!(!retry(999).await, "there is no such row");
    test.deliver().await;
    assert_eq!(test.group_messages().await.len(), 2);
    assert!(test.outbox.list().await.unwrap().is_empty());
    let recorded: Vec<(String, String, String)> = test
        .write(|conn| {
            let columns = (audit_log::who, audit_log::action, audit_log::subject);
            Ok::<_, StoreError>(audit_log::table.select(columns).load(conn)?)
        })
        .await;
    let expected = (
        "ops".to_owned(),
        "outbox retry".to_owned(),
        parked.to_string(),
    );
    assert_eq!(recorded, [expected]);
}

async fn concurrent_retries_succeed_once(db: TestDb) {
    let (test, parked) = start_with_parked(db).await;
    let (one, two) = tokio::join!(
        test.outbox.retry(operator(), parked),
        test.outbox.retry(operator(), parked)
    );
    assert_eq!(
        u8::from(one.unwrap()) + u8::from(two.unwrap()),
        1,
        "only one finds it parked"
    );
}

async fn stats_count_what_is_not_delivered(db: TestDb) {
    let (test, _) = start_with_parked(db).await;
    let stats = test.outbox.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.parked, stats.oldest), (0, 1, None));
    let written = test.clock.now();
    test.enqueue(seat_taken(1, 1)).await;
    test.advance(60);
    test.enqueue(seat_taken(1, 2)).await;
    let stats = test.outbox.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.parked), (2, 1));
    let oldest = stats.oldest.unwrap();
    assert!(oldest >= written && oldest.since(written).as_secs() < 30);
}
