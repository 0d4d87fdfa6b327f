//! `qlive_gift/push_gift/`: what a gift costs, what the receiver gets, and which gifts are refused.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, gifts};
use qlive_types::Page;
use serde_json::json;

on_both!(
    gift_turns_gold_into_income_at_the_exchange_rate,
    gold_is_spent_before_income,
    insufficient_balance_fails_and_moves_nothing,
    invalid_or_missing_parameters_are_400,
    unknown_gift_or_receiver_is_404_and_banned_giver_is_403,
    live_id_of_a_room_without_both_users_is_409,
    sent_gift_keeps_its_name_and_price,
);

const PATH: &str = "qlive_gift/push_gift/";

async fn gift_turns_gold_into_income_at_the_exchange_rate(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("bear", 15).await;
    let answer = bob.give(&alice, gift, 3, json!({})).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(
        answer.ok(),
        json!({"status": "success", "code": "success", "gold": 55, "income": 0})
    );
    assert_eq!(
        alice.balances().await,
        (0, 22),
        "half of 45 is rounded down"
    );
    assert_eq!(bob.balances().await, (55, 0));
    assert_eq!(app.system_balance("platform").await, 23);
    assert_eq!(app.system_balance("grants").await, -100);
    let body = json!({"user_id": alice.user_id, "gift_id": gift, "num": "1"});
    let by_post = bob.post(PATH, body).await;
    assert_eq!(by_post.ok()["gold"], 40);
    app.set_config("EXCHANGE_RATE", "1").await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    assert_eq!(
        alice.balances().await,
        (0, 22 + 7 + 15),
        "the latest gift uses the current rate"
    );
}

async fn gold_is_spent_before_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.set_config("EXCHANGE_RATE", "1").await;
    app.grant(&alice, 10).await;
    let gift = app.add_gift("one coin", 1).await;
    alice.give(&bob, gift, 10, json!({})).await.ok();
    app.grant(&bob, 4).await;
    assert_eq!(bob.balances().await, (4, 10));
    let answer = bob.give(&alice, gift, 7, json!({})).await.ok();
    assert_eq!((&answer["gold"], &answer["income"]), (&json!(0), &json!(7)));
    app.audit().await;
}

async fn insufficient_balance_fails_and_moves_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 9).await;
    let gift = app.add_gift("ten coins", 10).await;
    let failed = json!({
        "status": "failed",
        "code": "failed",
        "detail": "账户余额不足",
        "gold": 9,
        "income": 0,
    });
    assert_eq!(bob.give(&alice, gift, 1, json!({})).await.ok(), failed);
    assert_eq!(
        (bob.balances().await, alice.balances().await),
        ((9, 0), (0, 0))
    );
    let sent = app
        .services
        .gifts
        .list_sent(Some(bob.id()), None, Page::FIRST);
    assert!(sent.await.unwrap().is_empty());
}

async fn invalid_or_missing_parameters_are_400(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    for num in [
        json!(0),
        json!(-1),
        json!(10_000),
        json!("x"),
        json!("9223372036854775807"),
    ] {
        let query = json!({"user_id": alice.user_id, "gift_id": gifts::ROSE, "num": num});
        let refused = bob.get(PATH, query).await.refused(400, "invalid");
        assert_eq!(refused["field"], "num");
    }
    let to_oneself = bob.give(&bob, gifts::ROSE, 1, json!({})).await;
    let refused = to_oneself.refused(400, "to_oneself");
    assert_eq!(refused["field"], "user_id");
    let most_expensive = app.add_gift("most expensive", (1 << 53) - 1).await;
    let too_much = bob.give(&alice, most_expensive, 2, json!({})).await;
    assert_eq!(too_much.refused(400, "invalid")["field"], "num");
    let insufficient = bob.give(&alice, most_expensive, 1, json!({})).await;
    assert_eq!(insufficient.ok()["code"], "failed");
    for id in ["a b", "ü", &"x".repeat(65)] {
        let extra = json!({"request_id": id});
        let answer = bob.give(&alice, gifts::ROSE, 1, extra).await;
        answer.refused(400, "invalid");
    }
    for missing in ["user_id", "gift_id", "num"] {
        let mut query = json!({"user_id": alice.user_id, "gift_id": gifts::ROSE, "num": 1});
        query.as_object_mut().unwrap().remove(missing);
        let refused = bob.get(PATH, query).await.refused(400, "missing");
        assert_eq!(refused["field"], missing);
    }
    assert_eq!(bob.balances().await, (100, 0));
    app.audit().await;
}

async fn unknown_gift_or_receiver_is_404_and_banned_giver_is_403(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    let unknown_gift = bob.give(&alice, 999, 1, json!({})).await;
    unknown_gift.refused(404, "unknown_gift");
    let query = json!({"user_id": "10000000", "gift_id": gifts::ROSE, "num": 1});
    bob.get(PATH, query).await.refused(404, "unknown_user");
    app.ban(bob.id()).await;
    let by_banned_user = bob.give(&alice, gifts::ROSE, 1, json!({})).await;
    by_banned_user.refused(403, "banned");
    assert_eq!(bob.balances().await, (100, 0));
    app.audit().await;
}

async fn live_id_of_a_room_without_both_users_is_409(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    app.grant(&bob, 100).await;
    let in_room = json!({"live_id": stage.live});
    let both_inside = bob.give(&alice, gifts::ROSE, 1, in_room.clone()).await;
    both_inside.ok();
    let extra = json!({"live_id": 999});
    let unknown_room = bob.give(&alice, gifts::ROSE, 1, extra).await;
    unknown_room.refused(409, "not_in_room");
    alice.leave(&stage.live).await.ok();
    let receiver_outside = bob.give(&alice, gifts::ROSE, 1, in_room).await;
    receiver_outside.refused(409, "not_in_room");
    assert_eq!(bob.balances().await, (99, 0));
}

async fn sent_gift_keeps_its_name_and_price(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("bear", 10).await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    let disabled = app.services.gifts.disable(app.operator(), gift).await;
    disabled.unwrap();
    app.execute_sql("UPDATE gifts SET price = 99, name = 'x'")
        .await;
    let sent = app
        .services
        .gifts
        .list_sent(Some(alice.id()), None, Page::FIRST);
    let sent = &sent.await.unwrap()[0];
    assert_eq!(
        (
            sent.name.as_str(),
            sent.price,
            sent.cost,
            sent.receiver_share
        ),
        ("bear", 10, 10, 5)
    );
}
