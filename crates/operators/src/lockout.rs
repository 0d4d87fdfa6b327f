//! Lock-out: after some misses, nothing is tried for a while.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::operator_misses;
use qlive_store::{Conn, OperatorName, StoreError, key_violation_as_contention};
use qlive_types::Moment;

use crate::OperatorsError;

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

/// Whose misses are counted for one attempt.
pub(crate) struct Sources {
    name: String,
    address: String,
}

impl Sources {
    pub(crate) fn new(name: &OperatorName, address: &str) -> Self {
        Self {
            name: format!("name:{}", name.compared()),
            address: format!("address:{address}"),
        }
    }
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
    count_miss(conn, now, &sources.address, FREE_MISSES_OF_ADDRESS)?;
    count_miss(conn, now, &sources.name, FREE_MISSES_OF_NAME)
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
    }
    Ok(())
}

/// The attempt was no miss. Those of the name are forgotten; an address keeps the misses of other
/// names.
pub(crate) fn forgive(conn: &mut Conn, sources: &Sources) -> Result<(), StoreError> {
    diesel::delete(operator_misses::table.find(&sources.name)).execute(conn)?;
    diesel::update(operator_misses::table.find(&sources.address))
        .set((
            operator_misses::misses.eq(operator_misses::misses - 1),
            operator_misses::locked_until.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}
