//! Leases of lanes: one instance delivers a lane at a time.
//!
//! A lease has no end of its own. It holds as long as its instance beats ([`crate::instances`]).
//! Every write about a lane is preceded by [`confirm_lanes`] or [`lease_lanes`] in the same
//! transaction. Both lock the rows of the lanes, so that no other instance takes one meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, random};

use crate::delivery::LONGEST_WAIT;
use crate::lane::{Lane, LaneKind};
use crate::sql::{self, LaneKey, lane_keys};

/// The delay after the first failure. It doubles with each further failure, up to
/// [`LAST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LAST_DELAY: Duration = Duration::from_secs(30);
/// The longest that a lane rests: the last delay and what is added to it at random.
const LONGEST_REST: Duration = Duration::from_millis(37_500);

/// Lanes that may be leased.
#[derive(Default)]
pub(crate) struct DueLanes {
    /// Those with the oldest rows first.
    pub(crate) lanes: Vec<Lane>,
    /// Whether there are more due rows than were looked at.
    pub(crate) is_full: bool,
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(embed)]
    key: LaneKey,
    #[diesel(sql_type = BigInt)]
    due_rows: i64,
}

/// Finds the lanes that have a due row, are not held and do not rest after a failure. `rows` says
/// how many due rows are looked at for each kind.
pub(crate) fn find_due_lanes(
    conn: &mut Conn,
    rows: &[(LaneKind, usize)],
    now: Moment,
) -> Result<DueLanes, StoreError> {
    let (wait, rest) = (now.running(LONGEST_WAIT), now.running(LONGEST_REST));
    // `status < 1` and `lane_kind > 0` name the index: see the migration.
    let of_kind = |(kind, rows): &(LaneKind, usize)| {
        let kind = kind.number();
        format!(
            "SELECT * FROM (SELECT o.lane_kind, o.lane_id, o.id FROM outbox o \
             WHERE o.status < 1 AND o.lane_kind = {kind} AND o.lane_kind > 0 \
             AND o.due_at NOT BETWEEN {} AND {} \
             AND (SELECT 1 FROM outbox_lanes l \
                 WHERE l.lane_kind = o.lane_kind AND l.lane_id = o.lane_id \
                 AND (l.owner <> '' OR l.resume_at BETWEEN {} AND {})) IS NULL \
             ORDER BY o.id LIMIT {rows}) AS kind{kind}",
            wait.0, wait.1, rest.0, rest.1
        )
    };
    let kinds: Vec<_> = rows
        .iter()
        .filter(|(_, rows)| *rows > 0)
        .map(of_kind)
        .collect();
    if kinds.is_empty() {
        return Ok(DueLanes::default());
    }
    if let Conn::Pg(conn) = conn {
        // Rows are read in the order of the index, and only as many as are needed. With statistics
        // from before a backlog the planner would read and sort all of them; and with those of a
        // backlog it would spend 50 ms on compiling a query that takes one.
        conn.batch_execute("SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off")?;
    }
    let found: Vec<DueRow> = sql_query(format!(
        "SELECT lane_kind, lane_id, COUNT(*) AS due_rows FROM ({}) AS due \
         GROUP BY lane_kind, lane_id ORDER BY MIN(id)",
        kinds.join(" UNION ALL ")
    ))
    .load(conn)?;
    let mut due = DueLanes::default();
    let mut found_rows = BTreeMap::<LaneKind, i64>::new();
    for row in found {
        let lane = row.key.lane()?;
        *found_rows.entry(lane.kind).or_default() += row.due_rows;
        due.lanes.push(lane);
    }
    due.is_full = rows.iter().any(|(kind, limit)| {
        let found = found_rows.get(kind).copied().unwrap_or(0);
        found > 0 && usize::try_from(found).is_ok_and(|found| found >= *limit)
    });
    Ok(due)
}

/// Leases lanes to `owner`. Returns those that no other instance has leased, or let rest,
/// meanwhile.
pub(crate) fn lease_lanes(
    conn: &mut Conn,
    mut lanes: Vec<Lane>,
    owner: &str,
    now: Moment,
) -> Result<Vec<Lane>, StoreError> {
    if lanes.is_empty() {
        return Ok(lanes);
    }
    let rest = now.running(LONGEST_REST);
    // Two instances that lease the same lanes lock them in the same order.
    lanes.sort_unstable();
    let row = |lane: &Lane| format!("({}, {}, '{owner}', 0, 0)", lane.kind.number(), lane.id);
    let statement = format!(
        "INSERT INTO outbox_lanes (lane_kind, lane_id, owner, resume_at, failures) VALUES {} \
         ON CONFLICT (lane_kind, lane_id) DO UPDATE SET owner = excluded.owner \
         WHERE outbox_lanes.owner = '' \
         AND outbox_lanes.resume_at NOT BETWEEN {} AND {} \
         RETURNING lane_kind, lane_id",
        sql::join(lanes.iter().map(row)),
        rest.0,
        rest.1,
    );
    let keys: Vec<LaneKey> = sql_query(statement).load(conn)?;
    keys.iter().map(LaneKey::lane).collect()
}

#[derive(QueryableByName)]
struct ConfirmedRow {
    #[diesel(embed)]
    key: LaneKey,
    #[diesel(sql_type = Integer)]
    failures: i32,
}

/// Locks those of the lanes that `owner` still holds. Returns them with their failures in a row.
pub(crate) fn confirm_lanes(
    conn: &mut Conn,
    lanes: &[Lane],
    owner: &str,
) -> Result<BTreeMap<Lane, i32>, StoreError> {
    if lanes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let statement = format!(
        "UPDATE outbox_lanes SET owner = '{owner}' WHERE owner = '{owner}' \
         AND (lane_kind, lane_id) IN (VALUES {}) RETURNING lane_kind, lane_id, failures",
        lane_keys(lanes)
    );
    let rows: Vec<ConfirmedRow> = sql_query(statement).load(conn)?;
    rows.iter()
        .map(|row| Ok((row.key.lane()?, row.failures)))
        .collect()
}

/// Ends the leases of these lanes.
pub(crate) fn release_lanes(
    conn: &mut Conn,
    lanes: &[Lane],
    owner: &str,
) -> Result<(), StoreError> {
    if !lanes.is_empty() {
        let keys = lane_keys(lanes);
        sql::execute(
            conn,
            format!(
                "DELETE FROM outbox_lanes WHERE owner = '{owner}' \
                 AND (lane_kind, lane_id) IN (VALUES {keys})"
            ),
        )?;
    }
    Ok(())
}

/// Ends the leases of all lanes of `owner` but these.
pub(crate) fn release_other_lanes(
    conn: &mut Conn,
    held: &[Lane],
    owner: &str,
) -> Result<(), StoreError> {
    let but = if held.is_empty() {
        String::new()
    } else {
        let keys = lane_keys(held);
        format!(" AND (lane_kind, lane_id) NOT IN (VALUES {keys})")
    };
    let statement = format!("UPDATE outbox_lanes SET owner = '' WHERE owner = '{owner}'{but}");
    sql::execute(conn, statement)?;
    Ok(())
}

/// Ends the leases of an instance that stops, and deletes its beats.
pub(crate) fn release_all_lanes(conn: &mut Conn, owner: &str) -> Result<(), StoreError> {
    release_other_lanes(conn, &[], owner)?;
    let statement = format!("DELETE FROM outbox_instances WHERE name = '{owner}'");
    sql::execute(conn, statement)?;
    Ok(())
}

/// Ends the leases of lanes whose delivery failed, with their failures in a row before. The lanes
/// rest, longer with each failure in a row.
pub(crate) fn rest_lanes(
    conn: &mut Conn,
    failed: &[(Lane, i32)],
    now: Moment,
) -> Result<(), StoreError> {
    if failed.is_empty() {
        return Ok(());
    }
    let row = |(lane, failures): &(Lane, i32)| {
        let resume_at = now.after(delay_after(*failures)).millis();
        let (kind, failures) = (lane.kind.number(), failures.saturating_add(1));
        format!("({kind}, {}, {resume_at}, {failures})", lane.id)
    };
    sql::execute(
        conn,
        format!(
            "WITH failed (kind, id, resume_at, failures) AS (VALUES {}) \
             UPDATE outbox_lanes \
             SET owner = '', resume_at = failed.resume_at, failures = failed.failures \
             FROM failed WHERE lane_kind = failed.kind AND lane_id = failed.id",
            sql::join(failed.iter().map(row))
        ),
    )?;
    Ok(())
}

/// Sets the failures in a row of these lanes to zero.
pub(crate) fn reset_failures(conn: &mut Conn, lanes: &[Lane]) -> Result<(), StoreError> {
    if !lanes.is_empty() {
        let keys = lane_keys(lanes);
        sql::execute(
            conn,
            format!(
                "UPDATE outbox_lanes SET failures = 0 \
                 WHERE (lane_kind, lane_id) IN (VALUES {keys})"
            ),
        )?;
    }
    Ok(())
}

/// Lets a lane rest that could not be settled or planned, if `owner` or nobody holds it.
pub(crate) fn rest_faulty_lane(
    conn: &mut Conn,
    lane: Lane,
    owner: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let (kind, resume_at) = (lane.kind.number(), now.after(LAST_DELAY).millis());
    sql::execute(
        conn,
        format!(
            "INSERT INTO outbox_lanes (lane_kind, lane_id, owner, resume_at, failures) \
             VALUES ({kind}, {}, '', {resume_at}, 1) \
             ON CONFLICT (lane_kind, lane_id) DO UPDATE SET owner = '', resume_at = {resume_at}, \
                 failures = outbox_lanes.failures + 1 \
             WHERE outbox_lanes.owner IN ('', '{owner}')",
            lane.id
        ),
    )?;
    Ok(())
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
