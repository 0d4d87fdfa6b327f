//! The messages that clients receive: texts, data beside the text, merging, repetition.

use qlive_outbox::{
    BroadcastRef, Delivery, DirectMessage, InvitationResponse, Status, current_seq,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::LiveId;
use serde_json::json;

use crate::support::{
    BROADCAST, LIVE, SEND_GROUP_MESSAGE, TestOutbox, about, gift, invite, over, seat_freed,
    seat_taken, user,
};

on_both!(
    group_message_carries_number_and_reason,
    messages_of_both_lanes_of_a_group_share_one_sequence,
    direct_messages_have_their_texts,
    applicant_counts_are_merged_and_counted_when_sent,
    waiting_gifts_of_one_giver_become_one_message,
    repeated_attempt_sends_the_same_message,
    message_of_an_unknown_room_is_skipped,
);

async fn group_message_carries_number_and_reason(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    test.enqueue_all([seat_freed(1), over()]).await;
    let before = test.clock.now().millis();
    test.deliver().await;
    let messages = test.group_messages().await;
    let texts: Vec<_> = messages.iter().map(|message| &message["message"]).collect();
    let freed = json!({"type": "reset",
        "content": {"content_type": "off", "user_id": user(2).to_string(), "gender": 1}});
    assert_eq!(texts, [&freed, &json!({"type": "over", "content": ""})]);
    let ids: Vec<_> = test.rows().await.iter().map(|row| row.id).collect();
    for (index, message) in messages.iter().enumerate() {
        let custom = &message["custom"];
        assert_eq!(custom["seq"], json!(index + 1));
        assert_eq!(custom["id"], json!(ids[ids.len() - 2 + index]));
        assert_eq!(custom["live_id"], json!(LIVE));
        assert_eq!(custom["broadcast_id"], json!(BROADCAST));
        assert!((custom["at"].as_i64().unwrap() - before).abs() < 60_000);
        assert_eq!(message["from"], "administrator");
        assert_eq!(message["priority"], "High");
    }
    assert!(messages[0]["custom"].get("reason").is_none());
    assert_eq!(messages[1]["custom"]["reason"], "ended");
}

async fn messages_of_both_lanes_of_a_group_share_one_sequence(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let seq = async || test.write(|conn| current_seq(conn, LIVE)).await;
    assert_eq!(seq().await, 0);
    for round in 1..=4 {
        let deliveries = [seat_taken(1, round), gift(round, 1)];
        test.enqueue_all(deliveries).await;
    }
    test.deliver().await;
    assert_eq!(seq().await, 8);
    let mut seqs: Vec<_> = test.rows().await.iter().filter_map(|row| row.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=8).collect::<Vec<_>>());
    let gifts = test.group_messages().await;
    let gifts = gifts
        .iter()
        .filter(|message| message["message"]["type"] == "gift");
    assert!(gifts.clone().count() == 4 && gifts.clone().all(|gift| gift["priority"] == "Normal"));
}

async fn direct_messages_have_their_texts(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let direct = |to: i64, message: DirectMessage| Delivery::SendDirectMessage {
        about: about(),
        to: user(to),
        message,
    };
    let response = |response| DirectMessage::Response {
        user_id: user(2),
        response,
    };
    let reason = "host".into();
    test.enqueue_all([
        seat_taken(1, 1),
        invite(&test.clock),
        direct(2, DirectMessage::Kickout { reason }),
        direct(1, response(InvitationResponse::Accept)),
        direct(1, response(InvitationResponse::Reject)),
        direct(1, response(InvitationResponse::Timeout)),
    ])
    .await;
    test.deliver().await;
    let guest = test.messages_to(2).await;
    let group = json!({"group_id": "group-1"});
    assert_eq!(
        guest[0]["message"],
        json!({"type": "invite", "content": group})
    );
    assert_eq!(
        guest[1]["message"],
        json!({"type": "kickout", "content": group})
    );
    assert_eq!(guest[1]["custom"]["reason"], "host");
    assert!(guest.iter().all(|message| message["lifetime"] == json!(60)));
    let host = test.messages_to(1).await;
    for (message, word) in host.iter().zip(["accept", "reject", "timeout"]) {
        let content = json!({"group_id": "group-1", "user_id": user(2).to_string(), "data": word});
        assert_eq!(
            message["message"],
            json!({"type": "response", "content": content})
        );
    }
    assert_eq!(host.len(), 3);
    // Direct messages carry the number of the last group message.
    test.enqueue(direct(3, response(InvitationResponse::Accept)))
        .await;
    test.deliver().await;
    assert_eq!(test.messages_to(3).await[0]["custom"]["seq"], json!(1));
}

async fn applicant_counts_are_merged_and_counted_when_sent(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let counts = Delivery::SendApplicantCounts { about: about() };
    test.enqueue_all(vec![counts; 3]).await;
    test.lookup.state().counts = [1, 2, 3, 4];
    test.deliver().await;
    let messages = test.messages_to(1).await;
    assert_eq!(messages.len(), 1);
    let content = json!({"group_id": "group-1", "num_list": [1, 2, 3, 4]});
    assert_eq!(
        messages[0]["message"],
        json!({"type": "num", "content": content})
    );
    assert_eq!(
        messages[0]["lifetime"],
        json!(0),
        "only for a host who is online"
    );
    let rows = test.rows().await;
    let details: Vec<_> = rows[rows.len() - 3..]
        .iter()
        .map(|row| (row.status, row.detail.as_str()))
        .collect();
    let skipped = (Status::Skipped.number(), "merged");
    assert_eq!(
        details,
        [(Status::Delivered.number(), ""), skipped, skipped]
    );
}

async fn waiting_gifts_of_one_giver_become_one_message(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    test.enqueue_all([gift(1, 2), gift(2, 1), gift(1, 3)]).await;
    test.deliver().await;
    let messages = test.group_messages().await;
    let gifts: Vec<_> = messages
        .iter()
        .map(|message| {
            let content = &message["message"]["content"];
            (content["nickname"].clone(), content["gift_num"].clone())
        })
        .collect();
    assert_eq!(
        gifts,
        [(json!("user 1"), json!(5)), (json!("user 2"), json!(1))]
    );
    assert_eq!(
        test.last_result().await,
        (Status::Skipped, "merged".to_owned())
    );
}

async fn repeated_attempt_sends_the_same_message(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    test.add_fault(SEND_GROUP_MESSAGE, json!({"drop_answer": true, "times": 1}))
        .await;
    test.enqueue(gift(1, 2)).await;
    let worker = test.start_worker();
    test.wait_until("the first attempt failed", async || {
        !test.last_row().await.detail.is_empty()
    })
    .await;
    let first = test.last_row().await;
    // Another gift of the same giver is not merged into the one that was attempted.
    test.enqueue(gift(1, 1)).await;
    test.wait_for_delivery().await;
    worker.stop().await;
    let received = test.sandbox_get("/sandbox/messages?group=group-1").await;
    assert_eq!(received.as_array().unwrap().len(), 3);
    for field in ["random", "text", "custom"] {
        assert_eq!(received[0][field], received[1][field], "{field}");
    }
    assert_eq!(received[1]["double"], json!(true), "IM drops the second");
    let rows = test.rows().await;
    let second = rows.iter().find(|row| row.id == first.id).unwrap();
    assert_eq!((second.seq, second.random), (first.seq, first.random));
    assert_eq!(second.content, first.content);
    assert_eq!((first.attempts, second.attempts), (1, 2));
    assert_eq!(second.status, Status::Delivered.number());
}

async fn message_of_an_unknown_room_is_skipped(db: TestDb) {
    let test = TestOutbox::start_with_group(db).await;
    let about = BroadcastRef {
        live: LiveId::new(9),
        broadcast: BROADCAST,
    };
    let message = qlive_outbox::GroupMessage::Over {
        reason: "ended".into(),
    };
    test.enqueue(Delivery::SendGroupMessage { about, message })
        .await;
    test.deliver().await;
    assert_eq!(
        test.last_result().await,
        (Status::Skipped, "no such room".to_owned())
    );
    assert!(test.group_messages().await.is_empty());
}
