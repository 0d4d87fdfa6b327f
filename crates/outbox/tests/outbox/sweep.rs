//! Old rows are deleted.

use qlive_outbox::Status;
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::TestOutbox;

on_both!(old_delivered_and_skipped_rows_are_deleted);

async fn old_delivered_and_skipped_rows_are_deleted(db: TestDb) {
    let test = TestOutbox::start(db).await;
    let day = 86_400_000;
    let now = test.clock.now().millis();
    // More than one batch of rows that are old enough.
    let rows = [
        (Status::Delivered, now - 4 * day, 1_050),
        (Status::Skipped, now - 4 * day, 5),
        (Status::Parked, now - 4 * day, 2),
        (Status::Delivered, now - 2 * day, 3),
    ];
    for (status, done_at, count) in rows {
        let status = status.number();
        let row = format!("(4, 10000009, '{{}}', {status}, 0, 0, 1, 1, {done_at}, '')");
        let rows = vec![row; count].join(", ");
        test.execute(&format!(
            "INSERT INTO outbox (lane_kind, lane_id, delivery, status, created_at, due_at, \
             random, attempts, done_at, detail) VALUES {rows}"
        ))
        .await;
    }
    let worker = test.start_worker();
    test.wait_until("old rows are deleted", async || {
        test.rows().await.len() <= 5
    })
    .await;
    worker.stop().await;
    let left: Vec<_> = test.rows().await.iter().map(|row| row.status).collect();
    let (parked, delivered) = (Status::Parked.number(), Status::Delivered.number());
    assert_eq!(left, [parked, parked, delivered, delivered, delivered]);
}
