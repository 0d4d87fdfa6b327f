//! The rows of links.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::operator_links;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;
use secrecy::{ExposeSecret as _, SecretString};

use crate::secrets::{hash_of, new_token};

/// How long an invitation can be accepted.
pub(crate) const INVITATION: Duration = Duration::from_secs(3 * 86_400);

/// Inserts an invitation, and returns its secret.
pub(crate) fn insert_link(
    conn: &mut Conn,
    now: Moment,
    operator: i64,
) -> Result<SecretString, StoreError> {
    insert_link_until(conn, now.after(INVITATION), operator)
}

/// Inserts a link that ends then, and returns its secret.
pub(crate) fn insert_link_until(
    conn: &mut Conn,
    expires_at: Moment,
    operator: i64,
) -> Result<SecretString, StoreError> {
    let secret = new_token();
    diesel::insert_into(operator_links::table)
        .values((
            operator_links::hash.eq(hash_of(secret.expose_secret())),
            operator_links::operator_id.eq(operator),
            operator_links::expires_at.eq(expires_at.millis()),
        ))
        .execute(conn)?;
    Ok(secret)
}

/// Deletes the links of an account.
pub(crate) fn delete_links(conn: &mut Conn, operator: i64) -> Result<(), StoreError> {
    diesel::delete(operator_links::table.filter(operator_links::operator_id.eq(operator)))
        .execute(conn)?;
    Ok(())
}
