//! Commands that cannot do what they say.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;

use crate::process::{run_admin, run_admin_as};

on_both!(
    command_that_fails_has_another_exit_status,
    empty_name_of_an_operator_is_refused_and_changes_nothing,
);

async fn command_that_fails_has_another_exit_status(db: TestDb) {
    let app = TestApp::start(db).await;
    for wrong in [
        &["users", "show", "10000000"][..],
        &["users", "show", "bob"],
        &["users", "ban", "10000000", "--reason", "x"],
        &["users", "list", "--page", "0"],
        &["users", "list", "--page", "1001"],
        &["configs", "set", "EXCHANGE_RATE", "2"],
        &["configs", "remove", "NO_SUCH_KEY"],
        &["rooms", "end", "999"],
        &["outbox", "retry", "999"],
        &["gifts", "add", "--name", "x", "--gold", "-1", "--image", ""],
        &["gifts", "disable", "999"],
        &["blocks", "add", "--gold", "0", "--price", "6"],
        &["blocks", "add", "--gold", "6", "--price", "6.001"],
        &["blocks", "disable", "999"],
        &["blocks", "edit", "999"],
        // Another price is another product at WeChat.
        &["blocks", "edit", "1", "--price", "5.00"],
        &["blocks", "edit", "1", "--until", "2030-13-01"],
        &["orders", "show", "Q1"],
        &["orders", "query", "Q1"],
        &["orders", "refund", "Q1", "--reason", "r"],
        &["ledger", "show", "10000000"],
        &["ledger", "reverse", "999", "--reason", "r"],
        &["withdrawals", "reject", "999", "--reason", "r"],
        &["no-such-command"],
    ] {
        assert!(!run_admin(&app, wrong).await.status.success(), "{wrong:?}");
    }
}

async fn empty_name_of_an_operator_is_refused_and_changes_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let user = bob.user_id.as_str();
    let before = app.audit_log().await;
    for (name, command) in [
        ("", &["users", "ban", user, "--reason", "x"][..]),
        (" ", &["configs", "set", "HOST_RATE", "0.1"][..]),
        ("\t", &["rooms", "end", "1"][..]),
        ("\u{200B}", &["gifts", "disable", "1"][..]),
        ("\u{3164}", &["blocks", "disable", "1"][..]),
        (
            "\u{FEFF} ",
            &["orders", "refund", "Q1", "--reason", "r"][..],
        ),
        ("\u{2800}", &["withdrawals", "approve", "1"][..]),
        (
            "\u{AD}",
            &["ledger", "credit", user, "7", "--reason", "r"][..],
        ),
        ("\u{202E}", &["outbox", "retry", "1"][..]),
    ] {
        let output = run_admin_as(&app, name, command).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command:?}");
        assert!(text.contains("must not be empty"), "{command:?}: {text}");
    }
    assert_eq!(app.audit_log().await, before);
}
