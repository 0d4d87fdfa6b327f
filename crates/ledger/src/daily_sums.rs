//! What moved on each day: sums of the sealed entries, for reports. An entry is added in the
//! transaction that seals it, so that a crash adds none twice and loses none.

use std::collections::BTreeMap;

use diesel::prelude::*;
use qlive_store::schema::daily_sums;
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{Coins, Moment};

use crate::account::{Account, BalanceKind, SystemAccount};
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
    const fn of(account: Account) -> Self {
        match account {
            Account::User(_, kind) => Self::Balance(kind),
            Account::System(system) => Self::System(system),
        }
    }

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

/// The SQL expression of the day of the moment `at`.
pub(crate) fn day_sql(at: &str) -> String {
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
    pub coins: Coins,
}

/// Sums of transfers, by the key of their row.
#[derive(Debug, Default)]
pub(crate) struct NewSums(BTreeMap<(i64, i32, i64, i64), (i64, i64)>);

impl NewSums {
    /// Adds a transfer of an entry.
    ///
    /// # Errors
    /// When an account number is none.
    pub(crate) fn add(
        &mut self,
        at: i64,
        kind: i32,
        (debit, credit): (i64, i64),
        amount: i64,
    ) -> Result<(), StoreError> {
        let class = |number| {
            let account = Account::from_number(number);
            let account = account.ok_or(StoreError::Corrupt("ledger_transfers.debit"))?;
            Ok::<_, StoreError>(AccountClass::of(account).number())
        };
        let day = Day::of(Moment::from_millis(at));
        let key = (day.0, kind, class(debit)?, class(credit)?);
        let sum = self.0.entry(key).or_default();
        *sum = (sum.0 + 1, sum.1 + amount);
        Ok(())
    }

    /// Adds these sums to those that are stored.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn write(self, conn: &mut Conn) -> Result<(), StoreError> {
        let class = |number| i32::try_from(number).unwrap_or(i32::MAX);
        for ((day, kind, from, to), (transfers, coins)) in self.0 {
            let key = (day, kind, class(from), class(to));
            let updated = diesel::update(daily_sums::table.find(key))
                .set((
                    daily_sums::transfers.eq(daily_sums::transfers + transfers),
                    daily_sums::coins.eq(daily_sums::coins + coins),
                ))
                .execute(conn)?;
            if updated == 0 {
                let row = (
                    daily_sums::day.eq(key.0),
                    daily_sums::kind.eq(key.1),
                    daily_sums::from_class.eq(key.2),
                    daily_sums::to_class.eq(key.3),
                    daily_sums::transfers.eq(transfers),
                    daily_sums::coins.eq(coins),
                );
                let insert = diesel::insert_into(daily_sums::table).values(row);
                key_violation_as_contention(insert.execute(conn))?;
            }
        }
        Ok(())
    }
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
            coins: Coins::new(coins)
                .map_err(|_out_of_range| StoreError::Corrupt("daily_sums.coins"))?,
        })
    };
    rows.into_iter().map(sum).collect()
}

/// The rule that the stored sums are those of the sealed entries.
pub(crate) fn sums_are_those_of_the_sealed_entries() -> String {
    let (from, to) = (
        AccountClass::number_sql("t.debit"),
        AccountClass::number_sql("t.credit"),
    );
    let day = day_sql("e.at");
    format!(
        "SELECT 'day ' || day || ': the stored sum of kind ' || kind || ' differs by ' || coins
            || ' coins' AS what
        FROM (
            SELECT day, kind, from_class, to_class, SUM(transfers) AS transfers,
                SUM(coins) AS coins
            FROM (
                SELECT {day} AS day, e.kind AS kind, {from} AS from_class, {to} AS to_class,
                    1 AS transfers, t.amount AS coins
                FROM ledger_chain c
                JOIN ledger_entries e ON e.id = c.entry_id
                JOIN ledger_transfers t ON t.entry_id = e.id
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
