//! Idempotency keys: a request that is repeated gets the stored outcome and moves coins once.

use diesel::prelude::*;
use qlive_store::schema::idempotency_keys;
use qlive_store::{Conn, key_violation_as_contention};
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct OutcomeRow {
    input_hash: String,
    outcome: String,
}

/// Finds the outcome that was stored for this key; `None` if the key is new.
///
/// # Errors
/// [`LedgerError::KeyReused`] if the key was stored with other input; a failure of the store.
pub fn find_outcome(conn: &mut Conn, key: &IdempotencyKey) -> Result<Option<String>, LedgerError> {
    let row = idempotency_keys::table
        .find(&key.key)
        .select(OutcomeRow::as_select())
        .get_result(conn)
        .optional()?;
    match row {
        None => Ok(None),
        Some(row) if row.input_hash == key.input_hash => Ok(Some(row.outcome)),
        Some(_) => Err(LedgerError::KeyReused),
    }
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
    key_violation_as_contention(
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::key.eq(&key.key),
                idempotency_keys::input_hash.eq(&key.input_hash),
                idempotency_keys::outcome.eq(outcome),
                idempotency_keys::entry_id.eq(entry.map(EntryId::get)),
                idempotency_keys::at.eq(now.millis()),
            ))
            .execute(conn),
    )?;
    Ok(())
}
