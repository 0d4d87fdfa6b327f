//! What the database itself refuses: changed and deleted rows of the ledger, and balances out of
//! range.

use diesel::connection::{Connection as _, SimpleConnection as _};
use qlive_ledger::{IdempotencyKey, post_entry, reverse_entry, seal_entries, store_outcome};
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_types::EntryId;

use crate::support::{NOW, audit_report, grant, register_users, user, write};

on_both!(
    update_and_delete_of_ledger_rows_are_refused,
    replacing_a_ledger_row_is_refused_without_our_pragmas,
    invalid_rows_are_refused,
);

/// Posts an entry with an idempotency key, reverses it and seals both. Returns its id.
async fn write_every_table(db: &TestDb, key: &str) -> EntryId {
    register_users(db).await;
    let key = IdempotencyKey::new(key, "x");
    write(db, move |conn| {
        let entry = post_entry(conn, NOW, &grant(user(1), 10))?;
        store_outcome(conn, NOW, &key, "done", Some(entry))?;
        reverse_entry(conn, NOW, entry, "why")?;
        seal_entries(conn, NOW, 0)?;
        Ok(entry)
    })
    .await
    .unwrap()
}

/// Executes a statement in a write transaction and returns the error, empty if there is none.
async fn execute(db: &TestDb, statement: &str) -> String {
    let statement = statement.to_owned();
    db.db
        .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statement)?))
        .await
        .map_or_else(|error| error.to_string(), |()| String::new())
}

async fn update_and_delete_of_ledger_rows_are_refused(db: TestDb) {
    write_every_table(&db, "grant:1").await;
    for (table, change) in [
        ("ledger_entries", "at = 0"),
        ("ledger_transfers", "at = 0"),
        ("ledger_history", "amount = 0"),
        ("idempotency_keys", "at = 0"),
        ("ledger_chain", "hash = 'x'"),
    ] {
        let mut statements = vec![
            format!("UPDATE {table} SET {change}"),
            format!("DELETE FROM {table}"),
        ];
        if db.url.starts_with("postgres") {
            statements.push(format!("TRUNCATE {table} CASCADE"));
        }
        for statement in statements {
            let error = execute(&db, &statement).await;
            assert!(error.contains("insert-only"), "{statement}: {error}");
        }
    }
}

/// With a plain SQLite connection, as another program opens it.
async fn replacing_a_ledger_row_is_refused_without_our_pragmas(db: TestDb) {
    let entry = write_every_table(&db, "grant:1").await.get();
    let Some(path) = db.url.strip_prefix("sqlite://") else {
        return;
    };
    let mut conn = diesel::SqliteConnection::establish(path).unwrap();
    let entries = "kind, subject, transfer_count, total, at";
    let keys = "key, input_hash, outcome, at";
    for row in [
        format!("ledger_entries (id, {entries}) VALUES (1, 1, 'x', 1, 1, 0)"),
        format!("ledger_entries (reverses, {entries}) VALUES ({entry}, 9, 'x', 1, 1, 0)"),
        "ledger_transfers (id, entry_id, debit, credit, amount, code, at) \
         VALUES (1, 1, 1, 2, 1, 1, 0)"
            .to_owned(),
        format!("ledger_history VALUES (10000001, 1, {entry}, 1, 1, 1)"),
        format!("idempotency_keys ({keys}) VALUES ('grant:1', 'x', 'x', 0)"),
        format!("idempotency_keys (rowid, {keys}) VALUES (1, 'another', 'x', 'x', 0)"),
    ] {
        let replaced = conn.batch_execute(&format!("INSERT OR REPLACE INTO {row}"));
        let error = replaced.unwrap_err().to_string();
        assert!(error.contains("insert-only"), "{row}: {error}");
    }
}

async fn invalid_rows_are_refused(db: TestDb) {
    write_every_table(&db, "k").await;
    let transfer = |values: &str| {
        format!(
            "INSERT INTO ledger_transfers (entry_id, debit, credit, amount, code, at) \
             VALUES ({values}, 3, 1)"
        )
    };
    let mut statements = vec![
        "UPDATE ledger_balances SET bought = -1".to_owned(),
        "UPDATE ledger_balances SET granted = -1".into(),
        "UPDATE ledger_balances SET income = -1".into(),
        "UPDATE ledger_balances SET held = -1".into(),
        "UPDATE ledger_balances SET debt = 1".into(),
        "UPDATE ledger_balances SET bought = 9007199254740992".into(),
        "UPDATE ledger_balances SET bought = 9007199254740991, granted = 1".into(),
        // Both sides are the same account; the amount is zero; the entry does not exist.
        transfer("1, 2, 2, 1"),
        transfer("1, 2, 100000012, 0"),
        transfer("99, 2, 100000012, 1"),
        "INSERT INTO ledger_entries (kind, subject, reverses, transfer_count, total, at) \
         VALUES (9, 'x', 1, 1, 1, 1)"
            .into(),
        "INSERT INTO idempotency_keys (key, input_hash, outcome, at) VALUES ('k', 'y', '', 1)"
            .into(),
        "INSERT INTO ledger_chain (position, entry_id, hash, at) VALUES (1, 1, 'x', 1)".into(),
    ];
    statements.push(match db.url.starts_with("sqlite") {
        true => "INSERT OR REPLACE INTO ledger_transfers \
                 (id, entry_id, debit, credit, amount, code, at) \
                 VALUES (1, 1, 2, 100000012, 9, 3, 1)"
            .into(),
        false => "TRUNCATE ledger_chain".into(),
    });
    for statement in statements {
        assert_ne!(execute(&db, &statement).await, "", "{statement}");
    }
    audit_report(&db).await;
}
