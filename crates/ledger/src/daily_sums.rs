//! What moved on each day: sums of the sealed entries, for reports.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};
use qlive_store::schema::daily_sums;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;

use crate::account::{BalanceKind, SystemAccount};
use crate::chain_sums::ChainSum;
use crate::entry::EntryKind;

/// Shanghai is eight hours ahead of UTC, in milliseconds.
const SHANGHAI: i64 = 8 * 3_600_000;
/// A day in milliseconds.
const DAY: i64 = 86_400_000;
/// The class of a balance is its number plus this; that of a system account is its number.
const BALANCES: i64 = 10;

/// A day in Shanghai, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub const fn of(at: Moment) -> Self {
        Self((at.millis() + SHANGHAI).div_euclid(DAY))
    }

    /// The day with this number.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// When the day begins.
    #[must_use]
    pub const fn begin(self) -> Moment {
        Moment::from_millis(self.0 * DAY - SHANGHAI)
    }

    /// The day so many days later; earlier for a negative number.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// The number of the day.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}

/// Whose accounts coins move between: one of the system, or the same balance of all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountClass {
    System(SystemAccount),
    Balance(BalanceKind),
}

impl AccountClass {
    const fn number(self) -> i64 {
        match self {
            Self::System(system) => system.number(),
            Self::Balance(kind) => BALANCES + kind.number(),
        }
    }

    fn from_number(number: i32) -> Option<Self> {
        let number = i64::from(number);
        let systems = SystemAccount::ALL.map(Self::System);
        let balances = BalanceKind::ALL.map(Self::Balance);
        let mut all = systems.into_iter().chain(balances);
        all.find(|class| class.number() == number)
    }

    /// The SQL expression of the class of the account number `account`.
    pub(crate) fn number_sql(account: &str) -> String {
        format!(
            "CASE WHEN {account} < 100 THEN {account} ELSE {BALANCES} + {} END",
            BalanceKind::number_sql(account)
        )
    }
}

/// The SQL expression of the number of the day of the moment `at`.
#[must_use]
pub fn day_sql(at: &str) -> String {
    format!("({at} + {SHANGHAI}) / {DAY}")
}

/// What moved on a day in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailySum {
    pub day: Day,
    pub kind: EntryKind,
    pub from: AccountClass,
    pub to: AccountClass,
    pub transfers: i64,
    /// Not one amount: the sum of a day may exceed the largest.
    pub coins: i64,
}

/// The sums of what moved on each day.
pub const DAILY_SUMS: ChainSum = ChainSum {
    name: "daily_sums",
    add_sql,
};

fn add_sql(condition: &str) -> String {
    let moved = moved_sql(condition);
    format!(
        "INSERT INTO daily_sums (day, kind, from_class, to_class, transfers, coins)
        SELECT day, kind, from_class, to_class, COUNT(*), SUM(amount) FROM ({moved}) m
        WHERE 1 = 1 GROUP BY day, kind, from_class, to_class
        ON CONFLICT (day, kind, from_class, to_class) DO UPDATE SET
            transfers = daily_sums.transfers + excluded.transfers,
            coins = daily_sums.coins + excluded.coins"
    )
}

/// The SQL query of the transfers of the links `c` of which the condition is true.
fn moved_sql(condition: &str) -> String {
    let (from, to) = (
        AccountClass::number_sql("t.debit"),
        AccountClass::number_sql("t.credit"),
    );
    let day = day_sql("e.at");
    format!(
        "SELECT {day} AS day, e.kind AS kind, {from} AS from_class, {to} AS to_class,
            t.amount AS amount
        FROM ledger_chain c
        JOIN ledger_entries e ON e.id = c.entry_id
        JOIN ledger_transfers t ON t.entry_id = e.id
        WHERE {condition}"
    )
}

type SumRow = (i64, i32, i32, i32, i64, i64);

/// The sums of the days from the first to the last, both included, by day.
///
/// # Errors
/// When the database fails.
pub(crate) fn load_sums(
    conn: &mut Conn,
    first: Day,
    last: Day,
) -> Result<Vec<DailySum>, StoreError> {
    let rows: Vec<SumRow> = daily_sums::table
        .filter(daily_sums::day.between(first.0, last.0))
        .order(daily_sums::day)
        .select((
            daily_sums::day,
            daily_sums::kind,
            daily_sums::from_class,
            daily_sums::to_class,
            daily_sums::transfers,
            daily_sums::coins,
        ))
        .load(conn)?;
    let class = |number| {
        AccountClass::from_number(number).ok_or(StoreError::Corrupt("daily_sums.from_class"))
    };
    let sum = |(day, kind, from, to, transfers, coins): SumRow| {
        Ok(DailySum {
            day: Day(day),
            kind: EntryKind::from_number(kind).ok_or(StoreError::Corrupt("daily_sums.kind"))?,
            from: class(from)?,
            to: class(to)?,
            transfers,
            coins,
        })
    };
    rows.into_iter().map(sum).collect()
}

/// The coins that each class of accounts holds by the sums: what came minus what went.
///
/// # Errors
/// When the database fails.
pub(crate) fn load_holdings(conn: &mut Conn) -> Result<Vec<(AccountClass, i64)>, StoreError> {
    let query = "SELECT class, CAST(SUM(coins) AS BIGINT) AS coins FROM (
            SELECT to_class AS class, coins FROM daily_sums
            UNION ALL SELECT from_class, -coins FROM daily_sums
        ) s GROUP BY class";
    let rows: Vec<HoldingRow> = sql_query(query).load(conn)?;
    let holding = |row: HoldingRow| {
        let class = AccountClass::from_number(row.class);
        let class = class.ok_or(StoreError::Corrupt("daily_sums.to_class"))?;
        Ok((class, row.coins))
    };
    rows.into_iter().map(holding).collect()
}

#[derive(QueryableByName)]
struct HoldingRow {
    #[diesel(sql_type = Integer)]
    class: i32,
    #[diesel(sql_type = BigInt)]
    coins: i64,
}

/// The rule that the stored sums are those of the entries that were added.
pub(crate) fn sums_are_those_of_the_added_entries() -> String {
    let moved = moved_sql(&DAILY_SUMS.is_added_sql());
    format!(
        "SELECT 'day ' || day || ': the stored sum of kind ' || kind || ' differs by ' || coins
            || ' coins' AS what
        FROM (
            SELECT day, kind, from_class, to_class, SUM(transfers) AS transfers,
                SUM(coins) AS coins
            FROM (
                SELECT day, kind, from_class, to_class, 1 AS transfers, amount AS coins
                FROM ({moved}) m
                UNION ALL
                SELECT day, kind, from_class, to_class, -transfers, -coins FROM daily_sums
            ) u
            GROUP BY day, kind, from_class, to_class
        ) s WHERE transfers <> 0 OR coins <> 0 ORDER BY day LIMIT 1"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_begins_at_midnight_in_shanghai() {
        let day = Day::of(Moment::parse_day("2026-11-27").unwrap());
        assert_eq!(day.begin(), Moment::parse_day("2026-11-27").unwrap());
        assert_eq!(
            day.plus(1).begin(),
            Moment::parse_day("2026-11-28").unwrap()
        );
        let before = Moment::from_millis(day.begin().millis() - 1);
        assert_eq!(Day::of(before), day.plus(-1));
    }

    #[test]
    fn classes_are_read_back() {
        for system in SystemAccount::ALL {
            let class = AccountClass::System(system);
            let number = i32::try_from(class.number()).unwrap();
            assert_eq!(AccountClass::from_number(number), Some(class));
        }
        for kind in BalanceKind::ALL {
            let class = AccountClass::Balance(kind);
            let number = i32::try_from(class.number()).unwrap();
            assert_eq!(AccountClass::from_number(number), Some(class));
        }
        assert_eq!(AccountClass::from_number(99), None);
    }
}
