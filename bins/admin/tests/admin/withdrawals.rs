//! `withdrawals`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

use crate::process::{run, run_admin_as, run_refused};

on_both!(large_withdrawal_needs_two_operators);

async fn large_withdrawal_needs_two_operators(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = (
        app.guest("bob", Gender::Male).await,
        app.guest("alice", Gender::Female).await,
    );
    app.set_config("EXCHANGE_RATE", "1").await;
    app.grant(&bob, 30_000).await;
    let gift = app.add_gift("fortune", 30_000).await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    app.advance(8 * 86_400);
    let ask = |income: i64, id: &'static str| {
        alice.post(
            "qlive_user/withdraw/",
            json!({"income": income, "request_id": id}),
        )
    };
    let (small, large) = (
        ask(100, "a").await.ok()["id"].to_string(),
        ask(10_001, "b").await.ok()["id"].to_string(),
    );
    let listed = run(&app, &["withdrawals", "list"]).await;
    assert_eq!(
        (
            &listed[0]["state"],
            &listed[0]["amount"],
            &listed[1]["amount"]
        ),
        (&json!("review"), &json!("10"), &json!("1000.1"))
    );
    run(&app, &["withdrawals", "reject", &small, "--reason", "no"]).await;
    assert_eq!(alice.balances().await, (0, 30_000 - 10_001));
    run(&app, &["withdrawals", "approve", &large]).await;
    assert!(
        run_refused(&app, &["withdrawals", "approve", &large])
            .await
            .contains("another operator")
    );
    assert!(
        run_admin_as(&app, "pavel", &["withdrawals", "approve", &large])
            .await
            .status
            .success()
    );
    wait_until("the transfer waits for the user", || async {
        alice
            .get("qlive_user/withdrawals/", json!({"id": large}))
            .await
            .ok()["state"]
            == "confirm"
    })
    .await;
    run_refused(
        &app,
        &["withdrawals", "reject", &large, "--reason", "too late"],
    )
    .await;
    run_refused(&app, &["withdrawals", "approve", "999"]).await;
}
