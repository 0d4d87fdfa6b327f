//! The migrated schemas: both engines have the same, and it is the one that diesel declares.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use qlive_store::testing::{Engine, TestDb};
use qlive_store::{StoreError, on_both};

use crate::catalog::read_schema;

on_both!(every_table_has_its_declared_columns);

/// Everything that only one engine has. Anything else that differs fails the test, and so does a
/// line here that is no longer true.
const DIFFERENCES: [(Engine, &str); 22] = [
    // The only key that is no 64-bit id: SQLite has no smaller one.
    (Engine::Sqlite, "column environment.id: bigint not null"),
    (Engine::Postgres, "column environment.id: integer not null"),
    // A trigger of SQLite fires on one kind of statement; one of PostgreSQL on several.
    (
        Engine::Sqlite,
        "trigger idempotency_keys_no_delete on idempotency_keys",
    ),
    (
        Engine::Sqlite,
        "trigger idempotency_keys_no_update on idempotency_keys",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_chain_no_delete on ledger_chain",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_chain_no_update on ledger_chain",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_entries_no_delete on ledger_entries",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_entries_no_update on ledger_entries",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_history_no_delete on ledger_history",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_history_no_update on ledger_history",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_transfers_no_delete on ledger_transfers",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_transfers_no_update on ledger_transfers",
    ),
    (Engine::Postgres, "function ledger_insert_only"),
    (
        Engine::Postgres,
        "trigger idempotency_keys_insert_only on idempotency_keys",
    ),
    (
        Engine::Postgres,
        "trigger ledger_chain_insert_only on ledger_chain",
    ),
    (
        Engine::Postgres,
        "trigger ledger_entries_insert_only on ledger_entries",
    ),
    (
        Engine::Postgres,
        "trigger ledger_transfers_insert_only on ledger_transfers",
    ),
    (
        Engine::Postgres,
        "trigger ledger_history_insert_only on ledger_history",
    ),
    // PostgreSQL has no INSERT OR REPLACE.
    (
        Engine::Sqlite,
        "trigger ledger_history_no_replace on ledger_history",
    ),
    (
        Engine::Sqlite,
        "trigger idempotency_keys_no_replace on idempotency_keys",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_entries_no_replace on ledger_entries",
    ),
    (
        Engine::Sqlite,
        "trigger ledger_transfers_no_replace on ledger_transfers",
    ),
];

/// The facts that only one of the schemas has.
fn difference(sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> BTreeSet<String> {
    let only_sqlite = sqlite
        .difference(postgres)
        .map(|fact| format!("Sqlite: {fact}"));
    let only_postgres = postgres
        .difference(sqlite)
        .map(|fact| format!("Postgres: {fact}"));
    only_sqlite.chain(only_postgres).collect()
}

fn allowed() -> BTreeSet<String> {
    let lines = DIFFERENCES
        .iter()
        .map(|(engine, fact)| format!("{engine:?}: {fact}"));
    lines.collect()
}

#[tokio::test]
async fn schemas_of_both_engines_differ_only_as_listed() {
    let sqlite = TestDb::fresh(Engine::Sqlite).await.unwrap();
    let Some(postgres) = TestDb::fresh(Engine::Postgres).await else {
        return;
    };
    let schemas = (
        read_schema(&sqlite.db).await,
        read_schema(&postgres.db).await,
    );
    assert_eq!(difference(&schemas.0, &schemas.1), allowed());
}

/// Each statement changes one engine only; each must show as at least one difference.
#[tokio::test]
async fn change_of_one_engine_only_is_a_difference() {
    let Some(postgres) = TestDb::fresh(Engine::Postgres).await else {
        return;
    };
    let sqlite = TestDb::fresh(Engine::Sqlite).await.unwrap();
    let sqlite = read_schema(&sqlite.db).await;
    let mut before = difference(&sqlite, &read_schema(&postgres.db).await);
    for statement in [
        "ALTER TABLE users ADD COLUMN surplus TEXT",
        "ALTER TABLE users ALTER COLUMN nickname DROP NOT NULL",
        "ALTER TABLE users ALTER COLUMN nickname SET DEFAULT ''",
        "ALTER TABLE users ALTER COLUMN age TYPE BIGINT",
        "ALTER TABLE users DROP CONSTRAINT users_gender_check",
        "ALTER TABLE users DROP CONSTRAINT users_openid_key",
        "ALTER TABLE tokens DROP CONSTRAINT tokens_user_fkey",
        "ALTER TABLE likes DROP CONSTRAINT likes_pkey",
        "DROP INDEX tokens_user",
        "DROP INDEX outbox_waiting; \
         CREATE INDEX outbox_waiting ON outbox (lane_kind, lane_id, id, due_at)",
        "DROP INDEX outbox_done; CREATE INDEX outbox_done ON outbox (done_at) WHERE status = 1",
        "CREATE TABLE surplus (id BIGINT)",
        "CREATE VIEW surplus_view AS SELECT id FROM users",
        "DROP TRIGGER ledger_chain_insert_only ON ledger_chain",
        "DROP TABLE complaints",
    ] {
        let written = postgres
            .db
            .write(|conn| Ok::<_, StoreError>(conn.batch_execute(statement)?));
        written.await.unwrap();
        let after = difference(&sqlite, &read_schema(&postgres.db).await);
        assert_ne!(before, after, "{statement}");
        before = after;
    }
}

async fn every_table_has_its_declared_columns(db: TestDb) {
    macro_rules! select_no_row {
        ($conn:ident: $($table:ident),+ $(,)?) => {{
            $(
                use qlive_store::schema::$table;
                let columns = $table::table.select($table::all_columns);
                let none = columns.filter(diesel::dsl::sql::<diesel::sql_types::Bool>("1 = 0"));
                none.execute($conn)?;
            )+
            [$(stringify!($table)),+]
        }};
    }
    let declared = db.db.write(|conn| {
        Ok::<_, StoreError>(select_no_row!(conn:
            users, wechat_sessions, wechat_codes, wechat_access_tokens, tokens, likes,
            authentication_changes,
            configs, audit_log, environment, transaction_locks, readiness_checks,
            daily_sums, daily_host_sums, daily_money, chain_sums,
            reconciliations, bill_differences,
            mutes, removals, blocked_users, reports, user_notes, erasure_requests, comments,
            judged_screenshots, refund_requests, room_events,
            operators, operator_sessions, operator_recovery_codes, operator_links,
            operator_misses, operator_forms,
            rooms, broadcasts, broadcast_log, members, invitation_required,
            outbox, outbox_instances, outbox_lanes, outbox_seqs,
            ledger_balances, ledger_entries, ledger_transfers, ledger_history, idempotency_keys,
            ledger_chain,
            gifts, gifts_sent,
            blocks, orders, refunds, withdrawals, complaints, payment_notices, last_seen,
        ))
    });
    let declared: BTreeSet<String> = declared.await.unwrap().map(String::from).into();
    let schema = read_schema(&db.db).await;
    let columns = schema
        .iter()
        .filter_map(|fact| fact.strip_prefix("column "));
    let migrated: BTreeSet<String> = columns
        .filter_map(|column| column.split_once('.'))
        .map(|(table, _)| table.to_owned())
        .collect();
    assert_eq!(declared, migrated);
}
