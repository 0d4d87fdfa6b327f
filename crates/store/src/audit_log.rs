//! The audit log: what operators changed, who did it and why.

use diesel::prelude::*;
use qlive_types::Moment;

pub use crate::operator::Operator;
use crate::schema::audit_log;
use crate::{Conn, StoreError};

/// The longest subject that is kept, in characters. The index of subjects takes no long ones.
const LONGEST_SUBJECT: usize = 500;

/// A subject that an address holds may be as long as that.
fn shortened(subject: &str) -> &str {
    let end = subject.char_indices().nth(LONGEST_SUBJECT);
    end.map_or(subject, |(end, _)| subject.split_at(end).0)
}

/// Inserts a row into the audit log, in the transaction that makes the change.
///
/// # Errors
/// When the database fails.
pub fn record(
    conn: &mut Conn,
    now: Moment,
    by: &Operator,
    action: &str,
    subject: &str,
) -> Result<(), StoreError> {
    record_change(conn, now, by, (action, subject), ("", ""))
}

/// The same with the value that the change replaced and the one that it wrote.
///
/// # Errors
/// When the database fails.
pub fn record_change(
    conn: &mut Conn,
    now: Moment,
    by: &Operator,
    (action, subject): (&str, &str),
    (before, after): (&str, &str),
) -> Result<(), StoreError> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::at.eq(now.millis()),
            audit_log::who.eq(by.name.as_str()),
            audit_log::role.eq(by.role),
            audit_log::address.eq(&by.address),
            audit_log::action.eq(action),
            audit_log::subject.eq(shortened(subject)),
            audit_log::reason.eq(&by.reason),
            audit_log::value_before.eq(before),
            audit_log::value_after.eq(after),
        ))
        .execute(conn)?;
    Ok(())
}
