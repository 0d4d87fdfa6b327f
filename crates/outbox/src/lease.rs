//! Leases of lanes: one instance delivers a lane at a time.

use std::time::Duration;

use diesel::dsl::{exists, min, not};
use diesel::prelude::*;
use qlive_store::schema::{outbox, outbox_lanes};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{Moment, random};

use crate::delivery::LONGEST_WAIT;
use crate::lane::{Lane, LaneKind, WorkerPool};
use crate::status::Status;

/// How long a lease lasts unless it is renewed. Longer than one delivery with all its attempts.
const LEASE: Duration = Duration::from_secs(30);
/// The delay after the first failure. It doubles with each further failure, up to
/// [`LAST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LAST_DELAY: Duration = Duration::from_secs(30);
/// The longest that a lane rests: the last delay and what is added to it at random.
const LONGEST_REST: Duration = Duration::from_millis(37_500);

/// Finds at most `limit` lanes of a pool that have a due row, are not leased and do not rest after
/// a failure, those with the oldest rows first.
pub(crate) fn find_due_lanes(
    conn: &mut Conn,
    pool: WorkerPool,
    limit: i64,
    now: Moment,
) -> Result<Vec<Lane>, StoreError> {
    let (lease, rest) = (now.running(LEASE), now.running(LONGEST_REST));
    let unavailable = outbox_lanes::table
        .filter(outbox_lanes::lane_kind.eq(outbox::lane_kind))
        .filter(outbox_lanes::lane_id.eq(outbox::lane_id))
        .filter(
            outbox_lanes::leased_until
                .between(lease.0, lease.1)
                .or(outbox_lanes::resume_at.between(rest.0, rest.1)),
        );
    let wait = now.running(LONGEST_WAIT);
    let kinds: Vec<i32> = pool.lane_kinds().map(LaneKind::number).collect();
    let lanes: Vec<(i32, i64)> = outbox::table
        .filter(
            outbox::status
                .eq(Status::Waiting.number())
                .and(outbox::due_at.not_between(wait.0, wait.1)),
        )
        .filter(outbox::lane_kind.eq_any(kinds))
        .filter(not(exists(unavailable)))
        .group_by((outbox::lane_kind, outbox::lane_id))
        .order(min(outbox::id))
        .limit(limit)
        .select((outbox::lane_kind, outbox::lane_id))
        .load(conn)?;
    lanes
        .into_iter()
        .map(|(kind, id)| {
            let kind =
                LaneKind::from_number(kind).ok_or(StoreError::Corrupt("outbox.lane_kind"))?;
            Ok(Lane { kind, id })
        })
        .collect()
}

/// Leases a lane to `owner`. False if another instance has it, or if it rests after a failure.
pub(crate) fn lease_lane(
    conn: &mut Conn,
    lane: Lane,
    owner: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let until = now.after(LEASE).millis();
    let (lease, rest) = (now.running(LEASE), now.running(LONGEST_REST));
    let available = outbox_lanes::leased_until
        .not_between(lease.0, lease.1)
        .and(outbox_lanes::resume_at.not_between(rest.0, rest.1));
    let row = outbox_lanes::table.find((lane.kind.number(), lane.id));
    let leased = diesel::update(row.filter(available))
        .set((
            outbox_lanes::owner.eq(owner),
            outbox_lanes::leased_until.eq(until),
        ))
        .execute(conn)?;
    if leased == 1 {
        return Ok(true);
    }
    let rows: i64 = row.count().get_result(conn)?;
    if rows == 1 {
        return Ok(false);
    }
    let row = (
        outbox_lanes::lane_kind.eq(lane.kind.number()),
        outbox_lanes::lane_id.eq(lane.id),
        outbox_lanes::owner.eq(owner),
        outbox_lanes::leased_until.eq(until),
        outbox_lanes::resume_at.eq(0_i64),
        outbox_lanes::failures.eq(0),
    );
    key_violation_as_contention(
        diesel::insert_into(outbox_lanes::table)
            .values(row)
            .execute(conn),
    )?;
    Ok(true)
}

/// Extends the lease of `owner`. False if it has lost the lane.
pub(crate) fn renew_lease(
    conn: &mut Conn,
    lane: Lane,
    owner: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let renewed = diesel::update(leased_by(lane, owner))
        .set(outbox_lanes::leased_until.eq(now.after(LEASE).millis()))
        .execute(conn)?;
    Ok(renewed == 1)
}

/// Ends the lease of `owner`.
pub(crate) fn release_lane(conn: &mut Conn, lane: Lane, owner: &str) -> Result<(), StoreError> {
    diesel::delete(leased_by(lane, owner)).execute(conn)?;
    Ok(())
}

/// Ends all leases of an instance that stops. Lanes that rest after a failure keep resting.
pub(crate) fn release_all_lanes(conn: &mut Conn, owner: &str) -> Result<(), StoreError> {
    diesel::update(outbox_lanes::table.filter(outbox_lanes::owner.eq(owner)))
        .set(outbox_lanes::leased_until.eq(0_i64))
        .execute(conn)?;
    Ok(())
}

/// Ends the lease of `owner` after a failure. The lane rests, longer with each failure in a row.
pub(crate) fn release_lane_after_failure(
    conn: &mut Conn,
    lane: Lane,
    owner: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let failures: Option<i32> = leased_by(lane, owner)
        .select(outbox_lanes::failures)
        .get_result(conn)
        .optional()?;
    let Some(failures) = failures else {
        return Ok(());
    };
    diesel::update(leased_by(lane, owner))
        .set((
            outbox_lanes::leased_until.eq(0_i64),
            outbox_lanes::resume_at.eq(now.after(delay_after(failures)).millis()),
            outbox_lanes::failures.eq(failures.saturating_add(1)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Sets the failures in a row to zero after a success.
pub(crate) fn reset_failures(conn: &mut Conn, lane: Lane, owner: &str) -> Result<(), StoreError> {
    diesel::update(leased_by(lane, owner).filter(outbox_lanes::failures.gt(0)))
        .set(outbox_lanes::failures.eq(0))
        .execute(conn)?;
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn leased_by<'a>(lane: Lane, owner: &'a str) -> _ {
    let key: (i32, i64) = (lane.kind.number(), lane.id);
    let row: diesel::dsl::Find<outbox_lanes::table, (i32, i64)> = outbox_lanes::table.find(key);
    row.filter(outbox_lanes::owner.eq(owner))
}

/// How long a lane rests that had failed `failures` times in a row before: doubled up to the last
/// delay, plus up to a quarter at random, so that lanes do not come back all at once.
fn delay_after(failures: i32) -> Duration {
    let doubled = FIRST_DELAY.saturating_mul(1_u32 << failures.clamp(0, 10));
    let delay = doubled.min(LAST_DELAY);
    let spread = i64::try_from(delay.as_millis()).unwrap_or(0) / 4;
    delay + Duration::from_millis(u64::try_from(random::within(0..=spread)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_the_last_one() {
        assert!((500..=625).contains(&delay_after(0).as_millis()));
        assert!((2000..=2500).contains(&delay_after(2).as_millis()));
        for failures in [6, 10, 1000, i32::MAX] {
            assert!((30_000..=37_500).contains(&delay_after(failures).as_millis()));
            assert!(delay_after(failures) <= LONGEST_REST);
        }
    }
}
