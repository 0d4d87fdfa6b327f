//! The audit log of what operators change.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

use crate::process::run;

on_both!(every_change_is_in_the_audit_log);

async fn every_change_is_in_the_audit_log(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(1).await;
    app.pay(&order).await;
    let no = order["out_trade_no"].as_str().unwrap();
    let credit = ["ledger", "credit", &bob.user_id, "7", "--reason", "a prize"];
    run(&app, &credit).await;
    let refund = ["orders", "refund", no, "--reason", "the user asked"];
    run(&app, &refund).await;
    run(&app, &["gifts", "disable", "1"]).await;
    run(&app, &["blocks", "disable", "1"]).await;
    let image = "https://pictures.example.com/kite.png";
    let kite = ["--name", "kite", "--gold", "3", "--image", image];
    run(&app, &[&["gifts", "add"][..], &kite].concat()).await;
    run(&app, &["blocks", "add", "--gold", "3", "--price", "1.00"]).await;
    let credit = ["ledger", "credit", &bob.user_id, "8", "--reason", "a slip"];
    run(&app, &credit).await;
    let grant = app.last_entry_id().await;
    let reversed = grant.to_string();
    run(
        &app,
        &["ledger", "reverse", &reversed, "--reason", "a slip"],
    )
    .await;
    // An order whose payment only the query finds.
    let late = bob.create_order(2).await;
    let late = late["out_trade_no"].as_str().unwrap();
    assert_eq!(
        app.pay_with(&json!({"out_trade_no": late}), json!({"told": false}))
            .await,
        200
    );
    run(&app, &["orders", "query", late]).await;
    let record = app.audit_log().await;
    let credited = format!("{}: 7 coins", bob.user_id);
    for (action, subject, reason) in [
        ("ledger credit", credited, "a prize"),
        ("orders refund", no.to_owned(), "the user asked"),
        ("gifts disable", "1".into(), ""),
        ("blocks disable", "1".into(), ""),
        ("gifts add", String::new(), ""),
        ("blocks add", String::new(), ""),
        ("ledger reverse", reversed, "a slip"),
        ("orders query", format!("{late} is paid"), ""),
    ] {
        let found = record
            .iter()
            .any(|(who, action_of, subject_of, reason_of)| {
                who == "olga"
                    && action_of == action
                    && subject_of.starts_with(&subject)
                    && reason_of == reason
            });
        assert!(found, "{action}: {record:?}");
    }
}
