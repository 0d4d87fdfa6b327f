//! Commands that cannot do what they say.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;

use crate::process::run_admin;

on_both!(command_that_fails_has_another_exit_status);

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
        &[
            "gifts", "add", "--name", "x", "--gold", "-1", "--image", "i",
        ],
        &["gifts", "disable", "999"],
        &["blocks", "add", "--gold", "0", "--price", "6"],
        &["blocks", "add", "--gold", "6", "--price", "6.001"],
        &["blocks", "disable", "999"],
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
