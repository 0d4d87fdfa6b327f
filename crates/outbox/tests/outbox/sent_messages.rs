//! The messages that a client that missed some can load again.

use qlive_outbox::{BroadcastRef, Delivery, GroupMessage, SentMessage, sent_messages};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::BroadcastId;
use serde_json::json;

use crate::support::{
    BROADCAST, LIVE, SEND_GROUP_MESSAGE, TestOutbox, about, over, seat_freed, seat_taken,
};

on_both!(
    messages_after_a_number_are_returned_in_order,
    messages_that_are_not_of_the_broadcast_or_not_sent_are_left_out,
);

async fn load(test: &TestOutbox, since: i64, limit: i64) -> Vec<SentMessage> {
    test.write(move |conn| sent_messages(conn, about(), since, limit))
        .await
}

fn seqs(messages: &[SentMessage]) -> Vec<i64> {
    messages.iter().map(|message| message.seq).collect()
}

async fn messages_after_a_number_are_returned_in_order(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    assert!(load(&test, 0, 10).await.is_empty());
    test.enqueue_all([seat_taken(1, 1), seat_freed(1), seat_taken(1, 2), over()])
        .await;
    assert!(load(&test, 0, 10).await.is_empty(), "not attempted yet");
    test.deliver().await;
    let all = load(&test, 0, 10).await;
    assert_eq!(seqs(&all), [1, 2, 3, 4]);
    assert_eq!(all[3].message, json!({"type": "over", "content": ""}));
    assert!(all.iter().all(|message| message.broadcast == BROADCAST));
    assert_eq!(all[3].id, test.last_row().await.id);
    assert_eq!(seqs(&load(&test, 2, 10).await), [3, 4]);
    assert_eq!(seqs(&load(&test, 0, 2).await), [3, 4], "the last two");
    assert!(load(&test, 4, 10).await.is_empty());
}

async fn messages_that_are_not_of_the_broadcast_or_not_sent_are_left_out(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let other = Delivery::SendGroupMessage {
        about: BroadcastRef {
            live: LIVE,
            broadcast: BroadcastId::new(4),
        },
        message: GroupMessage::Over {
            reason: "ended".into(),
        },
    };
    test.add_fault(SEND_GROUP_MESSAGE, json!({"errcode": 80001, "times": 1}))
        .await;
    // The first is refused and parked, the second is about another broadcast.
    test.enqueue_all([seat_taken(1, 1), other, seat_freed(1)])
        .await;
    test.deliver().await;
    assert_eq!(seqs(&load(&test, 0, 10).await), [3]);
}
