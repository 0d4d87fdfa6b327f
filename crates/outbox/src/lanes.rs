//! Lanes: which are due, and who has the lease of one.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{outbox, outbox_lanes};
use qlive_store::{Conn, StoreError, or_contended};
use qlive_types::{Moment, random};

use crate::Status;

/// How long a lane belongs to an instance that does not say so again.
/// Longer than one delivery with all its retries can take.
const LEASE: Duration = Duration::from_secs(30);
/// The first wait after a failure, doubled each time up to the last.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(30);

/// Kinds of lanes that must not wait for each other: each has workers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Gifts come in storms.
    Gifts,
    /// Streams hang on another system than messages.
    Streams,
    /// Seats, ends, numbers, and what single people are told.
    Rest,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Gifts, Self::Streams, Self::Rest];

    /// The kind of a lane, by its name.
    pub(crate) fn of(lane: &str) -> Self {
        match lane.split(':').next() {
            Some("gift") => Self::Gifts,
            Some("stream") => Self::Streams,
            _ => Self::Rest,
        }
    }
}

/// At most `limit` lanes of a kind that have something due and nobody at work, those waiting longest first.
pub(crate) fn due(
    conn: &mut Conn,
    kind: Kind,
    limit: i64,
    now: Moment,
) -> Result<Vec<String>, StoreError> {
    let busy = outbox_lanes::table
        .filter(
            outbox_lanes::leased_until
                .gt(now.millis())
                .or(outbox_lanes::resume_at.gt(now.millis())),
        )
        .select(outbox_lanes::lane);
    let waiting = outbox::table
        .filter(
            outbox::status
                .eq(Status::Waiting.number())
                .and(outbox::due_at.le(now.millis())),
        )
        .filter(outbox::lane.ne_all(busy))
        .group_by(outbox::lane)
        .order(diesel::dsl::min(outbox::id))
        .limit(limit)
        .select(outbox::lane);
    let (gifts, streams) = (outbox::lane.like("gift:%"), outbox::lane.like("stream:%"));
    Ok(match kind {
        Kind::Gifts => waiting.filter(gifts).load(conn)?,
        Kind::Streams => waiting.filter(streams).load(conn)?,
        Kind::Rest => waiting
            .filter(diesel::dsl::not(gifts.or(streams)))
            .load(conn)?,
    })
}

/// Takes a lane, or says that another instance has it.
pub(crate) fn lease(
    conn: &mut Conn,
    lane: &str,
    owner: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let until = now.after(LEASE).millis();
    let free = outbox_lanes::leased_until
        .le(now.millis())
        .and(outbox_lanes::resume_at.le(now.millis()));
    let taken = diesel::update(outbox_lanes::table.find(lane).filter(free))
        .set((
            outbox_lanes::owner.eq(owner),
            outbox_lanes::leased_until.eq(until),
        ))
        .execute(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    let known: i64 = outbox_lanes::table.find(lane).count().get_result(conn)?;
    if known == 1 {
        return Ok(false);
    }
    let row = (
        outbox_lanes::lane.eq(lane),
        outbox_lanes::owner.eq(owner),
        outbox_lanes::leased_until.eq(until),
        outbox_lanes::resume_at.eq(0_i64),
        outbox_lanes::failures.eq(0),
    );
    or_contended(
        diesel::insert_into(outbox_lanes::table)
            .values(row)
            .execute(conn),
    )?;
    Ok(true)
}

/// Keeps a lane for another while; false when it was lost.
pub(crate) fn renew(
    conn: &mut Conn,
    lane: &str,
    owner: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let renewed = diesel::update(mine(lane, owner))
        .set(outbox_lanes::leased_until.eq(now.after(LEASE).millis()))
        .execute(conn)?;
    Ok(renewed == 1)
}

/// Gives a lane back with nothing left to do.
pub(crate) fn release(conn: &mut Conn, lane: &str, owner: &str) -> Result<(), StoreError> {
    diesel::delete(mine(lane, owner)).execute(conn)?;
    Ok(())
}

/// Gives everything back that an instance had which now stops.
pub(crate) fn release_all(conn: &mut Conn, owner: &str) -> Result<(), StoreError> {
    diesel::update(outbox_lanes::table.filter(outbox_lanes::owner.eq(owner)))
        .set(outbox_lanes::leased_until.eq(0_i64))
        .execute(conn)?;
    Ok(())
}

/// Gives a lane back after a failure: nobody tries it again before a while has passed.
pub(crate) fn back_off(
    conn: &mut Conn,
    lane: &str,
    owner: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let failures: Option<i32> = mine(lane, owner)
        .select(outbox_lanes::failures)
        .get_result(conn)
        .optional()?;
    let Some(failures) = failures else {
        return Ok(());
    };
    diesel::update(mine(lane, owner))
        .set((
            outbox_lanes::leased_until.eq(0_i64),
            outbox_lanes::resume_at.eq(now.after(wait(failures)).millis()),
            outbox_lanes::failures.eq(failures.saturating_add(1)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets the failures of a lane that works again.
pub(crate) fn recovered(conn: &mut Conn, lane: &str, owner: &str) -> Result<(), StoreError> {
    diesel::update(mine(lane, owner).filter(outbox_lanes::failures.gt(0)))
        .set(outbox_lanes::failures.eq(0))
        .execute(conn)?;
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn mine<'a>(lane: &'a str, owner: &'a str) -> _ {
    let by_lane: diesel::dsl::Find<outbox_lanes::table, &'a str> = outbox_lanes::table.find(lane);
    by_lane.filter(outbox_lanes::owner.eq(owner))
}

/// Doubles up to the last wait, then spreads by a quarter so that lanes do not come back all at once.
fn wait(failures: i32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1_u32 << failures.clamp(0, 10));
    let base = doubled.min(LAST_WAIT);
    let spread = i64::try_from(base.as_millis()).unwrap_or(0) / 4;
    base + Duration::from_millis(u64::try_from(random::within(0..=spread)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound() {
        assert!((500..=625).contains(&wait(0).as_millis()));
        assert!((2000..=2500).contains(&wait(2).as_millis()));
        for failures in [6, 10, 1000, i32::MAX] {
            assert!((30_000..=37_500).contains(&wait(failures).as_millis()));
        }
    }
}
