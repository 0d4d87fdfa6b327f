//! The double-entry ledger of coins.
//!
//! A [`Transfer`] moves coins from one [`Account`] to another. Transfers that are committed
//! together are an [`Entry`]; [`post_entry()`] writes one in the caller's transaction and moves the
//! balances of its users, [`EntryBatch`] several by the same statements. Rows are never changed or
//! deleted: a correction is a new entry ([`reverse_entry`]), and the database refuses any change.
//! [`find_outcome`] and [`store_outcome`] make a repeated request move coins once. [`audit()`]
//! checks all rules from the rows alone. [`ChainSealer`] chains the entries by hashes, so that a
//! change made directly in the database is detected; [`ChainSumWorker`] adds what is chained to
//! sums.
//!
//! Architecture invariants: the crate knows no gifts, orders or rooms; every function takes the
//! open connection; no other code changes a user's balance; system accounts have no stored balance,
//! so that no row is written by every gift.

mod account;
mod allocate;
mod audit;
mod balance_change;
mod balance_locks;
mod balances;
mod browser;
mod chain;
mod chain_sealer;
mod chain_sums;
mod daily_sums;
mod entry;
mod entry_batch;
mod error;
mod history;
mod idempotency;
mod income;
mod ledger_rules;
mod post_entry;
mod reversal;
mod violation;

pub use account::{Account, BalanceKind, SystemAccount};
pub use allocate::allocate;
pub use audit::{AuditReport, audit};
pub use balances::{Balances, BalancesRow, NewIncome, Spending, load_balances, load_debts};
pub use browser::{
    BrowsedEntry, BrowsedTransfer, EntryFilter, EntryRange, EntrySpan, LedgerBrowser,
};
pub use chain::seal_entries;
pub use chain_sealer::ChainSealer;
pub use chain_sums::{ChainSum, ChainSumWorker};
pub use daily_sums::{AccountClass, DAILY_SUMS, DailySum, Day, day_sql};
pub use entry::{Entry, EntryKind, Transfer, TransferCode};
pub use entry_batch::EntryBatch;
pub use error::LedgerError;
pub use history::{
    HistoryEntry, HistoryFilter, HistoryPart, SEARCHED, load_history, search_history,
};
pub use idempotency::{
    IdempotencyKey, NewOutcome, StoredOutcomes, find_outcome, find_outcomes, store_outcome,
    store_outcomes,
};
pub use income::{income_credited_since, income_from_giver_since};
pub use post_entry::post_entry;
pub use reversal::reverse_entry;
pub use violation::{AuditError, Violation, find_violation};
