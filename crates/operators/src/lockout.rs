//! Lock-out: after some misses, nothing is tried for a while.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::operator_misses;
use qlive_store::{Conn, OperatorName, StoreError, key_violation_as_contention};
use qlive_types::Moment;

use crate::OperatorsError;
use crate::account_rows::LONGEST_NAME;

/// How many misses a name may have without a wait.
const FREE_MISSES_OF_NAME: i32 = 5;
/// The same for an address, which several operators may share.
const FREE_MISSES_OF_ADDRESS: i32 = 20;
/// The first wait; each further miss doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// Misses are forgotten when none followed for this long.
const MEMORY: Duration = Duration::from_secs(86_400);

/// What the source of a typed name begins with.
const NAME: &str = "name:";

/// Whose misses are counted for one attempt.
pub(crate) struct Sources {
    /// A name that was typed, or an operator.
    who: String,
    address: Option<String>,
}

impl Sources {
    /// Of somebody who types a name and a password.
    pub(crate) fn of_login(name: &OperatorName, address: &str) -> Self {
        Self {
            who: name_source(name),
            address: Some(format!("address:{address}")),
        }
    }

    /// Of an operator who types a code: their password was right before. Nobody without it can lock
    /// them out here.
    pub(crate) fn of_operator(id: i64) -> Self {
        Self {
            who: operator_source(id),
            address: None,
        }
    }

    /// Of an operator who types their password in a session. A right one forgives no wrong code.
    pub(crate) fn of_password(id: i64) -> Self {
        Self {
            who: password_source(id),
            address: None,
        }
    }
}

/// No account has a longer name, and an index takes no longer one than some thousand bytes.
fn name_source(name: &OperatorName) -> String {
    let compared: String = name.compared().chars().take(LONGEST_NAME).collect();
    format!("{NAME}{compared}")
}

fn operator_source(id: i64) -> String {
    format!("operator:{id}")
}

fn password_source(id: i64) -> String {
    format!("password:{id}")
}

/// Begins an attempt: counts it as a miss, so that attempts at the same time count each other. One
/// that succeeds calls [`forgive`].
///
/// # Errors
/// [`OperatorsError::Locked`], or when the database fails.
pub(crate) fn begin_attempt(
    conn: &mut Conn,
    now: Moment,
    sources: &Sources,
) -> Result<(), OperatorsError> {
    let forgotten = operator_misses::last_miss_at.lt(now.before(MEMORY).millis());
    diesel::delete(operator_misses::table.filter(forgotten)).execute(conn)?;
    // The address first: one that is locked adds no misses to a name.
    if let Some(address) = &sources.address {
        count_miss(conn, now, address, FREE_MISSES_OF_ADDRESS)?;
    }
    count_miss(conn, now, &sources.who, FREE_MISSES_OF_NAME)
}

fn count_miss(conn: &mut Conn, now: Moment, source: &str, free: i32) -> Result<(), OperatorsError> {
    let counted: Option<(i32, i64)> = diesel::update(operator_misses::table.find(source))
        .set((
            operator_misses::misses.eq(operator_misses::misses + 1),
            operator_misses::last_miss_at.eq(now.millis()),
        ))
        .returning((operator_misses::misses, operator_misses::locked_until))
        .get_result(conn)
        .optional()?;
    let Some((misses, locked_until)) = counted else {
        let row = (
            operator_misses::source.eq(source),
            operator_misses::misses.eq(1),
            operator_misses::locked_until.eq(0),
            operator_misses::last_miss_at.eq(now.millis()),
        );
        let insert = diesel::insert_into(operator_misses::table).values(row);
        key_violation_as_contention(insert.execute(conn))?;
        return Ok(());
    };
    let until = Moment::from_millis(locked_until);
    if now.is_waiting(until, LONGEST_WAIT) {
        // The whole transaction is undone: a try while it is locked is no miss.
        return Err(OperatorsError::Locked(until));
    }
    if misses >= free {
        let doublings = u32::try_from(misses - free).unwrap_or(0).min(16);
        let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
        diesel::update(operator_misses::table.find(source))
            .set(operator_misses::locked_until.eq(now.after(wait).millis()))
            .execute(conn)?;
        // What was typed as a name may be a password.
        let source = if source.starts_with(NAME) {
            "a name"
        } else {
            source
        };
        tracing::warn!(
            source,
            misses,
            secs = wait.as_secs(),
            "no further try for now, unless this one is right"
        );
    }
    Ok(())
}

/// The attempt was no miss. Those of the name or the operator are forgotten; an address keeps the
/// misses of other names.
pub(crate) fn forgive(conn: &mut Conn, sources: &Sources) -> Result<(), StoreError> {
    diesel::delete(operator_misses::table.find(&sources.who)).execute(conn)?;
    if let Some(address) = &sources.address {
        diesel::update(operator_misses::table.find(address))
            .set((
                operator_misses::misses.eq(operator_misses::misses - 1),
                operator_misses::locked_until.eq(0),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Forgets the misses of an account, which is reset.
pub(crate) fn forget_misses(
    conn: &mut Conn,
    name: &OperatorName,
    id: i64,
) -> Result<(), StoreError> {
    let sources = [name_source(name), operator_source(id), password_source(id)];
    diesel::delete(operator_misses::table.filter(operator_misses::source.eq_any(sources)))
        .execute(conn)?;
    Ok(())
}
