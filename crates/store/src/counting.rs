//! Counting that stops: the pages of operators say "10,000+" instead of reading a whole table.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use crate::{Conn, StoreError};

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows there are, at most `most`. `from` is what follows FROM in SQL: the name of a table
/// and perhaps a WHERE, as an index has it.
///
/// # Errors
/// When the database fails.
pub fn count_up_to(conn: &mut Conn, from: &str, most: i64) -> Result<i64, StoreError> {
    let statement = format!(
        "SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM {from} LIMIT {most}) AS counted"
    );
    let row: CountRow = sql_query(statement).get_result(conn)?;
    Ok(row.count)
}
