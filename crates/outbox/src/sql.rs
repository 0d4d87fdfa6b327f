//! Statements over many rows at once, in the SQL that both engines understand.
//!
//! Numbers and our own constants are part of the statement. Texts are bound, one parameter each.

use std::fmt::Write as _;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Text};
use qlive_store::{Conn, StoreError};

use crate::lane::{Lane, LaneKind};

/// The key of a lane, as a statement returns it.
#[derive(QueryableByName)]
pub(crate) struct LaneKey {
    #[diesel(sql_type = Integer)]
    lane_kind: i32,
    #[diesel(sql_type = BigInt)]
    lane_id: i64,
}

impl LaneKey {
    pub(crate) fn lane(&self) -> Result<Lane, StoreError> {
        let kind = LaneKind::from_number(self.lane_kind);
        Ok(Lane {
            kind: kind.ok_or(StoreError::Corrupt("outbox.lane_kind"))?,
            id: self.lane_id,
        })
    }
}

/// Executes a statement whose parameters `$1`, `$2`, … are texts. Returns the number of rows.
pub(crate) fn execute_with_texts(
    conn: &mut Conn,
    statement: String,
    texts: Vec<String>,
) -> Result<usize, StoreError> {
    let query = sql_query(statement).into_boxed();
    let query = texts
        .into_iter()
        .fold(query, |query, text| query.bind::<Text, _>(text));
    Ok(query.execute(conn)?)
}

/// Executes a statement without parameters. Returns the number of rows.
pub(crate) fn execute(conn: &mut Conn, statement: String) -> Result<usize, StoreError> {
    Ok(sql_query(statement).execute(conn)?)
}

/// `(1, 5), (2, 7)`: the keys of these lanes, to follow `VALUES`.
pub(crate) fn lane_keys<'a>(lanes: impl IntoIterator<Item = &'a Lane>) -> String {
    let key = |lane: &Lane| format!("({}, {})", lane.kind.number(), lane.id);
    join(lanes.into_iter().map(key))
}

/// `1, 2, 3`
pub(crate) fn join<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut joined = String::new();
    for item in items {
        let separator = if joined.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(joined, "{separator}{item}");
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_separated_by_commas() {
        let lane = |id| Lane {
            kind: LaneKind::Gifts,
            id,
        };
        assert_eq!(lane_keys(&[lane(5), lane(7)]), "(2, 5), (2, 7)");
        assert_eq!(join([1, 2, 3]), "1, 2, 3");
    }
}
