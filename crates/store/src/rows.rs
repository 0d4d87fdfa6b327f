//! Writing many rows by one statement.
//!
//! The text of the statement does not depend on the number of rows, so that each connection
//! prepares it once. On PostgreSQL the rows travel as one array a column, on SQLite as one JSON
//! text.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use serde_json::Value;

use crate::Conn;

/// The values of one column, one for each row. Collected from an iterator.
#[derive(Debug)]
pub enum Column {
    Integer(Vec<i32>),
    BigInt(Vec<i64>),
    NullableBigInt(Vec<Option<i64>>),
    Text(Vec<String>),
}

impl FromIterator<i32> for Column {
    fn from_iter<I: IntoIterator<Item = i32>>(values: I) -> Self {
        Self::Integer(values.into_iter().collect())
    }
}

impl FromIterator<i64> for Column {
    fn from_iter<I: IntoIterator<Item = i64>>(values: I) -> Self {
        Self::BigInt(values.into_iter().collect())
    }
}

impl FromIterator<Option<i64>> for Column {
    fn from_iter<I: IntoIterator<Item = Option<i64>>>(values: I) -> Self {
        Self::NullableBigInt(values.into_iter().collect())
    }
}

impl FromIterator<String> for Column {
    fn from_iter<I: IntoIterator<Item = String>>(values: I) -> Self {
        Self::Text(values.into_iter().collect())
    }
}

impl Column {
    const fn len(&self) -> usize {
        match self {
            Self::Integer(values) => values.len(),
            Self::BigInt(values) => values.len(),
            Self::NullableBigInt(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    fn json(&self, row: usize) -> Option<Value> {
        match self {
            Self::Integer(values) => values.get(row).map(|value| (*value).into()),
            Self::BigInt(values) => values.get(row).map(|value| (*value).into()),
            Self::NullableBigInt(values) => values.get(row).map(|value| (*value).into()),
            Self::Text(values) => values.get(row).map(|value| value.as_str().into()),
        }
    }

    /// With its type, so that the text alone says what the statement is.
    fn push_array<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Integer(values) => out.push_bind_param::<Array<Integer>, _>(values)?,
            Self::BigInt(values) => out.push_bind_param::<Array<BigInt>, _>(values)?,
            Self::NullableBigInt(values) => {
                out.push_bind_param::<Array<Nullable<BigInt>>, _>(values)?;
            }
            Self::Text(values) => out.push_bind_param::<Array<Text>, _>(values)?,
        }
        out.push_sql(match self {
            Self::Integer(_) => "::INTEGER[]",
            Self::BigInt(_) | Self::NullableBigInt(_) => "::BIGINT[]",
            Self::Text(_) => "::TEXT[]",
        });
        Ok(())
    }
}

/// Names of columns, and their values.
pub type Columns<'a> = &'a [(&'static str, Column)];

/// Inserts the rows of which these are the columns, in their order, by one statement.
///
/// # Errors
/// Of the query; when the columns differ in length.
pub fn insert_rows(
    conn: &mut Conn,
    table: &'static str,
    columns: Columns<'_>,
) -> QueryResult<usize> {
    execute(conn, Kind::Insert, table, columns)
}

/// Updates rows by one statement: the first column finds a row, the others are its new values.
/// Returns how many rows were found.
///
/// # Errors
/// Of the query; when the columns differ in length.
pub fn update_rows(
    conn: &mut Conn,
    table: &'static str,
    columns: Columns<'_>,
) -> QueryResult<usize> {
    execute(conn, Kind::Update, table, columns)
}

/// Inserts rows into a table that assigns ascending ids. Returns the id of each row, in their
/// order.
///
/// # Errors
/// Of the query; when the columns differ in length.
pub fn insert_rows_returning_ids(
    conn: &mut Conn,
    table: &'static str,
    columns: Columns<'_>,
) -> QueryResult<Vec<i64>> {
    let Some(mut statement) = Statement::new(Kind::InsertReturningIds, table, columns)? else {
        return Ok(Vec::new());
    };
    let mut ids: Vec<i64> = match conn {
        Conn::Pg(conn) => statement.load(conn)?,
        Conn::Sqlite(conn) => {
            statement.write_json();
            statement.load(conn)?
        }
    };
    // The rows are inserted in their order, and each takes the next id; neither engine promises the
    // order in which the ids come back.
    ids.sort_unstable();
    Ok(ids)
}

fn execute(
    conn: &mut Conn,
    kind: Kind,
    table: &'static str,
    columns: Columns<'_>,
) -> QueryResult<usize> {
    let Some(mut statement) = Statement::new(kind, table, columns)? else {
        return Ok(0);
    };
    match conn {
        Conn::Pg(conn) => statement.execute(conn),
        Conn::Sqlite(conn) => {
            statement.write_json();
            statement.execute(conn)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Insert,
    InsertReturningIds,
    Update,
}

/// A statement that writes rows.
struct Statement<'a> {
    kind: Kind,
    table: &'static str,
    columns: Columns<'a>,
    /// The rows as arrays of JSON, for SQLite.
    json: String,
}

impl<'a> Statement<'a> {
    /// `None` if there are no rows.
    fn new(kind: Kind, table: &'static str, columns: Columns<'a>) -> QueryResult<Option<Self>> {
        let count = columns.first().map_or(0, |(_, column)| column.len());
        if columns.iter().any(|(_, column)| column.len() != count) {
            let unequal = format!("the columns for {table} differ in length");
            return Err(DieselError::QueryBuilderError(unequal.into()));
        }
        let statement = Self {
            kind,
            table,
            columns,
            json: String::new(),
        };
        Ok((count > 0).then_some(statement))
    }

    fn write_json(&mut self) {
        let count = self.columns.first().map_or(0, |(_, column)| column.len());
        let row = |row| {
            let values = self.columns.iter();
            Value::Array(values.filter_map(|(_, column)| column.json(row)).collect())
        };
        self.json = Value::Array((0..count).map(row).collect()).to_string();
    }

    /// The statement around `push_rows`, which are the rows as a subquery.
    fn walk<'b, DB: Backend>(
        &'b self,
        mut out: AstPass<'_, 'b, DB>,
        push_rows: impl FnOnce(&mut AstPass<'_, 'b, DB>) -> QueryResult<()>,
    ) -> QueryResult<()> {
        if self.kind == Kind::Update {
            out.push_sql("UPDATE ");
            out.push_identifier(self.table)?;
            out.push_sql(" SET ");
            for (number, (name, _)) in self.columns.iter().enumerate().skip(1) {
                out.push_sql(if number > 1 { ", " } else { "" });
                out.push_identifier(name)?;
                out.push_sql(" = r.");
                out.push_identifier(name)?;
            }
            out.push_sql(" FROM (");
            push_rows(&mut out)?;
            out.push_sql(") AS r WHERE ");
            out.push_identifier(self.table)?;
            for (name, _) in self.columns.iter().take(1) {
                out.push_sql(".");
                out.push_identifier(name)?;
                out.push_sql(" = r.");
                out.push_identifier(name)?;
            }
            return Ok(());
        }
        out.push_sql("INSERT INTO ");
        out.push_identifier(self.table)?;
        out.push_sql(" (");
        self.push_names(&mut out)?;
        out.push_sql(") ");
        push_rows(&mut out)?;
        if self.kind == Kind::InsertReturningIds {
            out.push_sql(" RETURNING id");
        }
        Ok(())
    }

    /// The names of the columns, separated by commas.
    fn push_names<'b, DB: Backend>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (number, (name, _)) in self.columns.iter().enumerate() {
            out.push_sql(if number > 0 { ", " } else { "" });
            out.push_identifier(name)?;
        }
        Ok(())
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk(out, |out| {
            out.push_sql("SELECT ");
            self.push_names(out)?;
            out.push_sql(" FROM UNNEST(");
            for (number, (_, column)) in self.columns.iter().enumerate() {
                out.push_sql(if number > 0 { ", " } else { "" });
                column.push_array(out)?;
            }
            out.push_sql(") WITH ORDINALITY AS u (");
            self.push_names(out)?;
            out.push_sql(", position_of_row) ORDER BY position_of_row");
            Ok(())
        })
    }
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.walk(out, |out| {
            out.push_sql("SELECT ");
            for (number, (name, _)) in self.columns.iter().enumerate() {
                let comma = if number > 0 { ", " } else { "" };
                out.push_sql(&format!("{comma}value ->> {number} AS "));
                out.push_identifier(name)?;
            }
            out.push_sql(" FROM json_each(");
            out.push_bind_param::<Text, _>(&self.json)?;
            out.push_sql(") ORDER BY key");
            Ok(())
        })
    }
}

/// The text alone identifies a statement.
impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// What a statement with `RETURNING` returns: ids.
impl Query for Statement<'_> {
    type SqlType = BigInt;
}

impl RunQueryDsl<PgConnection> for Statement<'_> {}
impl RunQueryDsl<SqliteConnection> for Statement<'_> {}
