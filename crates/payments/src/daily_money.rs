//! The money of each day: what was paid, refunded and paid out, in fen. Days that are over are
//! stored, so that reports do not read their orders again.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use qlive_ledger::{Day, day_sql};
use qlive_store::schema::daily_money;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Conn, StoreError, key_violation_as_contention, serialize_transactions};
use qlive_types::{Fen, Moment};
use tokio_util::sync::CancellationToken;

use crate::error::PaymentsError;
use crate::orders::state::OrderState;
use crate::refunds::state::RefundState;
use crate::service::Payments;
use crate::withdrawals::state::WithdrawalState;

/// How long after its end a day is stored: by then nearly everything that happened on it is
/// committed. For what comes later see [`forget_stored_days`].
const REST: Duration = Duration::from_secs(3_600);
/// The most days that one transaction sums and stores, those of [`AGAIN`] included: on SQLite
/// nothing else is written meanwhile, and a late payment waits on either engine.
const MOST_DAYS: i64 = 3;
/// The days that are summed again in every round, for clocks that were set.
const AGAIN: i64 = 2;

/// The transactions that store days or forget stored ones run one after another: what one of them
/// sums, no other changes meanwhile.
const STORED_DAYS: &str = "daily_money";

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

/// When something happened first.
#[derive(QueryableByName)]
struct AtRow {
    #[diesel(sql_type = BigInt)]
    at: i64,
}

/// What is summed. Each query reads the rows of the days in question alone, by an index.
#[derive(Debug, Clone, Copy)]
enum Summed {
    Orders,
    Refunds,
    Withdrawals,
}

impl Summed {
    /// The table, the state of what counts, the column of its time, and who is counted.
    const fn parts(self) -> (&'static str, i32, &'static str, &'static str) {
        match self {
            Self::Orders => ("orders", OrderState::Paid.number(), "paid_at", "user_id"),
            Self::Refunds => ("refunds", RefundState::Done.number(), "done_at", "0"),
            Self::Withdrawals => (
                "withdrawals",
                WithdrawalState::Paid.number(),
                "done_at",
                "user_id",
            ),
        }
    }

    /// The query of the sums of each day, of the rows of which the condition is true.
    fn sql(self, condition: &str) -> String {
        let (table, state, at, who) = self.parts();
        let day = day_sql(at);
        format!(
            "SELECT {day} AS day, COUNT(*) AS count, CAST(COUNT(DISTINCT {who}) AS BIGINT) AS users,
                CAST(SUM(fen) AS BIGINT) AS fen
            FROM {table} WHERE state = {state} AND {condition} GROUP BY 1"
        )
    }
}

#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = daily_money)]
struct MoneyRow {
    day: i64,
    orders: i64,
    payers: i64,
    paid: i64,
    refunds: i64,
    refunded: i64,
    withdrawals: i64,
    paid_out: i64,
}

impl MoneyRow {
    const fn none(day: i64) -> Self {
        Self {
            day,
            orders: 0,
            payers: 0,
            paid: 0,
            refunds: 0,
            refunded: 0,
            withdrawals: 0,
            paid_out: 0,
        }
    }
}

impl TryFrom<MoneyRow> for DailyMoney {
    type Error = StoreError;

    fn try_from(row: MoneyRow) -> Result<Self, StoreError> {
        let fen =
            |amount| Fen::new(amount).map_err(|_out_of_range| StoreError::Corrupt("a sum of fen"));
        Ok(Self {
            orders: row.orders,
            payers: row.payers,
            paid: fen(row.paid)?,
            refunds: row.refunds,
            refunded: fen(row.refunded)?,
            withdrawals: row.withdrawals,
            paid_out: fen(row.paid_out)?,
        })
    }
}

impl Payments {
    /// The money of the days from the first to the last, both included. Days without any may be
    /// left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn daily_money(
        &self,
        first: Day,
        last: Day,
    ) -> Result<BTreeMap<Day, DailyMoney>, PaymentsError> {
        self.db
            .read(move |conn| {
                let stored: Vec<MoneyRow> = daily_money::table
                    .filter(daily_money::day.between(first.number(), last.number()))
                    .select(MoneyRow::as_select())
                    .load(conn)?;
                let end = last_stored(conn)?;
                let rest = end.map_or(first, |day| first.max(Day::from_number(day).plus(1)));
                let fresh = sum_days(conn, rest, last)?;
                let all = stored.into_iter().chain(fresh);
                all.map(|row| Ok((Day::from_number(row.day), row.try_into()?)))
                    .collect()
            })
            .await
    }

    /// Stores the next days that are over. Returns whether there may be more.
    async fn store_money_days(&self) -> Result<bool, PaymentsError> {
        let newest = Day::of(self.clock.now().before(REST)).plus(-1);
        let stored = self.db.write(move |conn| {
            serialize_transactions(conn, STORED_DAYS)?;
            let first = match last_stored(conn)? {
                Some(day) => Some(Day::from_number(day).plus(1 - AGAIN)),
                None => first_day(conn)?,
            };
            let Some(first) = first.filter(|first| *first <= newest) else {
                return Ok(false);
            };
            let last = newest.min(first.plus(MOST_DAYS - 1));
            let found = sum_days(conn, first, last)?;
            let mut rows: BTreeMap<i64, MoneyRow> = (first.number()..=last.number())
                .map(|day| (day, MoneyRow::none(day)))
                .collect();
            rows.extend(found.into_iter().map(|row| (row.day, row)));
            rows.values().try_for_each(|row| store_day(conn, row))?;
            Ok::<_, PaymentsError>(last < newest)
        });
        stored.await
    }
}

/// Forgets the stored days from the one of `paid_at` on, so that they are stored again: an order
/// was paid then, and is credited now. Call it in the transaction that credits it, before the
/// ledger's rows are locked.
pub(crate) fn forget_stored_days(
    conn: &mut Conn,
    now: Moment,
    paid_at: Moment,
) -> Result<(), StoreError> {
    let day = Day::of(paid_at);
    if day >= Day::of(now.before(REST)) {
        return Ok(());
    }
    serialize_transactions(conn, STORED_DAYS)?;
    let stored = daily_money::table.filter(daily_money::day.ge(day.number()));
    diesel::delete(stored).execute(conn)?;
    Ok(())
}

fn store_day(conn: &mut Conn, row: &MoneyRow) -> Result<(), StoreError> {
    let updated = diesel::update(daily_money::table.find(row.day))
        .set(row)
        .execute(conn)?;
    if updated == 0 {
        let insert = diesel::insert_into(daily_money::table).values(row);
        key_violation_as_contention(insert.execute(conn))?;
    }
    Ok(())
}

/// The last day that is stored.
fn last_stored(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    Ok(daily_money::table
        .order(daily_money::day.desc())
        .select(daily_money::day)
        .first(conn)
        .optional()?)
}

/// The first day on which any money moved.
fn first_day(conn: &mut Conn) -> Result<Option<Day>, StoreError> {
    let mut first: Option<i64> = None;
    // Income from granted gold can be paid out before anybody has bought any.
    for summed in [Summed::Orders, Summed::Refunds, Summed::Withdrawals] {
        let (table, _, at, _) = summed.parts();
        // Whatever became of it: only a day without any money may be stored in vain.
        let query = format!("SELECT {at} AS at FROM {table} WHERE {at} > 0 ORDER BY {at} LIMIT 1");
        let earliest: Option<AtRow> = sql_query(query).get_result(conn).optional()?;
        first = earliest.map(|row| row.at).into_iter().chain(first).min();
    }
    Ok(first.map(|at| Day::of(Moment::from_millis(at))))
}

/// The money of these days, from the orders, refunds and withdrawals themselves.
fn sum_days(conn: &mut Conn, first: Day, last: Day) -> Result<Vec<MoneyRow>, StoreError> {
    let (from, until) = (first.begin().millis(), last.plus(1).begin().millis());
    let mut days: BTreeMap<i64, MoneyRow> = BTreeMap::new();
    for summed in [Summed::Orders, Summed::Refunds, Summed::Withdrawals] {
        let (_, _, at, _) = summed.parts();
        let query = summed.sql(&format!("{at} >= {from} AND {at} < {until}"));
        for sum in sql_query(query).load::<SumRow>(conn)? {
            let day = days.entry(sum.day).or_insert(MoneyRow::none(sum.day));
            match summed {
                Summed::Orders => {
                    (day.orders, day.payers, day.paid) = (sum.count, sum.users, sum.fen);
                }
                Summed::Refunds => (day.refunds, day.refunded) = (sum.count, sum.fen),
                Summed::Withdrawals => (day.withdrawals, day.paid_out) = (sum.count, sum.fen),
            }
        }
    }
    Ok(days.into_values().collect())
}

/// The rules that the stored days are those of the orders, refunds and withdrawals.
pub(crate) fn money_rules() -> [String; 3] {
    let rule = |summed: Summed, counted: &str, stored: &str, users: &str| {
        let (_, _, at, _) = summed.parts();
        let sums = summed.sql(&format!("{at} IS NOT NULL"));
        format!(
            "SELECT 'day ' || m.day || ': the stored {counted} differ' AS what
            FROM daily_money m LEFT JOIN ({sums}) s ON s.day = m.day
            WHERE m.{counted} <> COALESCE(s.count, 0) OR m.{stored} <> COALESCE(s.fen, 0)
                OR {users}
            ORDER BY m.day LIMIT 1"
        )
    };
    [
        rule(
            Summed::Orders,
            "orders",
            "paid",
            "m.payers <> COALESCE(s.users, 0)",
        ),
        rule(Summed::Refunds, "refunds", "refunded", "1 = 0"),
        rule(Summed::Withdrawals, "withdrawals", "paid_out", "1 = 0"),
    ]
}

/// The background worker that stores the money of the days that are over. Every instance may run
/// one.
pub struct DailyMoneyWorker {
    payments: Payments,
}

impl DailyMoneyWorker {
    /// Makes a worker; it does nothing until [`DailyMoneyWorker::run`].
    #[must_use]
    pub const fn new(payments: Payments) -> Self {
        Self { payments }
    }

    /// Works until `stop` is cancelled.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
    }
}

impl BackgroundWorker for DailyMoneyWorker {
    const NAME: &'static str = "daily money";
    const INTERVAL: Duration = Duration::from_secs(600);
    type Error = PaymentsError;

    async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, PaymentsError> {
        let more = self.payments.store_money_days().await?;
        Ok(if more {
            RoundOutcome::MoreDue
        } else {
            RoundOutcome::Done
        })
    }
}
