//! The money of each day: what was paid, refunded and paid out, in fen.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};
use qlive_store::{Conn, StoreError};
use qlive_types::{Fen, Moment};

use crate::error::PaymentsError;
use crate::orders::state::OrderState;
use crate::refunds::state::RefundState;
use crate::service::Payments;
use crate::withdrawals::state::WithdrawalState;

/// The money of a day in Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyMoney {
    /// How many orders were paid.
    pub orders: i64,
    /// How many users paid.
    pub payers: i64,
    pub paid: Fen,
    /// How many refunds were done.
    pub refunds: i64,
    pub refunded: Fen,
    /// How many withdrawals were paid out.
    pub withdrawals: i64,
    pub paid_out: Fen,
}

/// Sums by day: the day's number, two counts and an amount.
#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    users: i64,
    #[diesel(sql_type = BigInt)]
    fen: i64,
}

/// Orders by the day on which they were paid. Each query reads the rows of these days alone, by an
/// index.
const PAID: &str = "SELECT (paid_at + 28800000) / 86400000 AS day, COUNT(*) AS count, \
    COUNT(DISTINCT user_id) AS users, CAST(SUM(fen) AS BIGINT) AS fen \
    FROM orders WHERE state = ? AND paid_at >= ? AND paid_at < ? GROUP BY 1";
const REFUNDED: &str = "SELECT (done_at + 28800000) / 86400000 AS day, COUNT(*) AS count, \
    CAST(0 AS BIGINT) AS users, CAST(SUM(fen) AS BIGINT) AS fen \
    FROM refunds WHERE state = ? AND done_at >= ? AND done_at < ? GROUP BY 1";
const PAID_OUT: &str = "SELECT (done_at + 28800000) / 86400000 AS day, COUNT(*) AS count, \
    COUNT(DISTINCT user_id) AS users, CAST(SUM(fen) AS BIGINT) AS fen \
    FROM withdrawals WHERE state = ? AND done_at >= ? AND done_at < ? GROUP BY 1";

impl Payments {
    /// The money of the days between two moments, by the number of the day: days since 1970-01-01
    /// in Shanghai. Days without any are left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn daily_money(
        &self,
        from: Moment,
        until: Moment,
    ) -> Result<BTreeMap<i64, DailyMoney>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut days: BTreeMap<i64, DailyMoney> = BTreeMap::new();
                let span = (from, until);
                for row in sums(conn, PAID, OrderState::Paid.number(), span)? {
                    let day = days.entry(row.day).or_insert(NONE);
                    (day.orders, day.payers, day.paid) = (row.count, row.users, fen(row.fen)?);
                }
                for row in sums(conn, REFUNDED, RefundState::Done.number(), span)? {
                    let day = days.entry(row.day).or_insert(NONE);
                    (day.refunds, day.refunded) = (row.count, fen(row.fen)?);
                }
                for row in sums(conn, PAID_OUT, WithdrawalState::Paid.number(), span)? {
                    let day = days.entry(row.day).or_insert(NONE);
                    (day.withdrawals, day.paid_out) = (row.count, fen(row.fen)?);
                }
                Ok(days)
            })
            .await
    }
}

/// A day on which nothing was paid.
const NONE: DailyMoney = DailyMoney {
    orders: 0,
    payers: 0,
    paid: Fen::ZERO,
    refunds: 0,
    refunded: Fen::ZERO,
    withdrawals: 0,
    paid_out: Fen::ZERO,
};

fn fen(amount: i64) -> Result<Fen, StoreError> {
    Fen::new(amount).map_err(|_out_of_range| StoreError::Corrupt("a sum of fen"))
}

fn sums(
    conn: &mut Conn,
    query: &str,
    state: i32,
    (from, until): (Moment, Moment),
) -> Result<Vec<SumRow>, StoreError> {
    // PostgreSQL numbers its parameters.
    let numbered = query
        .replacen('?', "$1", 1)
        .replacen('?', "$2", 1)
        .replacen('?', "$3", 1);
    let rows = match conn {
        Conn::Pg(conn) => sql_query(numbered)
            .bind::<Integer, _>(state)
            .bind::<BigInt, _>(from.millis())
            .bind::<BigInt, _>(until.millis())
            .load(conn)?,
        Conn::Sqlite(conn) => sql_query(query)
            .bind::<Integer, _>(state)
            .bind::<BigInt, _>(from.millis())
            .bind::<BigInt, _>(until.millis())
            .load(conn)?,
    };
    Ok(rows)
}
