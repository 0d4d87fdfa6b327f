//! [`LedgerBrowser`]: the ledger as operators read it, entry by entry.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer};
use qlive_store::schema::{ledger_chain, ledger_entries, ledger_transfers};
use qlive_store::{Conn, Db, StoreError, end_before, first_since};
use qlive_types::{Coins, EntryId, Moment};

use crate::daily_sums::{AccountClass, DailySum, Day, load_holdings, load_sums};
use crate::{Account, EntryKind, LedgerError};

/// Reads the ledger for operators. Cheap to clone.
#[derive(Clone)]
pub struct LedgerBrowser {
    db: Db,
}

/// An entry with its transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowsedEntry {
    pub id: EntryId,
    pub at: Moment,
    pub kind: EntryKind,
    /// What it is about: the number of an order, a withdrawal, a gift, or a reason.
    pub subject: String,
    /// The entry that it reverses.
    pub reverses: Option<EntryId>,
    pub transfers: Vec<BrowsedTransfer>,
    /// Its position in the hash chain and its hash; `None` while it is not sealed.
    pub sealed: Option<(i64, String)>,
}

/// A transfer of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrowsedTransfer {
    pub from: Account,
    pub to: Account,
    pub amount: Coins,
}

/// Which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EntryFilter {
    #[default]
    All,
    /// Those of a kind.
    Kind(EntryKind),
    /// Those of a kind about something.
    Subject(EntryKind, String),
}

/// A span of time: from its first moment on, and before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EntrySpan {
    pub from: Option<Moment>,
    pub until: Option<Moment>,
}

/// The entries of a span, found by [`LedgerBrowser::range`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRange {
    span: EntrySpan,
    /// The first number, and the one after the last. Some between them are of another time.
    first: i64,
    end: i64,
}

impl EntryRange {
    /// All entries.
    pub const ALL: Self = Self {
        span: EntrySpan {
            from: None,
            until: None,
        },
        first: 1,
        end: i64::MAX,
    };
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_entries)]
struct BrowsedRow {
    id: i64,
    kind: i32,
    subject: String,
    reverses: Option<i64>,
    at: i64,
}

impl LedgerBrowser {
    /// Reads the ledger of a database.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Finds the entries of a span of time by their numbers.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn range(&self, span: EntrySpan) -> Result<EntryRange, LedgerError> {
        if span == EntrySpan::default() {
            return Ok(EntryRange::ALL);
        }
        self.db.read(move |conn| Ok(find_range(conn, span)?)).await
    }

    /// At most `limit` entries of a range with a number below `before`, the latest first.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn entries(
        &self,
        filter: EntryFilter,
        range: EntryRange,
        before: Option<EntryId>,
        limit: i64,
    ) -> Result<Vec<BrowsedEntry>, LedgerError> {
        self.db
            .read(move |conn| {
                let mut query = ledger_entries::table
                    .order(ledger_entries::id.desc())
                    .limit(limit)
                    .select(BrowsedRow::as_select())
                    .into_boxed();
                let EntryRange { span, first, end } = range;
                let below = before.map_or(end, |before| end.min(before.get()));
                if let Some(from) = span.from {
                    query = query.filter(ledger_entries::at.ge(from.millis()));
                }
                if let Some(until) = span.until {
                    query = query.filter(ledger_entries::at.lt(until.millis()));
                }
                if !matches!(filter, EntryFilter::Kind(_)) {
                    query = query
                        .filter(ledger_entries::id.ge(first))
                        .filter(ledger_entries::id.lt(below));
                }
                match &filter {
                    EntryFilter::All => {}
                    EntryFilter::Kind(kind) => {
                        // Not by equality: a plan that reads all entries by their numbers would do
                        // for that, and a rare kind is found in none of them.
                        let is_within = |comparison: &str, id: i64| {
                            sql::<Bool>("(ledger_entries.kind, ledger_entries.id) ")
                                .sql(comparison)
                                .sql(" (")
                                .bind::<Integer, _>(kind.number())
                                .sql(", ")
                                .bind::<BigInt, _>(id)
                                .sql(")")
                        };
                        query = query
                            .filter(is_within(">=", first))
                            .filter(is_within("<", below))
                            .order((ledger_entries::kind.desc(), ledger_entries::id.desc()));
                    }
                    EntryFilter::Subject(kind, subject) => {
                        query = query
                            .filter(ledger_entries::kind.eq(kind.number()))
                            .filter(ledger_entries::subject.eq(subject));
                    }
                }
                let rows = query.load(conn)?;
                Ok(with_transfers(conn, rows)?)
            })
            .await
    }

    /// What moved on the days from the first to the last, both included.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn daily_sums(&self, first: Day, last: Day) -> Result<Vec<DailySum>, LedgerError> {
        self.db
            .read(move |conn| Ok(load_sums(conn, first, last)?))
            .await
    }

    /// The coins that each class of accounts holds, by the daily sums.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn holdings(&self) -> Result<Vec<(AccountClass, i64)>, LedgerError> {
        self.db.read(|conn| Ok(load_holdings(conn)?)).await
    }

    /// The last position of the hash chain and its hash; `None` while nothing is sealed.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn chain_head(&self) -> Result<Option<(i64, String)>, LedgerError> {
        self.db
            .read(|conn| {
                let head = ledger_chain::table
                    .order(ledger_chain::position.desc())
                    .select((ledger_chain::position, ledger_chain::hash))
                    .first(conn)
                    .optional()?;
                Ok(head)
            })
            .await
    }

    /// An entry.
    ///
    /// # Errors
    /// [`LedgerError::UnknownEntry`], or a failure of the store.
    pub async fn entry(&self, id: EntryId) -> Result<BrowsedEntry, LedgerError> {
        self.db
            .read(move |conn| {
                let rows = ledger_entries::table
                    .filter(ledger_entries::id.eq(id.get()))
                    .select(BrowsedRow::as_select())
                    .load(conn)?;
                let found = with_transfers(conn, rows)?.pop();
                found.ok_or(LedgerError::UnknownEntry)
            })
            .await
    }

    /// Those of some entries that were reversed, with the entries that reverse them.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn reversals(
        &self,
        of: Vec<EntryId>,
    ) -> Result<BTreeMap<EntryId, EntryId>, LedgerError> {
        self.db
            .read(move |conn| {
                let ids = of.iter().map(|entry| entry.get());
                let found: Vec<(Option<i64>, i64)> = ledger_entries::table
                    .filter(ledger_entries::reverses.eq_any(ids))
                    .select((ledger_entries::reverses, ledger_entries::id))
                    .load(conn)?;
                let pairs = found
                    .into_iter()
                    .filter_map(|(reversed, by)| Some((EntryId::new(reversed?), EntryId::new(by))));
                Ok(pairs.collect())
            })
            .await
    }
}

fn find_range(conn: &mut Conn, span: EntrySpan) -> Result<EntryRange, StoreError> {
    let last: Option<i64> = ledger_entries::table
        .order(ledger_entries::id.desc())
        .select(ledger_entries::id)
        .first(conn)
        .optional()?;
    let last = last.unwrap_or(0);
    let mut range = EntryRange {
        span,
        ..EntryRange::ALL
    };
    if let Some(from) = span.from {
        range.first = first_since(last, from, |id| next(conn, id))?;
    }
    if let Some(until) = span.until {
        range.end = end_before(last, until, |id| next(conn, id))?;
    }
    Ok(range)
}

/// The number and the time of the first entry from a number on.
fn next(conn: &mut Conn, from: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let next = ledger_entries::table
        .filter(ledger_entries::id.ge(from))
        .order(ledger_entries::id)
        .select((ledger_entries::id, ledger_entries::at))
        .first(conn);
    Ok(next.optional()?)
}

fn with_transfers(conn: &mut Conn, rows: Vec<BrowsedRow>) -> Result<Vec<BrowsedEntry>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut transfers: BTreeMap<i64, Vec<BrowsedTransfer>> = BTreeMap::new();
    let stored: Vec<(i64, i64, i64, i64)> = ledger_transfers::table
        .filter(ledger_transfers::entry_id.eq_any(&ids))
        .order(ledger_transfers::id)
        .select((
            ledger_transfers::entry_id,
            ledger_transfers::debit,
            ledger_transfers::credit,
            ledger_transfers::amount,
        ))
        .load(conn)?;
    for (entry, debit, credit, amount) in stored {
        let account = |number| {
            Account::from_number(number).ok_or(StoreError::Corrupt("ledger_transfers.debit"))
        };
        let transfer = BrowsedTransfer {
            from: account(debit)?,
            to: account(credit)?,
            amount: Coins::new(amount)
                .map_err(|_out_of_range| StoreError::Corrupt("ledger_transfers.amount"))?,
        };
        transfers.entry(entry).or_default().push(transfer);
    }
    let sealed: Vec<(i64, i64, String)> = ledger_chain::table
        .filter(ledger_chain::entry_id.eq_any(&ids))
        .select((
            ledger_chain::entry_id,
            ledger_chain::position,
            ledger_chain::hash,
        ))
        .load(conn)?;
    let mut sealed: BTreeMap<i64, (i64, String)> = sealed
        .into_iter()
        .map(|(entry, position, hash)| (entry, (position, hash)))
        .collect();
    let browsed = |row: BrowsedRow| {
        Ok(BrowsedEntry {
            id: EntryId::new(row.id),
            at: Moment::from_millis(row.at),
            kind: EntryKind::from_number(row.kind)
                .ok_or(StoreError::Corrupt("ledger_entries.kind"))?,
            subject: row.subject,
            reverses: row.reverses.map(EntryId::new),
            transfers: transfers.remove(&row.id).unwrap_or_default(),
            sealed: sealed.remove(&row.id),
        })
    };
    rows.into_iter().map(browsed).collect()
}
