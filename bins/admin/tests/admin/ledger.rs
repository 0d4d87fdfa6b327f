//! `ledger`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

use crate::process::{run, run_admin, run_refused};

on_both!(
    grant_is_shown_and_reversed_once,
    grant_without_reason_user_or_valid_amount_is_refused,
    audit_of_a_changed_balance_fails_and_names_it
);

async fn grant_is_shown_and_reversed_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let credit = [
        "ledger",
        "credit",
        &bob.user_id,
        "100",
        "--reason",
        "a prize",
    ];
    let given = run(&app, &credit).await;
    assert_eq!(given["gold"], 100);
    assert_eq!(bob.balances().await, (100, 0));
    let shown = run(&app, &["ledger", "show", &bob.user_id]).await;
    assert_eq!(shown["granted"], 100);
    assert_eq!(shown["latest"][0]["amount"], 100);
    assert_eq!(shown["latest"][0]["kind"], "Grant");
    let entry = given["entry"].to_string();
    let reversal = ["ledger", "reverse", &entry, "--reason", "a mistake"];
    run(&app, &reversal).await;
    assert_eq!(bob.balances().await, (0, 0));
    let refused = run_refused(&app, &reversal).await;
    assert!(refused.contains("reversed before"), "{refused}");
}

async fn grant_without_reason_user_or_valid_amount_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for coins in ["0", "-5", "9007199254740992", "x"] {
        let credit = [
            "ledger",
            "credit",
            &bob.user_id,
            "--reason",
            "r",
            "--",
            coins,
        ];
        run_refused(&app, &credit).await;
    }
    let blank = ["ledger", "credit", &bob.user_id, "5", "--reason", " "];
    let refused = run_refused(&app, &blank).await;
    assert!(refused.contains("give a reason"), "{refused}");
    let unknown = ["ledger", "credit", "10000000", "5", "--reason", "r"];
    run_refused(&app, &unknown).await;
    assert_eq!(bob.balances().await, (0, 0));
}

async fn audit_of_a_changed_balance_fails_and_names_it(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    app.grant(&bob, 100).await;
    let order = bob.create_order(1).await;
    app.pay(&order).await;
    let found = run(&app, &["ledger", "audit"]).await;
    assert_eq!(
        (
            &found["in_order"],
            &found["entries"],
            &found["systems"]["grants"]
        ),
        (&json!(true), &json!(2), &json!(-100))
    );
    wait_until("the entries are sealed", || async {
        run(&app, &["ledger", "audit"]).await["sealed"] == 2
    })
    .await;
    // The owner of the database changes a balance.
    let statement = format!(
        "UPDATE ledger_balances SET bought = bought + 1 WHERE user_id = {}",
        bob.user_id
    );
    app.execute_sql(&statement).await;
    let said = run_refused(&app, &["ledger", "audit"]).await;
    assert!(
        said.contains(&format!(
            "user {}: the balance bought is 61, its transfers come to 60",
            bob.user_id
        )),
        "{said}"
    );
    app.execute_sql(&statement.replace("+ 1", "- 1")).await;
    app.execute_sql("UPDATE orders SET gold = 61").await;
    assert_eq!(
        run_admin(&app, &["ledger", "audit"]).await.status.code(),
        Some(1)
    );
    let said = run_refused(&app, &["ledger", "audit"]).await;
    assert!(
        said.contains(order["out_trade_no"].as_str().unwrap()),
        "{said}"
    );
}
