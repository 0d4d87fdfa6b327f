//! `withdrawals`.

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestConsole};
use qlive_types::Gender;
use serde_json::json;

use crate::process::{run, run_admin_as, run_refused};

on_both!(
    large_withdrawal_needs_two_operators,
    second_approval_needs_the_authenticator_of_another_account,
    list_and_approval_show_ban_debt_age_and_refunds_of_givers,
);

async fn large_withdrawal_needs_two_operators(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(30_000).await;
    let (small, large) = (
        alice.withdraw(100, "a").await["id"].to_string(),
        alice.withdraw(10_001, "b").await["id"].to_string(),
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
    let once = run(&app, &["withdrawals", "approve", &large]).await;
    assert!(
        once["result"]
            .as_str()
            .unwrap()
            .starts_with("approved once"),
        "{once}"
    );
    for same in ["olga", "OLGA ", "ol\u{200B}ga"] {
        let refused = run_admin_as(&app, same, &["withdrawals", "approve", &large]).await;
        let text = String::from_utf8_lossy(&refused.stderr);
        assert!(
            !refused.status.success() && text.contains("another operator"),
            "{text}"
        );
    }
    assert!(
        run_admin_as(&app, "pavel", &["withdrawals", "approve", &large])
            .await
            .status
            .success()
    );
    alice
        .wait_for_withdrawal(&json!({"id": large}), "confirm")
        .await;
    run_refused(
        &app,
        &["withdrawals", "reject", &large, "--reason", "too late"],
    )
    .await;
    run_refused(&app, &["withdrawals", "approve", "999"]).await;
}

async fn second_approval_needs_the_authenticator_of_another_account(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let alice = app.earner(30_000).await;
    let large = alice.withdraw(10_001, "b").await["id"].to_string();
    console.operator("olga", Role::Owner).await;
    let fei = console.operator("fei", Role::Finance).await;
    let sam = console.operator("sam", Role::Support).await;
    // The test's clock is ahead of the terminal's, which is the machine's.
    app.execute_sql("UPDATE operators SET totp_step = 0").await;
    let approve = ["withdrawals", "approve", &large];
    let refused = async |name: &str, code: Option<&str>, expected: &str| {
        let mut arguments = approve.to_vec();
        arguments.extend(code.iter().flat_map(|code| ["--code", code]));
        let output = run_admin_as(&app, name, &arguments).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && text.contains(expected),
            "{name}: {text}"
        );
    };
    refused("pavel", None, "there is no such operator").await;
    refused("sam", Some(&sam.code()), "may not do this").await;
    refused("fei", None, "--code").await;
    refused("fei", Some("000000"), "the code is wrong").await;
    let code = fei.code();
    let mut arguments = approve.to_vec();
    arguments.extend(["--code", &code]);
    let once = run_admin_as(&app, "fei", &arguments).await;
    let text = String::from_utf8_lossy(&once.stdout);
    assert!(
        once.status.success() && text.contains("approved once"),
        "{text}"
    );
    refused("fei", Some(&code), "the code is wrong or was used before").await;
    refused("olga", Some(&code), "the code is wrong").await;
    let listed = run_admin_as(&app, "sam", &["withdrawals", "list"]).await;
    assert!(listed.status.success(), "a list needs no code");
}

async fn list_and_approval_show_ban_debt_age_and_refunds_of_givers(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1_000).await;
    let carl = app.guest("carl", Gender::Male).await;
    let order = app.buy_and_give(&carl, &alice).await;
    app.refund(&order, None).await.unwrap();
    let withdrawal = alice.withdraw(100, "w").await;
    let id = withdrawal["id"].to_string();
    let giver = json!({"user_id": carl.user_id, "orders": 1, "refunded": "6",
        "refunded_coins": 60, "income": 52});
    let listed = run(&app, &["withdrawals", "list"]).await[0].clone();
    assert_eq!(
        (
            &listed["banned_at"],
            &listed["debt"],
            &listed["amount_of_week"]
        ),
        (&json!(null), &json!(0), &json!("10"))
    );
    assert_eq!(listed["refunded_givers"], json!([giver]));
    let created_at = listed["account_created_at"].as_str().unwrap();
    assert!(
        created_at < listed["created_at"].as_str().unwrap(),
        "{listed}"
    );
    run(&app, &["users", "ban", &alice.user_id, "--reason", "fraud"]).await;
    let refused = run_refused(&app, &["withdrawals", "approve", &id]).await;
    assert!(
        refused.contains("the user is banned; nothing was approved"),
        "{refused}"
    );
    let listed = run(&app, &["withdrawals", "list"]).await[0].clone();
    assert!(listed["banned_at"].is_string(), "{listed}");
    run(&app, &["users", "unban", &alice.user_id]).await;
    let approved = run(&app, &["withdrawals", "approve", &id]).await;
    assert_eq!(approved["refunded_givers"], json!([giver]));
    assert!(
        approved["result"]
            .as_str()
            .unwrap()
            .starts_with("approved:"),
        "{approved}"
    );
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    let number = app.transfer_number(&alice, &withdrawal).await;
    app.finish_transfer(&number, "confirm").await;
    let ended = run(&app, &["withdrawals", "list"]).await[0].clone();
    assert_eq!(ended.get("refunded_givers"), None, "the review is over");
}
