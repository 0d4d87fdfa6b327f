//! The check that no statement of an operation reads a table that grows from end to end.
//!
//! After each test the statements that were recorded since the last one are planned as for large
//! tables: with any index rather than none.

use std::fmt::Write as _;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use serde_json::Value;

use crate::address::DatabaseAddress;
use crate::connection::{Access, connect};
use crate::testing::recorded_statements;
use crate::{Conn, Engine};

/// What may be read from end to end: a table or an index, a part of the statement that does so, and
/// what bounds it.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("configs", "", "one row a setting"),
    ("configs_pkey", "", "one row a setting"),
    ("gifts", "", "the catalogue"),
    ("gifts_pkey", "", "the same"),
    ("blocks", "", "the blocks for sale"),
    ("blocks_pkey", "", "the same"),
    ("last_seen_pkey", "", "one row a kind of callback"),
    ("wechat_access_tokens_pkey", "", "one row an app"),
    ("operators_compared_name_key", "", "one row an operator"),
    ("__diesel_schema_migrations_pkey", "", "one row a migration"),
    ("daily_sums", "", "some dozens of rows a day"),
    (
        "bill_differences_open",
        "COUNT(*)",
        "differences that nobody has explained",
    ),
    ("outbox_instances", "", "one row an instance"),
    ("outbox_instances_pkey", "", "one row an instance"),
    ("members_invited", "", "members with an invitation"),
    ("members_im_grace", "", "members who are gone"),
    ("members_stream_grace", "", "members without a stream"),
    ("members_without_stream", "", "the same"),
    ("orders_next_query", "", "orders that are not settled"),
    ("refunds_next_query", "", "refunds that are not settled"),
    ("withdrawals_next_query", "", "withdrawals on their way"),
    // For the live list, which all users of an instance share, twice a second.
    ("broadcasts_id_room_key", "count(", "the live rooms"),
    (
        "members",
        "count(\"members\".\"user_id\")",
        "who is present",
    ),
    // Once for each scrape of the metrics.
    ("broadcasts_id_room_key", "COUNT(*)", "the live rooms"),
    ("members_last_active", "COUNT(*)", "who is present"),
    ("outbox_waiting", "COUNT(*)", "what is not delivered"),
    ("outbox_waiting", "min(", "the same"),
    ("orders_waiting", "COUNT(*)", "orders that are not paid"),
    ("orders_waiting", "min(", "the same"),
    (
        "ledger_chain_entry_key",
        "\"ledger_chain\".\"at\" <",
        "the newest entries: the scan ends at the first older one",
    ),
];

/// Plans the statements that were recorded since the last call, in the database at `url`.
///
/// # Panics
/// When one of them reads too much, with its plan.
pub(super) fn check_recorded(url: &str) {
    let address = DatabaseAddress::parse(url).unwrap_or_else(|error| panic!("{error}"));
    if address.engine != Engine::Postgres {
        return;
    }
    let statements = recorded_statements::take();
    if statements.is_empty() {
        return;
    }
    let Ok(Conn::Pg(mut conn)) = connect(&address, Access::ReadWrite) else {
        panic!("{url} cannot be connected to");
    };
    conn.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
        .unwrap_or_else(|error| panic!("{error}"));
    let mut faults = String::new();
    for statement in statements {
        let is_planned = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
            .iter()
            .any(|verb| statement.trim_start().starts_with(verb));
        if is_planned && let Some(fault) = find_fault(&mut conn, &statement) {
            let _ = write!(faults, "\n{fault}:\n{statement}\n");
        }
    }
    assert!(faults.is_empty(), "statements that read too much:{faults}");
}

#[derive(QueryableByName)]
struct PlanRow {
    // JSON, which is sent as text.
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

#[derive(QueryableByName)]
struct ParametersRow {
    #[diesel(sql_type = Text)]
    parameters: String,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    column: String,
}

/// What is wrong with the plan of a statement.
fn find_fault(conn: &mut PgConnection, statement: &str) -> Option<String> {
    let fail = |error: diesel::result::Error| -> ! { panic!("{statement}: {error}") };
    conn.batch_execute(&format!("PREPARE checked AS {statement}"))
        .unwrap_or_else(|error| fail(error));
    let count = "SELECT array_to_string(array_fill('NULL'::text, \
                 ARRAY[cardinality(parameter_types)]), ', ') AS parameters \
                 FROM pg_prepared_statements WHERE name = 'checked'";
    let row: ParametersRow = sql_query(count)
        .get_result(conn)
        .unwrap_or_else(|error| fail(error));
    let arguments = match row.parameters.as_str() {
        "" => String::new(),
        parameters => format!("({parameters})"),
    };
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE checked{arguments}");
    let row: PlanRow = sql_query(explain)
        .get_result(conn)
        .unwrap_or_else(|error| fail(error));
    let plan: Value =
        serde_json::from_str(&row.plan).unwrap_or_else(|error| panic!("{statement}: {error}"));
    let plan = plan.pointer("/0/Plan");
    let plan = plan.unwrap_or_else(|| panic!("{statement} has no plan"));
    let fault = find_fault_in(conn, statement, plan, false);
    conn.batch_execute("DEALLOCATE checked")
        .unwrap_or_else(|error| fail(error));
    fault.map(|fault| format!("{fault}\n{plan:#}"))
}

/// Whether this statement may read all of a table or an index.
fn is_expected(what: &str, statement: &str) -> bool {
    let mut expected = EXPECTED.iter();
    expected.any(|(name, part, _)| *name == what && statement.contains(part))
}

/// What is wrong with a node of a plan or one below it. `is_limited` when only the first rows of
/// the node are needed.
fn find_fault_in(
    conn: &mut PgConnection,
    statement: &str,
    node: &Value,
    is_limited: bool,
) -> Option<String> {
    let text = |name: &str| node[name].as_str().unwrap_or_default();
    let kind = text("Node Type");
    let table = text("Relation Name");
    let fault = match kind {
        "Seq Scan" if !is_expected(table, statement) => Some(format!("all of {table} is read")),
        "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" => {
            let index = text("Index Name");
            let is_selective = text("Index Cond").contains(&first_column(conn, index));
            let stops_early = is_limited && node["Filter"].is_null();
            (!is_selective && !stops_early && !is_expected(index, statement))
                .then(|| format!("all of the index {index} is read"))
        }
        _ => None,
    };
    // A sort needs all rows before it returns the first one.
    let is_limited = kind == "Limit" || (is_limited && !kind.contains("Sort"));
    fault.or_else(|| {
        let nodes = node["Plans"].as_array().into_iter().flatten();
        nodes
            .filter_map(|node| find_fault_in(conn, statement, node, is_limited))
            .next()
    })
}

/// The first column of an index, or its expression.
fn first_column(conn: &mut PgConnection, index: &str) -> String {
    let query = format!("SELECT pg_get_indexdef('\"{index}\"'::regclass, 1, TRUE) AS column");
    let row: ColumnRow = sql_query(query)
        .get_result(conn)
        .unwrap_or_else(|error| panic!("{index}: {error}"));
    row.column
}
