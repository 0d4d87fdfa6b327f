//! The plans by which an engine executes statements, for tests that a statement reads no more than
//! it needs.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::{InstrumentationEvent, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use crate::Conn;

#[derive(QueryableByName)]
struct PostgresLine {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[derive(QueryableByName)]
struct SqliteLine {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Runs `run` in the open transaction and returns its result, and the plan of each statement that
/// it executed. The statements may have numbers as parameters only. PostgreSQL plans as for large
/// tables: it reads a whole table only when no index helps.
///
/// # Panics
/// When a statement cannot be explained.
pub fn plans_of<T>(conn: &mut Conn, run: impl FnOnce(&mut Conn) -> T) -> (T, Vec<String>) {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statements);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(query.to_string());
        }
    });
    let result = run(conn);
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    if let Conn::Pg(conn) = conn {
        conn.batch_execute("SET LOCAL enable_seqscan = off")
            .unwrap_or_else(|error| panic!("{error}"));
    }
    let statements = statements.lock().unwrap_or_else(PoisonError::into_inner);
    let plans = statements
        .iter()
        .map(|sql| explain(conn, &with_numbers(sql)));
    (result, plans.collect())
}

fn explain(conn: &mut Conn, statement: &str) -> String {
    let lines: QueryResult<Vec<String>> = match conn {
        Conn::Pg(conn) => sql_query(format!("EXPLAIN {statement}"))
            .load(conn)
            .map(|lines: Vec<PostgresLine>| lines.into_iter().map(|line| line.line).collect()),
        Conn::Sqlite(conn) => sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(conn)
            .map(|lines: Vec<SqliteLine>| lines.into_iter().map(|line| line.detail).collect()),
    };
    let lines = lines.unwrap_or_else(|error| panic!("{statement}: {error}"));
    format!("{statement}\n{}", lines.join("\n"))
}

/// A statement as diesel shows it, `… = $1 -- binds: [5]`, with its parameters in their places.
fn with_numbers(shown: &str) -> String {
    let (statement, binds) = shown.split_once(" -- binds: [").unwrap_or((shown, ""));
    let binds = binds.trim_end().trim_end_matches(']').split(", ");
    let mut statement = statement.to_owned();
    for (index, bind) in binds.enumerate().collect::<Vec<_>>().into_iter().rev() {
        statement = statement.replace(&format!("${}", index + 1), bind);
        if let Some(place) = statement.rfind('?') {
            statement.replace_range(place..=place, bind);
        }
    }
    statement
}
