//! The messages that IM delivers: their fields, order and repetition, and what IM refuses.

use qlive_outbox::Status;
use qlive_outbox::{BroadcastRef, Delivery, GiftMessage, GroupMessage, enqueue};
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_tests::{Stage, TestApp, wait_until};
use qlive_types::{BroadcastId, Gender, LiveId, UserId};
use serde_json::{Value, json};

on_both!(
    messages_carry_consecutive_numbers,
    concurrent_changes_are_merged_into_few_num_messages,
    account_unknown_to_im_is_imported_again,
    group_unknown_to_im_is_created_again,
    refused_message_is_parked_and_the_lane_continues,
    seat_message_is_not_delayed_by_200_gifts_which_are_merged,
    creating_an_existing_group_succeeds,
    rejected_signature_is_replaced_at_once,
    stream_is_not_cut_without_cloud_credentials
);

async fn messages_carry_consecutive_numbers(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    app.wait_for_outbox().await;
    let messages = app.group_messages(&group).await;
    let seqs: Vec<i64> = messages
        .iter()
        .map(|sent| sent["custom"]["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2]);
    let custom = &messages[0]["custom"];
    assert_eq!(custom["live_id"], live);
    assert!(custom["id"].as_i64() < messages[1]["custom"]["id"].as_i64());
    assert_eq!(
        custom["broadcast_id"],
        messages[1]["custom"]["broadcast_id"]
    );
    let age = app.clock.now().millis() - custom["at"].as_i64().unwrap();
    assert!((0..60_000).contains(&age));
    host.invite(&live, &bob).await.ok();
    app.wait_for_outbox().await;
    let invite = app.messages_to(&bob).await.pop().unwrap();
    assert_eq!(
        (&invite["message"]["type"], &invite["custom"]["seq"]),
        (&json!("invite"), &json!(2)),
        "an invitation carries the current number"
    );
    assert_eq!(messages[0]["from"], "administrator");
}

async fn concurrent_changes_are_merged_into_few_num_messages(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let mut guests = Vec::new();
    for number in 0..16 {
        guests.push(app.guest(&format!("guest{number}"), Gender::Male).await);
    }
    futures_util::future::join_all(guests.iter().map(|guest| guest.enter(&live))).await;
    app.wait_for_outbox().await;
    let messages = app.messages_to(&host).await;
    assert!(
        messages.len() < 12,
        "{} for sixteen changes",
        messages.len()
    );
    assert_eq!(
        messages.last().unwrap()["message"]["content"]["num_list"],
        json!([0, 16, 0, 0])
    );
}

async fn account_unknown_to_im_is_imported_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    app.wait_for_outbox().await;
    app.add_fault(json!({"path": "/v4/openim/sendmsg", "errcode": 90012, "times": 1}))
        .await;
    bob.enter(&live).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(
        app.messages_to(&host).await.pop().unwrap()["message"]["type"],
        "num"
    );
    let imports = app
        .sandbox_calls("/v4/im_open_login_svc/account_import")
        .await;
    assert!(
        imports >= 3,
        "host, bob, and the host again after the error"
    );
}

async fn group_unknown_to_im_is_created_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    app.add_fault(
        json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 10010, "times": 1}),
    )
    .await;
    app.guest_on_mic(&live, "bob", Gender::Male).await;
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["on 1"]);
    assert_eq!(
        app.sandbox_calls("/v4/group_open_http_svc/create_group")
            .await,
        2
    );
}

async fn refused_message_is_parked_and_the_lane_continues(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    app.add_fault(json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 80001}))
        .await;
    bob.take_mic(&live).await;
    let list = || async { app.services.outbox.list().await.unwrap() };
    wait_until("the message is parked", async || {
        list().await.iter().any(|row| row.status == Status::Parked)
    })
    .await;
    app.clear_faults().await;
    bob.leave_mic(&live, &bob, Gender::Male).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["off 1"]);
    let listed = list().await;
    assert_eq!((listed.len(), listed[0].status), (1, Status::Parked));
    assert!(listed[0].detail.contains("80001"), "{}", listed[0].detail);
    let retry = || app.services.outbox.retry(app.operator(), listed[0].id);
    assert!(retry().await.unwrap());
    assert!(
        !retry().await.unwrap(),
        "only a parked delivery can be retried"
    );
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await.len(), 2);
}

/// Writes 200 gifts from `giver` to `receiver`, two pieces each, into the outbox.
async fn enqueue_gifts(app: &TestApp, live: &Value, giver: UserId, receiver: UserId) {
    let about = BroadcastRef {
        live: LiveId::new(live.as_i64().unwrap()),
        broadcast: BroadcastId::new(1),
    };
    let now = app.clock.now();
    let enqueued = app.services.db.write(move |conn| {
        for _ in 0..200 {
            let message = GroupMessage::Gift(GiftMessage {
                gift_id: 1,
                gift_title: "rose".into(),
                gift_num: 2,
                gift_image: String::new(),
                effect: String::new(),
                user_id: giver,
                nickname: "eve".into(),
                to_user_id: receiver,
                to_nickname: "bob".into(),
            });
            enqueue(conn, now, &Delivery::SendGroupMessage { about, message })?;
        }
        Ok::<_, StoreError>(())
    });
    enqueued.await.unwrap();
    app.services.outbox.wake();
}

async fn seat_message_is_not_delayed_by_200_gifts_which_are_merged(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let eve = app.guest("eve", Gender::Female).await;
    app.wait_for_outbox().await;
    enqueue_gifts(&app, &live, eve.id(), bob.id()).await;
    bob.take_mic(&live).await;
    app.wait_for_outbox().await;
    let messages = app.group_messages(&group).await;
    let seat = messages
        .iter()
        .position(|sent| sent["message"]["type"] == "reset")
        .unwrap();
    assert!(seat <= 5, "the seat came after {seat} gifts");
    let gifts: Vec<_> = messages
        .iter()
        .filter(|sent| sent["message"]["type"] == "gift")
        .collect();
    let contents = gifts.iter().map(|sent| &sent["message"]["content"]);
    let given: i64 = contents
        .map(|content| content["gift_num"].as_i64().unwrap())
        .sum();
    assert_eq!(given, 400, "no gift is lost");
    assert!(gifts.len() <= 20, "{} messages for 200 gifts", gifts.len());
    assert_eq!(gifts[0]["priority"], "Normal");
    let content = &gifts[0]["message"]["content"];
    let expected = json!({"gift_id": 1, "gift_title": "rose", "gift_num": content["gift_num"],
        "gift_image": "", "effect": "", "user_id": eve.user_id, "nickname": "eve",
        "to_user_id": bob.user_id, "to_nickname": "bob"});
    assert_eq!(content, &expected);
}

async fn creating_an_existing_group_succeeds(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    app.wait_for_outbox().await;
    // As if the answer of the first creation had been lost.
    app.execute_sql("UPDATE rooms SET group_ready = FALSE")
        .await;
    app.grant_matchmaker(&host).await;
    app.wait_for_outbox().await;
    assert_eq!(app.services.outbox.stats().await.unwrap().parked, 0);
    assert_eq!(
        app.sandbox_calls("/v4/group_open_http_svc/create_group")
            .await,
        2
    );
}

async fn rejected_signature_is_replaced_at_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    app.wait_for_outbox().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    app.wait_for_outbox().await;
    app.add_fault(
        json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 70001, "times": 1}),
    )
    .await;
    bob.apply(&live).await.ok();
    bob.accept(&live).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(
        app.sandbox_calls("/v4/group_open_http_svc/send_group_msg")
            .await,
        2
    );
    assert_eq!(app.group_summary(&group).await, ["on 1"]);
    let metrics = app.page("/metrics").await;
    assert!(
        metrics.contains("qlive_upstream_errors_total{system=\"im\"} 0"),
        "a replaced signature is no error"
    );
}

async fn stream_is_not_cut_without_cloud_credentials(db: TestDb) {
    let mut app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    app.settings.live.as_mut().unwrap().secret_id = None;
    let app = app.restart(0).await;
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(app.sandbox_state().await["stream_orders"], json!([]));
    assert_eq!(
        app.services.outbox.stats().await.unwrap().parked,
        0,
        "the delivery is skipped, not parked"
    );
    app.close().await;
}
