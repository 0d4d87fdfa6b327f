//! `qlive_user/withdraw/` and `qlive_user/withdrawals/`: requesting a withdrawal and seeing it.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    requested_income_is_held_and_paid_when_confirmed,
    repeated_request_id_withdraws_once,
    withdrawal_of_another_user_is_404,
    withdrawal_without_payout_settings_is_409,
);

/// The rows of the user's history: kind, amount, and income after it.
async fn history(client: &TestClient) -> Vec<Value> {
    let wallet = client.wallet().await;
    let rows = wallet["results"].as_array().unwrap();
    rows.iter()
        .map(|row| json!([row["kind"], row["amount"], row["income"]]))
        .collect()
}

async fn requested_income_is_held_and_paid_when_confirmed(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(400, "w1").await;
    assert_eq!(
        (&withdrawal["income"], &withdrawal["fen"]),
        (&json!(400), &json!(4000))
    );
    assert_eq!(
        (&withdrawal["state"], &withdrawal["expires_at"]),
        (&json!("review"), &json!(null))
    );
    assert!(withdrawal.get("package_info").is_none() && withdrawal.get("mch_id").is_none());
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 600), 400)
    );
    app.approve_withdrawal(&withdrawal).await;
    let to_confirm = alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    assert_eq!(
        (&to_confirm["mch_id"], &to_confirm["app_id"]),
        (&json!("1900000001"), &json!(APP))
    );
    let package_info = to_confirm["package_info"].as_str().unwrap();
    assert!(package_info.starts_with("affff"), "{package_info}");
    let millis_left = to_confirm["expires_at"].as_i64().unwrap() - app.clock.now().millis();
    assert!(
        (86_300_000..=86_400_000).contains(&millis_left),
        "{millis_left}"
    );
    let (number, transfer) = app.only_transfer().await;
    assert_eq!(
        (&transfer["fen"], &transfer["name"]),
        (&json!(4000), &json!(""))
    );
    assert!(
        number.bytes().all(|byte| byte.is_ascii_alphanumeric()) && number.len() <= 32,
        "{number}"
    );
    app.finish_transfer(&number, "confirm").await;
    let paid = alice.wait_for_withdrawal(&withdrawal, "paid").await;
    assert!(paid.get("package_info").is_none());
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 600), 0)
    );
    assert_eq!(app.system_balance("paid_out").await, 400);
    assert_eq!(
        history(&alice).await,
        [
            json!(["withdraw", -400, 600]),
            json!(["gift_received", 1000, 1000])
        ]
    );
}

async fn repeated_request_id_withdraws_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let first = alice.withdraw(100, "one").await;
    assert_eq!(alice.withdraw(100, "one").await, first);
    let other_income = alice.try_withdraw(200, "one").await;
    other_income.refused(409, "idempotency_key_reused");
    let body = json!({"income": 100, "request_id": "one", "real_name": "somebody else"});
    let other_name = alice.post("qlive_user/withdraw/", body).await;
    other_name.refused(409, "idempotency_key_reused");
    for answer in join_all((0..10).map(|_| alice.withdraw(200, "two"))).await {
        assert_eq!(answer["income"], 200);
    }
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 700), 300)
    );
    let gift = app.add_gift("another fortune", 300).await;
    let carl = app.guest("carl", Gender::Male).await;
    alice.give(&carl, gift, 1, json!({})).await.ok();
    app.advance(8 * 86_400);
    assert_eq!(
        carl.withdraw(50, "one").await["income"],
        50,
        "each user has request ids of their own"
    );
    app.audit().await;
}

async fn withdrawal_of_another_user_is_404(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let bob = TestClient::login(&app, "bob").await;
    let withdrawal = alice.withdraw(100, "w").await;
    let path = "qlive_user/withdrawals/";
    let to_another_user = bob.get(path, json!({"id": withdrawal["id"]})).await;
    to_another_user.refused(404, "unknown_withdrawal");
    assert_eq!(bob.get(path, json!({})).await.ok(), json!([]));
    assert_eq!(alice.get(path, json!({})).await.ok(), json!([withdrawal]));
}

async fn withdrawal_without_payout_settings_is_409(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut settings = app.settings.clone();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.payouts.transfer_scene_id.clear();
    let second = app.second_instance_from(settings).await;
    let alice = app.earner(1000).await.on_instance(&second);
    let answer = alice.try_withdraw(100, "a").await;
    answer.refused(409, "payouts_off");
    second.close().await;
}
