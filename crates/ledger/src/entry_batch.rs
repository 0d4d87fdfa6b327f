//! [`EntryBatch`]: entries that one transaction posts together.

use std::collections::{BTreeMap, BTreeSet};

use qlive_store::{
    Conn, StoreError, insert_rows, insert_rows_returning_ids, key_violation_as_contention,
    update_rows,
};
use qlive_types::{EntryId, Moment, UserId};

use crate::balance_change::BalanceChange;
use crate::balance_locks::{
    LockedRow, find_first_rows_held, find_stored, lock_first_rows, lock_rows,
};
use crate::balances::{Balances, BalancesRow};
use crate::entry::{Entry, Transfer};
use crate::error::LedgerError;

/// Entries that one transaction posts together, by a number of statements that does not depend on
/// theirs.
///
/// The balances of all users are locked first, by one statement and in ascending order of users, so
/// that two transactions cannot deadlock. Each entry is then decided by the balances as the entries
/// before it left them, and [`EntryBatch::write`] writes them all.
pub struct EntryBatch {
    users: BTreeMap<UserId, UserBalances>,
    entries: Vec<Entry>,
    lines: Vec<HistoryLine>,
}

/// The balances of a user, as the entries of the batch leave them.
struct UserBalances {
    row: BalancesRow,
    /// The length of the history.
    entry_count: i64,
    /// Whether the user has a row already.
    is_stored: bool,
    is_changed: bool,
}

/// A line of the history of a user.
struct HistoryLine {
    user: UserId,
    number: i64,
    /// The position of the entry in the batch.
    entry: usize,
    amount: i64,
    gold: i64,
    income: i64,
}

impl EntryBatch {
    /// Locks the balances of these users until the transaction ends. Waits for another transaction
    /// that has locked one of them.
    ///
    /// # Errors
    /// A failure of the store, also when a lock was not free in time.
    pub fn lock(
        conn: &mut Conn,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<Self, StoreError> {
        let users: BTreeSet<UserId> = users.into_iter().collect();
        let rows = lock_rows(conn, &users, true)?;
        let batch = Self::of_rows(&users, rows)?;
        let new = batch.users_without_row();
        if let Conn::Pg(conn) = conn
            && !new.is_empty()
        {
            lock_first_rows(conn, &new)?;
            if !find_stored(conn, &new)?.is_empty() {
                // Another transaction has inserted one meanwhile.
                return Err(StoreError::Contended);
            }
        }
        Ok(batch)
    }

    /// The same without waiting. Returns also the users whose balances another transaction has
    /// locked; an entry that moves one of those is refused.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn lock_unheld(
        conn: &mut Conn,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<(Self, BTreeSet<UserId>), StoreError> {
        let users: BTreeSet<UserId> = users.into_iter().collect();
        let rows = lock_rows(conn, &users, false)?;
        let mut batch = Self::of_rows(&users, rows)?;
        let mut held = BTreeSet::new();
        let rest = batch.users_without_row();
        // On SQLite nothing is locked by another transaction.
        if let Conn::Pg(conn) = conn
            && !rest.is_empty()
        {
            // Those whose first row another transaction is about to insert; and those who have a
            // row nevertheless: another transaction has locked it, or inserted it just now.
            let mut left_out = find_first_rows_held(conn, &rest)?;
            left_out.extend(find_stored(conn, &rest)?);
            for user in left_out {
                let user = user_of(user)?;
                batch.users.remove(&user);
                held.insert(user);
            }
        }
        Ok((batch, held))
    }

    fn users_without_row(&self) -> Vec<i64> {
        let users = self.users.iter().filter(|(_, user)| !user.is_stored);
        users.map(|(user, _)| user.get()).collect()
    }

    fn of_rows(users: &BTreeSet<UserId>, rows: Vec<LockedRow>) -> Result<Self, StoreError> {
        let new = |user: &UserId| {
            let balances = UserBalances {
                row: BalancesRow::default(),
                entry_count: 0,
                is_stored: false,
                is_changed: false,
            };
            (*user, balances)
        };
        let mut users: BTreeMap<_, _> = users.iter().map(new).collect();
        for row in rows {
            let balances = UserBalances {
                row: row.balances,
                entry_count: row.entry_count,
                is_stored: true,
                is_changed: false,
            };
            users.insert(user_of(row.user_id)?, balances);
        }
        Ok(Self {
            users,
            entries: Vec::new(),
            lines: Vec::new(),
        })
    }

    /// The balances of a user, as the entries of the batch leave them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a user whose balances are not locked, and for balances out of
    /// range.
    pub fn balances(&self, user: UserId) -> Result<Balances, StoreError> {
        let user = self.users.get(&user).ok_or(NOT_LOCKED)?;
        user.row.to_balances()
    }

    /// Adds an entry and moves the balances. Returns the position of its id in what
    /// [`EntryBatch::write`] returns. A refused entry changes nothing.
    ///
    /// # Errors
    /// [`LedgerError::InsufficientBalance`], [`LedgerError::AmountOutOfRange`] or
    /// [`LedgerError::InDebt`] if a balance would leave its range; [`LedgerError::Unbalanced`] if
    /// the entry has no transfers; [`StoreError::Corrupt`] for a user whose balances are not
    /// locked.
    pub fn add(&mut self, entry: Entry) -> Result<usize, LedgerError> {
        if entry.transfers.is_empty() {
            return Err(LedgerError::Unbalanced);
        }
        entry.total()?;
        let changes = BalanceChange::by_user(&entry)?;
        let mut changed = Vec::with_capacity(changes.len());
        for (user, change) in &changes {
            let before = self.users.get(user).ok_or(NOT_LOCKED)?;
            changed.push(change.applied_to(before.row)?);
        }
        let position = self.entries.len();
        for ((user, change), row) in changes.into_iter().zip(changed) {
            let Some(balances) = self.users.get_mut(&user) else {
                continue;
            };
            balances.row = row;
            balances.is_changed = true;
            if change.is_in_history() {
                balances.entry_count += 1;
                self.lines.push(HistoryLine {
                    user,
                    number: balances.entry_count,
                    entry: position,
                    amount: change.shown_amount(),
                    gold: row.bought + row.granted,
                    income: row.income,
                });
            }
        }
        self.entries.push(entry);
        Ok(position)
    }

    /// Writes the entries, their transfers, the balances and the history, in the caller's
    /// transaction. Returns the ids of the entries in the order in which they were added.
    ///
    /// # Errors
    /// `Contended` if another transaction wrote the first balances of a user meanwhile, or reversed
    /// the same entry; any other failure of the store.
    pub fn write(self, conn: &mut Conn, now: Moment) -> Result<Vec<EntryId>, LedgerError> {
        self.write_balances(conn)?;
        let ids = self.insert_entries(conn, now)?;
        self.insert_transfers(conn, now, &ids)?;
        self.insert_history(conn, &ids)?;
        Ok(ids.into_iter().map(EntryId::new).collect())
    }

    /// Adds and writes a single entry.
    pub(crate) fn post_one(
        mut self,
        conn: &mut Conn,
        now: Moment,
        entry: Entry,
    ) -> Result<EntryId, LedgerError> {
        self.add(entry)?;
        let id = self.write(conn, now)?.first().copied();
        Ok(id.ok_or(StoreError::Corrupt("ledger_entries"))?)
    }

    fn write_balances(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let changed = self.users.iter().filter(|(_, user)| user.is_changed);
        let (stored, new): (Vec<_>, Vec<_>) = changed.partition(|(_, user)| user.is_stored);
        let columns = |users: &[(&UserId, &UserBalances)]| {
            let column =
                |value: fn(&UserBalances) -> i64| users.iter().map(|u| value(u.1)).collect();
            [
                (
                    "user_id",
                    users.iter().map(|(user, _)| user.get()).collect(),
                ),
                ("bought", column(|user| user.row.bought)),
                ("granted", column(|user| user.row.granted)),
                ("income", column(|user| user.row.income)),
                ("held", column(|user| user.row.held)),
                ("debt", column(|user| user.row.debt)),
                ("entry_count", column(|user| user.entry_count)),
            ]
        };
        if update_rows(conn, "ledger_balances", &columns(&stored))? != stored.len() {
            return Err(StoreError::Corrupt("ledger_balances"));
        }
        key_violation_as_contention(insert_rows(conn, "ledger_balances", &columns(&new)))?;
        Ok(())
    }

    fn insert_entries(&self, conn: &mut Conn, now: Moment) -> Result<Vec<i64>, LedgerError> {
        let (mut counts, mut totals) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            let count = i32::try_from(entry.transfers.len()).ok();
            counts.push(count.ok_or(LedgerError::AmountOutOfRange)?);
            totals.push(entry.total()?.get());
        }
        let entries = self.entries.iter();
        let columns = [
            (
                "kind",
                entries.clone().map(|entry| entry.kind.number()).collect(),
            ),
            (
                "subject",
                entries.clone().map(|entry| entry.subject.clone()).collect(),
            ),
            ("reverses", entries.map(|entry| entry.reverses).collect()),
            ("transfer_count", counts.into_iter().collect()),
            ("total", totals.into_iter().collect()),
            ("at", self.entries.iter().map(|_| now.millis()).collect()),
        ];
        // The unique key on `reverses` refuses a second reversal of the same entry.
        let inserted = insert_rows_returning_ids(conn, "ledger_entries", &columns);
        let ids = key_violation_as_contention(inserted)?;
        if ids.len() != self.entries.len() {
            return Err(StoreError::Corrupt("ledger_entries").into());
        }
        Ok(ids)
    }

    fn insert_transfers(
        &self,
        conn: &mut Conn,
        now: Moment,
        ids: &[i64],
    ) -> Result<(), StoreError> {
        let transfers: Vec<(i64, &Transfer)> = self
            .entries
            .iter()
            .zip(ids)
            .flat_map(|(entry, id)| entry.transfers.iter().map(|transfer| (*id, transfer)))
            .collect();
        let rows = transfers.iter();
        let columns = [
            ("entry_id", rows.clone().map(|(id, _)| *id).collect()),
            (
                "debit",
                rows.clone()
                    .map(|(_, transfer)| transfer.from.number())
                    .collect(),
            ),
            (
                "credit",
                rows.clone()
                    .map(|(_, transfer)| transfer.to.number())
                    .collect(),
            ),
            (
                "amount",
                rows.clone()
                    .map(|(_, transfer)| transfer.amount.get())
                    .collect(),
            ),
            (
                "code",
                rows.clone().map(|(_, transfer)| transfer.code).collect(),
            ),
            ("at", rows.map(|_| now.millis()).collect()),
        ];
        insert_rows(conn, "ledger_transfers", &columns)?;
        Ok(())
    }

    fn insert_history(&self, conn: &mut Conn, ids: &[i64]) -> Result<(), StoreError> {
        let id_of = |line: &HistoryLine| ids.get(line.entry).copied();
        let entry_ids: Option<Vec<i64>> = self.lines.iter().map(id_of).collect();
        let entry_ids = entry_ids.ok_or(StoreError::Corrupt("ledger_entries"))?;
        let lines = self.lines.iter();
        let columns = [
            (
                "user_id",
                lines.clone().map(|line| line.user.get()).collect(),
            ),
            ("number", lines.clone().map(|line| line.number).collect()),
            ("entry_id", entry_ids.into_iter().collect()),
            ("amount", lines.clone().map(|line| line.amount).collect()),
            ("gold", lines.clone().map(|line| line.gold).collect()),
            ("income", lines.map(|line| line.income).collect()),
        ];
        insert_rows(conn, "ledger_history", &columns)?;
        Ok(())
    }
}

const NOT_LOCKED: StoreError = StoreError::Corrupt("balances that are not locked");

fn user_of(id: i64) -> Result<UserId, StoreError> {
    UserId::new(id).ok_or(StoreError::Corrupt("ledger_balances.user_id"))
}
