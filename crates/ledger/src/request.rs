//! Request keys: whoever asks twice is answered alike, and moved once.

use diesel::prelude::*;
use qlive_store::schema::ledger_requests;
use qlive_store::{Conn, or_contended};
use qlive_types::{EntryId, Moment};
use sha2::{Digest as _, Sha256};

use crate::LedgerError;

/// A key chosen before the first try, and what is asked under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    key: String,
    input_hash: String,
}

impl Request {
    /// `key` is unique in the house, hence carries its scope: `gift:12345678:abc`.
    /// `input` is everything that makes this request what it is.
    #[must_use]
    pub fn new(key: impl Into<String>, input: &str) -> Self {
        Self {
            key: key.into(),
            input_hash: hex::encode(Sha256::digest(input)),
        }
    }
}

/// What this request was answered before. [`LedgerError::KeyReused`] when the key was for something else.
pub fn recall(conn: &mut Conn, request: &Request) -> Result<Option<String>, LedgerError> {
    let row: Option<(String, String)> = ledger_requests::table
        .find(&request.key)
        .select((ledger_requests::input_hash, ledger_requests::outcome))
        .get_result(conn)
        .optional()?;
    match row {
        None => Ok(None),
        Some((hash, outcome)) if hash == request.input_hash => Ok(Some(outcome)),
        Some(_) => Err(LedgerError::KeyReused),
    }
}

/// Keeps the answer to a request with the entry it made. Somebody who was
/// faster under the same key makes the whole transaction run again, which then recalls.
pub fn remember(
    conn: &mut Conn,
    now: Moment,
    request: &Request,
    outcome: &str,
    group: Option<EntryId>,
) -> Result<(), LedgerError> {
    or_contended(
        diesel::insert_into(ledger_requests::table)
            .values((
                ledger_requests::key.eq(&request.key),
                ledger_requests::input_hash.eq(&request.input_hash),
                ledger_requests::outcome.eq(outcome),
                ledger_requests::group_id.eq(group.map(EntryId::get)),
                ledger_requests::at.eq(now.millis()),
            ))
            .execute(conn),
    )?;
    Ok(())
}
