//! Writing several deliveries by one statement.

use qlive_store::{Column, Conn, StoreError, insert_rows};
use qlive_types::{Moment, random};

use crate::delivery::Delivery;
use crate::status::Status;

/// Writes deliveries in the transaction of their causes, in their order. What holds for
/// [`crate::enqueue`] holds for it.
///
/// # Errors
/// A failure of the store.
pub fn enqueue_all(
    conn: &mut Conn,
    now: Moment,
    deliveries: &[Delivery],
) -> Result<(), StoreError> {
    let mut texts = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let text = serde_json::to_string(delivery).ok();
        texts.push(text.ok_or(StoreError::Corrupt("delivery"))?);
    }
    let lanes = deliveries.iter().map(Delivery::lane);
    let due_at = deliveries
        .iter()
        .map(|delivery| now.after(delivery.delay()).millis());
    let each = |value: i64| -> Column { deliveries.iter().map(|_| value).collect() };
    let columns = [
        (
            "lane_kind",
            lanes.clone().map(|lane| lane.kind.number()).collect(),
        ),
        ("lane_id", lanes.map(|lane| lane.id).collect()),
        ("delivery", texts.into_iter().collect()),
        (
            "status",
            deliveries
                .iter()
                .map(|_| Status::Waiting.number())
                .collect(),
        ),
        ("created_at", each(now.millis())),
        ("due_at", due_at.collect()),
        (
            "random",
            deliveries
                .iter()
                .map(|_| i64::from(random::u32()))
                .collect(),
        ),
        ("attempts", deliveries.iter().map(|_| 0_i32).collect()),
        ("detail", deliveries.iter().map(|_| String::new()).collect()),
    ];
    insert_rows(conn, "outbox", &columns)?;
    Ok(())
}
