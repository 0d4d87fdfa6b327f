//! How many messages the outbox delivers when there are always some waiting in every room.

use std::time::{Duration, Instant};

use qlive_outbox::{BroadcastRef, Delivery, GiftMessage, GroupMessage};
use qlive_types::{BroadcastId, LiveId, UserId};

use crate::crowd::{Crowd, FIRST_BROADCAST, SEATS, now_millis};
use crate::database::Database;
use crate::report::Row;
use crate::stand_in::StandIn;

/// In how many rooms messages are sent.
const ROOMS: i64 = 1_000;
/// How many messages wait in a room at most.
const WAITING_IN_ROOM: i64 = 4;
/// How often messages are added.
const INTERVAL: Duration = Duration::from_millis(50);
/// How long messages are delivered before they are counted.
const WARM_UP: Duration = Duration::from_secs(2);
/// How long those that wait at the end may take.
const DRAIN: Duration = Duration::from_secs(60);

/// Measures how many messages IM receives, and adds to the row how many were not delivered in the
/// end, and how many came out of order.
pub(crate) async fn measure_messages(
    database: &Database,
    stand_in: &StandIn,
    duration: Duration,
    row: &mut Row,
) {
    let before = stand_in.counts.read();
    let last_row = database
        .number("SELECT COALESCE(MAX(id), 0) FROM outbox")
        .await;
    let begun = Instant::now();
    let mut added = 0;
    let mut measured = None;
    while begun.elapsed() < WARM_UP + duration {
        if measured.is_none() && begun.elapsed() >= WARM_UP {
            measured = Some((Instant::now(), stand_in.counts.read().group_messages));
        }
        let received = stand_in.counts.read().group_messages - before.group_messages;
        let missing = ROOMS * WAITING_IN_ROOM - (added - received);
        if missing >= ROOMS {
            add_messages(database, added, missing).await;
            added += missing;
        }
        tokio::time::sleep(INTERVAL).await;
    }
    let (since, at_start) = measured.unwrap();
    let after = stand_in.counts.read();
    let received = after.group_messages - at_start;
    row.add(
        "per_second",
        received as f64 / since.elapsed().as_secs_f64(),
    );
    wait_for_delivery(database).await;
    let after = stand_in.counts.read();
    // Gifts that became one message are not lost.
    let undelivered = format!(
        "SELECT COUNT(*) FROM outbox WHERE id > {last_row} AND status <> 1 AND detail <> 'merged'"
    );
    row.add("undelivered", database.number(&undelivered).await as f64);
    row.add(
        "out_of_order",
        (after.out_of_order - before.out_of_order) as f64,
    );
}

/// Adds messages about gifts, each room in its turn. Neighbours in a room have different givers:
/// gifts of one giver would become one message.
async fn add_messages(database: &Database, first: i64, count: i64) {
    let now = now_millis();
    let rows = (first..first + count).map(|number| {
        let room = number % ROOMS + 1;
        let delivery = serde_json::to_string(&gift_message(room, number / ROOMS)).unwrap();
        format!(
            "(2, {room}, '{delivery}', 0, {now}, {now}, {}, 0, '')",
            number + 1
        )
    });
    let rows: Vec<String> = rows.collect();
    database
        .execute(format!(
            "INSERT INTO outbox (lane_kind, lane_id, delivery, status, created_at, due_at, random,
                attempts, detail) VALUES {}",
            rows.join(", ")
        ))
        .await;
}

fn gift_message(room: i64, turn: i64) -> Delivery {
    let user = |seat| UserId::new(Crowd::user(room, seat)).unwrap();
    Delivery::SendGroupMessage {
        about: BroadcastRef {
            live: LiveId::new(room),
            broadcast: BroadcastId::new(FIRST_BROADCAST + room),
        },
        message: GroupMessage::Gift(GiftMessage {
            gift_id: 4,
            gift_title: "巧克力".into(),
            gift_num: 1,
            gift_image: "https://example.com/gifts/chocolate.png".into(),
            effect: "chocolate".into(),
            user_id: user(3 + turn % (SEATS - 3)),
            nickname: "用户".into(),
            to_user_id: user(0),
            to_nickname: "红娘".into(),
        }),
    }
}

async fn wait_for_delivery(database: &Database) {
    let begun = Instant::now();
    let waiting = "SELECT COUNT(*) FROM outbox WHERE status = 0";
    while database.number(waiting).await > 0 && begun.elapsed() < DRAIN {
        tokio::time::sleep(INTERVAL).await;
    }
}
