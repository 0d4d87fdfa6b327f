//! The audit: what it reports of an intact ledger, and the violation of each rule.

use diesel::connection::SimpleConnection as _;
use qlive_ledger::{AuditError, audit, find_violation, reverse_entry, seal_entries};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};

use crate::support::{NOW, audit_report, gift, grant, post, register_users, user, write};

on_both!(
    empty_ledger_breaks_no_rule,
    violation_of_each_rule_is_named,
    find_violation_returns_the_first_row,
);

const TABLES: [&str; 5] = [
    "ledger_entries",
    "ledger_transfers",
    "ledger_history",
    "idempotency_keys",
    "ledger_chain",
];

/// Statements that change rows as only the owner of the database can, each with the violation that
/// the audit then finds.
const VIOLATIONS: [(&str, &str); 23] = [
    (
        "UPDATE ledger_balances SET granted = granted + 1 WHERE user_id = 10000001",
        "the balance granted is 11, its transfers come to 10",
    ),
    (
        "UPDATE ledger_balances SET bought = 1 WHERE user_id = 10000001",
        "the balance bought is 1, its transfers come to 0",
    ),
    (
        "UPDATE ledger_balances SET income = 1 WHERE user_id = 10000001",
        "the balance income is 1, its transfers come to 0",
    ),
    (
        "UPDATE ledger_balances SET held = 1 WHERE user_id = 10000001",
        "the balance held is 1, its transfers come to 0",
    ),
    (
        "UPDATE ledger_balances SET debt = -1 WHERE user_id = 10000001",
        "the balance debt is -1, its transfers come to 0",
    ),
    (
        "UPDATE ledger_balances SET entry_count = 4 WHERE user_id = 10000001",
        "counts 4 entries, there are 3",
    ),
    (
        "UPDATE ledger_history SET gold = 11 WHERE user_id = 10000001 AND number = 3",
        "line 3 of the history does not have the balances",
    ),
    (
        "UPDATE ledger_history SET amount = 11 WHERE user_id = 10000001 AND number = 1",
        "line 1 of the history does not add up",
    ),
    (
        "DELETE FROM ledger_history WHERE user_id = 10000001 AND number = 2",
        "line 3 of the history does not add up",
    ),
    (
        "UPDATE ledger_transfers SET amount = 11 WHERE id = 1",
        "the balance granted is 10, its transfers come to 11",
    ),
    (
        "UPDATE ledger_entries SET transfer_count = 2 WHERE id = 1",
        "entry 1: of 2 transfers there are 1",
    ),
    (
        "UPDATE ledger_entries SET total = 9 WHERE id = 2",
        "entry 2: of 1 transfers there are 1, of 9 coins 4",
    ),
    (
        "UPDATE ledger_transfers SET code = 5 WHERE id = 3",
        "entry 3: its transfers do not reverse entry 2",
    ),
    (
        "UPDATE ledger_entries SET reverses = NULL WHERE id = 3",
        "entry 3: a reversal must name the entry that it reverses",
    ),
    (
        "UPDATE ledger_entries SET subject = 'y' WHERE id = 2",
        "the chain breaks at position 2: entry 2 was changed",
    ),
    (
        "UPDATE ledger_entries SET at = 5 WHERE id = 1",
        "the chain breaks at position 1",
    ),
    // Every column of a transfer is sealed.
    (
        "UPDATE ledger_transfers SET at = 5 WHERE id = 1",
        "the chain breaks at position 1",
    ),
    (
        "UPDATE ledger_transfers SET code = 1 WHERE id = 1",
        "the chain breaks at position 1",
    ),
    // Each link covers the one before it.
    (
        "UPDATE ledger_chain SET position = 9 WHERE position = 1; \
         UPDATE ledger_chain SET position = 1 WHERE position = 2; \
         UPDATE ledger_chain SET position = 2 WHERE position = 9",
        "the chain breaks at position 1",
    ),
    (
        "UPDATE ledger_chain SET hash = 'x' WHERE position = 2",
        "the chain breaks at position 2",
    ),
    (
        "DELETE FROM ledger_chain WHERE position = 2",
        "a link is missing",
    ),
    (
        "UPDATE ledger_transfers SET debit = 99 WHERE id = 1",
        "account 99 does not exist",
    ),
    (
        "INSERT INTO idempotency_keys (key, input_hash, outcome, entry_id, at) \
         VALUES ('k', 'x', 'x', 99, 1)",
        "idempotency key k: its entry does not exist",
    ),
];

/// Applies a change that the triggers would refuse, audits, and rolls back.
async fn violation_after(db: &TestDb, change: &'static str) -> String {
    let audited = db.db.write(move |conn| {
        match conn {
            Conn::Pg(_) => {
                for table in TABLES {
                    conn.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL"))?;
                }
            }
            Conn::Sqlite(_) => {
                conn.batch_execute("PRAGMA defer_foreign_keys = ON")?;
                for table in TABLES {
                    for operation in ["update", "delete"] {
                        conn.batch_execute(&format!(
                            "DROP TRIGGER IF EXISTS {table}_no_{operation}"
                        ))?;
                    }
                }
            }
        }
        conn.batch_execute(change)?;
        let report = audit(conn)?;
        // An error, so that a change without a violation is rolled back too.
        Err::<(), AuditError>(StoreError::Migration(format!("{report:?}")).into())
    });
    match audited.await.unwrap_err() {
        AuditError::Violation(violation) => violation.0,
        AuditError::Store(error) => panic!("{change}: {error}"),
    }
}

async fn empty_ledger_breaks_no_rule(db: TestDb) {
    let report = audit_report(&db).await;
    assert_eq!((report.entries, report.transfers), (0, 0));
    assert_eq!((report.user_total, report.sealed), (0, 0));
    assert_eq!(report.chain_head, "");
    assert!(report.system_balances.iter().all(|(_, sum)| *sum == 0));
}

async fn violation_of_each_rule_is_named(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    let given = post(&db, gift(user(1), user(2), 4)).await.unwrap();
    write(&db, move |conn| reverse_entry(conn, NOW, given, "oops"))
        .await
        .unwrap();
    write(&db, |conn| Ok(seal_entries(conn, NOW, 0)?))
        .await
        .unwrap();
    for (change, expected) in VIOLATIONS {
        let violation = violation_after(&db, change).await;
        assert!(violation.contains(expected), "{change}: {violation}");
    }
    audit_report(&db).await;
}

async fn find_violation_returns_the_first_row(db: TestDb) {
    register_users(&db).await;
    let find = |query: &'static str| db.db.read(move |conn| find_violation(conn, query));
    let ids = "SELECT 'user ' || id AS what FROM users";
    let none = find("SELECT 'user ' || id AS what FROM users WHERE id = 0").await;
    assert_eq!(none.unwrap(), None);
    let first = find("SELECT 'user ' || id AS what FROM users ORDER BY id LIMIT 1").await;
    assert_eq!(first.unwrap().unwrap().0, "user 10000001");
    assert!(find(ids).await.unwrap().is_some());
    assert!(find("SELECT what FROM no_such_table").await.is_err());
}
