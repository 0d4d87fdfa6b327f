//! Writing deliveries: their lanes, and the order in which lanes are delivered.

use qlive_outbox::{Delivery, DirectMessage, InvitationResponse, Status, enqueue};
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};

use crate::support::{
    LIVE, SEND_GROUP_MESSAGE, TestOutbox, about, gift, invite, over, seat_freed, seat_taken, user,
};

on_both!(
    delivery_is_written_in_its_lane,
    delivery_is_rolled_back_with_its_cause,
    rows_of_a_lane_are_delivered_in_order,
    failing_lane_does_not_block_other_lanes,
);

async fn delivery_is_written_in_its_lane(db: TestDb) {
    let test = TestOutbox::start(db).await;
    let user = user(2);
    let response = DirectMessage::Response {
        user_id: user,
        response: InvitationResponse::Accept,
    };
    let expected = [
        (seat_taken(1, 1), "room:1"),
        (seat_freed(1), "room:1"),
        (over(), "room:1"),
        (Delivery::CreateGroup { live: LIVE }, "room:1"),
        (Delivery::UpdateGroupProfile { live: LIVE }, "room:1"),
        (gift(1, 1), "gift:1"),
        (Delivery::SendApplicantCounts { about: about() }, "num:1"),
        (invite(&test.clock), "user:10000002"),
        (
            Delivery::SendDirectMessage {
                about: about(),
                to: user,
                message: response,
            },
            "user:10000002",
        ),
        (Delivery::ImportAccount { user }, "user:10000002"),
        (Delivery::UpdateAccountProfile { user }, "user:10000002"),
        (Delivery::EndLogin { user }, "user:10000002"),
        (Delivery::DropStream { user }, "stream:10000002"),
        (Delivery::ForbidStream { user }, "stream:10000002"),
        (Delivery::ResumeStream { user }, "stream:10000002"),
    ];
    let deliveries = expected.iter().map(|(delivery, _)| delivery.clone());
    test.enqueue_all(deliveries).await;
    let listed = test.outbox.list().await.unwrap();
    assert_eq!(listed.len(), expected.len());
    for (row, (delivery, lane)) in listed.iter().zip(&expected) {
        assert_eq!(row.lane.to_string(), *lane, "{delivery:?}");
        assert_eq!((row.status, row.attempts), (Status::Waiting, 0));
        assert_eq!(row.delivery, serde_json::to_value(delivery).unwrap());
    }
}

async fn delivery_is_rolled_back_with_its_cause(db: TestDb) {
    let test = TestOutbox::start(db).await;
    let now = test.clock.now();
    let refused = test
        .db
        .db
        .write(move |conn| {
            enqueue(conn, now, &over())?;
            Err::<(), _>(StoreError::Corrupt("the cause is refused"))
        })
        .await;
    assert!(refused.is_err());
    assert_eq!(test.rows().await, []);
}

async fn rows_of_a_lane_are_delivered_in_order(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    for round in 1..=5 {
        test.enqueue_all([seat_taken(1, round), seat_freed(1)])
            .await;
    }
    test.deliver().await;
    let messages = test.group_messages().await;
    let seqs: Vec<_> = messages
        .iter()
        .map(|message| message["custom"]["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=10).collect::<Vec<_>>());
    let rounds: Vec<_> = messages
        .iter()
        .map(|message| message["message"]["content"]["round"].as_i64())
        .collect();
    let expected: Vec<_> = (1..=5).flat_map(|round| [Some(round), None]).collect();
    assert_eq!(rounds, expected);
}

async fn failing_lane_does_not_block_other_lanes(db: TestDb) {
    use serde_json::json;
    let test = TestOutbox::start_with_group(db).await;
    test.add_fault(SEND_GROUP_MESSAGE, json!({"status": 500}))
        .await;
    test.enqueue_all([seat_taken(1, 1), invite(&test.clock)])
        .await;
    let worker = test.start_worker();
    test.wait_until("the invitation is delivered", async || {
        !test.messages_to(2).await.is_empty()
    })
    .await;
    assert!(test.group_messages().await.is_empty());
    test.clear_faults().await;
    test.wait_for_delivery().await;
    worker.stop().await;
    assert_eq!(test.group_messages().await.len(), 1);
}
