//! `qlive_gift/push_gift/`: the message that the room's IM group receives.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, gifts};
use qlive_types::Page;
use serde_json::json;

on_both!(
    gift_message_is_sent_when_both_are_in_the_room,
    free_gift_moves_no_coins_and_sends_one_message_per_request_id,
    gift_messages_are_sent_in_the_order_of_payment,
    no_gift_message_is_sent_when_clients_send_signals,
);

async fn gift_message_is_sent_when_both_are_in_the_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("bear", 10).await;
    bob.give(&alice, gift, 2, json!({})).await.ok();
    app.wait_for_outbox().await;
    let messages = app.group_messages(&stage.group).await;
    let content = json!({
        "gift_id": gift,
        "gift_title": "bear",
        "gift_num": 2,
        "gift_image": "https://pictures.example.com/gift.png",
        "effect": "e",
        "user_id": bob.user_id,
        "nickname": "bob",
        "to_user_id": alice.user_id,
        "to_nickname": "alice",
    });
    assert_eq!(
        messages.last().unwrap()["message"],
        json!({"type": "gift", "content": content})
    );
    alice.leave(&stage.live).await.ok();
    bob.give(&alice, gift, 1, json!({})).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(
        app.group_messages(&stage.group).await.len(),
        messages.len(),
        "no message when the receiver has left"
    );
}

async fn free_gift_moves_no_coins_and_sends_one_message_per_request_id(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    let free = json!({"status": "success", "code": "success", "gold": 0, "income": 0});
    for _ in 0..2 {
        let extra = json!({"request_id": "like"});
        let answer = bob.give(&alice, gifts::LIKE, 5, extra).await;
        assert_eq!(answer.ok(), free);
    }
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&stage.group).await, ["gift"]);
    let live = serde_json::from_value(stage.live).unwrap();
    let sent = app.services.gifts.list_sent(None, Some(live), Page::FIRST);
    assert_eq!(sent.await.unwrap().len(), 1);
    assert_eq!(app.audit().await.entries, 0);
}

async fn gift_messages_are_sent_in_the_order_of_payment(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    app.grant(&bob, 1_000).await;
    // Different gifts, so that each message is recognized by its gift.
    let mut gifts = Vec::new();
    for number in 0..16 {
        gifts.push(app.add_gift(&format!("gift {number}"), 1).await);
    }
    let giving = gifts
        .iter()
        .map(|gift| bob.give(&alice, *gift, 1, json!({})));
    let answers = join_all(giving).await;
    let mut paid: Vec<(i64, i64)> = answers
        .into_iter()
        .zip(&gifts)
        .map(|(answer, gift)| (answer.ok()["gold"].as_i64().unwrap(), *gift))
        .collect();
    paid.sort_by_key(|(gold_left, _)| -gold_left);
    let expected: Vec<i64> = paid.into_iter().map(|(_, gift)| gift).collect();
    app.wait_for_outbox().await;
    let messages = app.group_messages(&stage.group).await;
    let sent: Vec<i64> = messages
        .iter()
        .filter_map(|message| message["message"]["content"]["gift_id"].as_i64())
        .collect();
    assert_eq!(sent, expected);
}

async fn no_gift_message_is_sent_when_clients_send_signals(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.im.speaks = qlive_app::SignalSender::Client;
    })
    .await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    bob.give(&alice, gifts::LIKE, 1, json!({})).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&stage.group).await, Vec::<String>::new());
}
