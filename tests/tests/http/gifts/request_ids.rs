//! `qlive_gift/push_gift/`: repeated requests with the same `request_id`.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, gifts};
use reqwest::Method;
use serde_json::json;

on_both!(
    repeated_request_id_gives_once_and_repeats_the_answer,
    idempotency_key_header_is_a_request_id,
    request_id_can_be_used_again_after_a_failure,
    one_request_id_on_two_instances_gives_once,
    concurrent_repeats_that_spend_the_whole_balance_all_succeed,
);

async fn repeated_request_id_gives_once_and_repeats_the_answer(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("ten coins", 10).await;
    let id = json!({"request_id": "A-z_09"});
    let first = bob.give(&alice, gift, 2, id.clone()).await.ok();
    bob.give(&alice, gift, 1, json!({})).await.ok();
    let repeated = bob.give(&alice, gift, 2, id.clone()).await;
    assert_eq!(repeated.ok(), first);
    assert_eq!(bob.balances().await, (70, 0));
    let other_number = bob.give(&alice, gift, 3, id.clone()).await;
    other_number.refused(409, "idempotency_key_reused");
    let host = app.host().await;
    let other_receiver = bob.give(&host, gift, 2, id.clone()).await;
    other_receiver.refused(409, "idempotency_key_reused");
    app.grant(&alice, 100).await;
    let other_giver = alice.give(&bob, gift, 2, id.clone()).await;
    assert_eq!(
        other_giver.ok()["gold"],
        80,
        "each giver has request ids of their own"
    );
    // A repeated request is answered as before, even when the gift has been disabled since.
    let disabled = app.services.gifts.disable(app.operator(), gift).await;
    disabled.unwrap();
    let new_id = json!({"request_id": "new"});
    let new_request = bob.give(&alice, gift, 2, new_id).await;
    new_request.refused(404, "unknown_gift");
    assert_eq!(bob.give(&alice, gift, 2, id).await.ok(), first);
    app.audit().await;
}

async fn idempotency_key_header_is_a_request_id(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    let path = format!(
        "qlive_gift/push_gift/?user_id={}&gift_id={}&num=1",
        alice.user_id,
        gifts::CHOCOLATE
    );
    let with_header = async |key: &str| {
        let request = bob.request(Method::GET, &path);
        let request = request.header("Idempotency-Key", key);
        bob.send("get", &path, request).await
    };
    for _ in 0..3 {
        assert_eq!(with_header("key-1").await.ok()["gold"], 90);
    }
    let extra = json!({"request_id": "key-1"});
    let with_parameter = bob.give(&alice, gifts::CHOCOLATE, 1, extra).await;
    assert_eq!(with_parameter.ok()["gold"], 90);
    let malformed = with_header("no spaces").await;
    assert_eq!(malformed.refused(400, "invalid")["field"], "request_id");
}

async fn request_id_can_be_used_again_after_a_failure(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    let id = json!({"request_id": "later"});
    let failed = bob.give(&alice, gifts::CHOCOLATE, 1, id.clone()).await;
    assert_eq!(failed.ok()["code"], "failed");
    app.grant(&bob, 10).await;
    let given = bob.give(&alice, gifts::CHOCOLATE, 1, id).await;
    assert_eq!(given.ok()["code"], "success");
}

async fn one_request_id_on_two_instances_gives_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    let bob_on_second = bob.on_instance(&second);
    let clients = (0..10).map(|number| {
        if number % 2 == 0 {
            &bob
        } else {
            &bob_on_second
        }
    });
    let id = json!({"request_id": "one"});
    let giving = clients.map(|client| client.give(&alice, gifts::CHOCOLATE, 3, id.clone()));
    for answer in join_all(giving).await {
        assert_eq!(
            answer.ok(),
            json!({"status": "success", "code": "success", "gold": 70, "income": 0})
        );
    }
    assert_eq!(
        (bob.balances().await, alice.balances().await),
        ((70, 0), (0, 15))
    );
    app.audit().await;
    second.close().await;
}

async fn concurrent_repeats_that_spend_the_whole_balance_all_succeed(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    for round in 0..10 {
        app.grant(&bob, 10).await;
        let id = json!({"request_id": format!("all-{round}")});
        let giving = (0..6).map(|_| bob.give(&alice, gifts::CHOCOLATE, 1, id.clone()));
        for answer in join_all(giving).await {
            assert_eq!(
                answer.ok()["code"],
                "success",
                "every repeat has the answer of the gift"
            );
        }
        assert_eq!(bob.balances().await, (0, 0));
    }
    app.audit().await;
}
