//! Idempotency keys: a request that is repeated gets the stored outcome and moves coins once.

use std::collections::HashMap;

use diesel::prelude::*;
use qlive_store::schema::idempotency_keys;
use qlive_store::{Conn, insert_rows, key_violation_as_contention};
use qlive_types::{EntryId, Moment};
use sha2::{Digest as _, Sha256};

use crate::error::LedgerError;

/// A key that the caller chose before its first attempt, with the hash of the request's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    key: String,
    input_hash: String,
}

impl IdempotencyKey {
    /// `key` is unique in the database, so it contains its scope: `gift:12345678:abc`. `input` is
    /// everything that distinguishes this request from another one.
    #[must_use]
    pub fn new(key: impl Into<String>, input: &str) -> Self {
        Self {
            key: key.into(),
            input_hash: hex::encode(Sha256::digest(input)),
        }
    }
}

/// A key, the hash of its input and its outcome.
type OutcomeRow = (String, String, String);

/// The outcomes that are stored for several keys.
#[derive(Debug, Default)]
pub struct StoredOutcomes {
    /// The hash of the input and the outcome, by key.
    by_key: HashMap<String, (String, String)>,
}

impl StoredOutcomes {
    /// The outcome that is stored for this key; `None` if the key is new.
    ///
    /// # Errors
    /// [`LedgerError::KeyReused`] if the key was stored with other input.
    pub fn find(&self, key: &IdempotencyKey) -> Result<Option<&str>, LedgerError> {
        match self.by_key.get(&key.key) {
            None => Ok(None),
            Some((hash, outcome)) if *hash == key.input_hash => Ok(Some(outcome)),
            Some(_) => Err(LedgerError::KeyReused),
        }
    }

    /// Adds an outcome that the same transaction will store.
    pub fn add(&mut self, key: &IdempotencyKey, outcome: &str) {
        let value = (key.input_hash.clone(), outcome.to_owned());
        self.by_key.insert(key.key.clone(), value);
    }
}

/// The outcome of a request, and the entry that it posted.
#[derive(Debug, Clone)]
pub struct NewOutcome {
    pub key: IdempotencyKey,
    pub outcome: String,
    pub entry: Option<EntryId>,
}

/// Finds the outcomes that are stored for these keys.
///
/// # Errors
/// A failure of the store.
pub fn find_outcomes<'a>(
    conn: &mut Conn,
    keys: impl IntoIterator<Item = &'a IdempotencyKey>,
) -> Result<StoredOutcomes, LedgerError> {
    let keys: Vec<&str> = keys.into_iter().map(|key| key.key.as_str()).collect();
    if keys.is_empty() {
        return Ok(StoredOutcomes::default());
    }
    let stored = idempotency_keys::table
        .filter(idempotency_keys::key.eq_any(keys))
        .select((
            idempotency_keys::key,
            idempotency_keys::input_hash,
            idempotency_keys::outcome,
        ));
    let rows: Vec<OutcomeRow> = match conn {
        Conn::Pg(conn) => stored.load(conn)?,
        Conn::Sqlite(conn) => stored.load(conn)?,
    };
    let by_key = rows.into_iter();
    let by_key = by_key.map(|(key, hash, outcome)| (key, (hash, outcome)));
    Ok(StoredOutcomes {
        by_key: by_key.collect(),
    })
}

/// Finds the outcome that was stored for this key; `None` if the key is new.
///
/// # Errors
/// [`LedgerError::KeyReused`] if the key was stored with other input; a failure of the store.
pub fn find_outcome(conn: &mut Conn, key: &IdempotencyKey) -> Result<Option<String>, LedgerError> {
    let stored = find_outcomes(conn, [key])?;
    Ok(stored.find(key)?.map(str::to_owned))
}

/// Stores the outcome of a request and the entry that it posted, in the transaction that posts it.
///
/// # Errors
/// `Contended` if another transaction stored the key first: the caller's transaction then runs
/// again from its start, and [`find_outcome`] finds the outcome. Any other failure of the store.
pub fn store_outcome(
    conn: &mut Conn,
    now: Moment,
    key: &IdempotencyKey,
    outcome: &str,
    entry: Option<EntryId>,
) -> Result<(), LedgerError> {
    let new = NewOutcome {
        key: key.clone(),
        outcome: outcome.to_owned(),
        entry,
    };
    store_outcomes(conn, now, vec![new])
}

/// The same for several requests, by one statement.
///
/// # Errors
/// The same.
pub fn store_outcomes(
    conn: &mut Conn,
    now: Moment,
    mut outcomes: Vec<NewOutcome>,
) -> Result<(), LedgerError> {
    // In the order of keys: two transactions that store the same keys wait for each other in one
    // order, and cannot deadlock.
    outcomes.sort_by(|one, other| one.key.key.cmp(&other.key.key));
    let outcomes = outcomes.iter();
    let columns = [
        (
            "key",
            outcomes.clone().map(|new| new.key.key.clone()).collect(),
        ),
        (
            "input_hash",
            outcomes
                .clone()
                .map(|new| new.key.input_hash.clone())
                .collect(),
        ),
        (
            "outcome",
            outcomes.clone().map(|new| new.outcome.clone()).collect(),
        ),
        (
            "entry_id",
            outcomes
                .clone()
                .map(|new| new.entry.map(EntryId::get))
                .collect(),
        ),
        ("at", outcomes.map(|_| now.millis()).collect()),
    ];
    key_violation_as_contention(insert_rows(conn, "idempotency_keys", &columns))?;
    Ok(())
}
