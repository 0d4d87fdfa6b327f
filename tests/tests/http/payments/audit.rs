//! The audit names each kind of violation that a change of the database can cause.

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};
use qlive_tests::{TestApp, blocks, fen, gifts, provider_paths, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(audit_names_each_kind_of_violation);

/// Makes a change, runs the audits of gifts and payments, and returns their finding. The
/// transaction ends with an error, so the change is rolled back.
async fn audit_after_change(app: &TestApp, change: &'static str) -> String {
    let audited = app.services.db.write(move |conn| {
        disable_triggers(conn)?;
        diesel::sql_query(change).execute(conn)?;
        let found = match qlive_gifts::audit(conn)? {
            None => qlive_payments::find_ledger_violation(conn)?,
            found => found,
        };
        Err::<(), _>(StoreError::Migration(
            found.map_or_else(|| "no violation".to_owned(), |violation| violation.0),
        ))
    });
    audited.await.unwrap_err().to_string()
}

/// Disables the triggers that forbid changes of the ledger.
fn disable_triggers(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(_) => conn.batch_execute(
            "ALTER TABLE ledger_entries DISABLE TRIGGER ALL;
             ALTER TABLE ledger_transfers DISABLE TRIGGER ALL",
        ),
        Conn::Sqlite(_) => conn.batch_execute(
            "DROP TRIGGER ledger_entries_no_update;
             DROP TRIGGER ledger_transfers_no_update",
        ),
    }
}

const GIFT_SHARES: &str = "its entry does not move its shares";
const GIFT_COST: &str = "its entry does not move its cost";
const ORDER_CREDIT: &str = "not credited once with its gold";
const REFUND_TAKEN: &str = "its coins were not taken back once";
const REFUND_RETURNED: &str = "its coins were not returned once";
const HELD_INCOME: &str = "the held income is not where its state says";
const NO_RECORD: &str = "there is no refund or withdrawal of it";

/// Changes, each with the violation that the audit must report.
///
/// The kinds, codes and states are the numbers in the columns. Account 100000011 holds the bought
/// coins of the first user, 100000013 their income.
const VIOLATIONS: [(&str, &str); 18] = [
    ("UPDATE gifts_sent SET receiver_share = 19", GIFT_SHARES),
    (
        "UPDATE ledger_transfers SET credit = 100000013 WHERE code = 4",
        GIFT_SHARES,
    ),
    (
        "UPDATE ledger_transfers SET debit = 100000011 WHERE code IN (4, 6)",
        GIFT_COST,
    ),
    (
        "UPDATE ledger_entries SET total = 41 WHERE kind = 3",
        GIFT_COST,
    ),
    (
        "UPDATE ledger_entries SET kind = 3 WHERE kind = 6",
        "it is a gift without a record",
    ),
    ("UPDATE orders SET gold = 61", ORDER_CREDIT),
    (
        "UPDATE ledger_transfers SET credit = 100000011 WHERE code = 1",
        ORDER_CREDIT,
    ),
    (
        "UPDATE ledger_entries SET kind = 1,
            subject = (SELECT MAX(out_trade_no) FROM orders) WHERE kind = 8",
        ORDER_CREDIT,
    ),
    (
        "UPDATE ledger_entries SET kind = 1 WHERE kind = 8",
        "it credits an order that is not paid",
    ),
    (
        "UPDATE refunds SET from_bought = from_bought + 1",
        REFUND_TAKEN,
    ),
    (
        "UPDATE ledger_transfers SET debit = 100000011 WHERE code = 7",
        REFUND_TAKEN,
    ),
    (
        "UPDATE refunds SET state = 3, done_at = 1 WHERE state = 2",
        REFUND_RETURNED,
    ),
    (
        "UPDATE refunds SET state = 2 WHERE state = 3",
        REFUND_RETURNED,
    ),
    (
        "UPDATE orders SET refunded_fen = 99",
        "its refunded amount is not the sum of its refunds",
    ),
    (
        "UPDATE withdrawals SET income = 6",
        "its income was not held once",
    ),
    (
        "UPDATE withdrawals SET state = 6 WHERE state = 7",
        HELD_INCOME,
    ),
    (
        "INSERT INTO ledger_entries (kind, subject, transfer_count, total, at)
            VALUES (7, '99', 1, 1, 1)",
        NO_RECORD,
    ),
    (
        "INSERT INTO ledger_entries (kind, subject, transfer_count, total, at)
            VALUES (4, 'R99', 1, 1, 1)",
        NO_RECORD,
    ),
];

/// A purchase, a gift, a refused and a finished refund, a withdrawal in review and a rejected one.
async fn fill_ledger(app: &TestApp) {
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let alice = app.guest("alice", Gender::Female).await;
    let gift = bob.give(&alice, gifts::CHOCOLATE, 4, json!({})).await;
    gift.ok();
    app.add_fault(json!({
        "path": provider_paths::REFUND,
        "exact": true,
        "status": 403,
        "errcode": "USER_ACCOUNT_ABNORMAL",
        "times": 1,
    }))
    .await;
    for count in 1..=2 {
        app.refund(&order, Some(fen(100))).await.unwrap();
        wait_until("the refund is finished", || async {
            let states = app.refund_states(&order).await;
            states.iter().filter(|(_, state)| *state != "asked").count() == count
        })
        .await;
    }
    app.advance(8 * 86_400);
    let first = alice.withdraw(5, "one").await;
    alice.withdraw(5, "two").await;
    app.reject_withdrawal(&first).await.unwrap();
}

async fn audit_names_each_kind_of_violation(db: TestDb) {
    let app = TestApp::start(db).await;
    fill_ledger(&app).await;
    app.audit().await;
    for (change, violation) in VIOLATIONS {
        let found = audit_after_change(&app, change).await;
        assert!(found.contains(violation), "{change}: {found}");
    }
    app.audit().await;
}
