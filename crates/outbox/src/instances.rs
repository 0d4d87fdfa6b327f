//! Which instances live. An instance that holds lanes counts its beats up. Others watch the beats
//! on their own clock, so that neither a wrong clock nor a clock that is set matters.
//!
//! A lane belongs to the name of an instance as long as that name has a row. Who takes lanes over
//! deletes the row first, and only if it has not been beaten meanwhile. An instance that does not
//! find its row any more has lost all lanes, and goes on with another name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};
use qlive_store::schema::outbox_lanes;
use qlive_store::{Conn, StoreError};
use qlive_types::{Clock, Moment, Tick, random};

use crate::sql;

/// The time between two beats of an instance that holds lanes, and between two looks at the others.
pub(crate) const BEAT_INTERVAL: Duration = Duration::from_millis(400);
/// How long others leave the lanes of an instance alone after its last beat. Longer than a short
/// outage of the database, and short enough that the lanes of an instance that was killed go on
/// within five seconds.
pub(crate) const LEASE: Duration = Duration::from_millis(3_500);
/// How long an instance makes calls after its last beat. Shorter than [`LEASE`], so that its calls
/// have ended before another one makes them again.
const CALL_LEASE: Duration = Duration::from_millis(2_500);

/// The beats of this instance.
pub(crate) struct Heartbeat {
    clock: Clock,
    state: Mutex<HeartbeatState>,
    holds_lanes: AtomicBool,
}

struct HeartbeatState {
    /// The name of this worker in the table. Another run of the program has another one.
    name: String,
    /// When the last beat began; `None` while the name has no row.
    last_beat: Option<Tick>,
}

impl HeartbeatState {
    fn new() -> Self {
        Self {
            name: random::hex(8),
            last_beat: None,
        }
    }
}

/// A beat to be counted.
#[derive(Debug, Clone)]
pub(crate) struct Beat {
    pub(crate) name: String,
    /// Whether the name has no row yet.
    is_first: bool,
}

impl Heartbeat {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::new(HeartbeatState::new()),
            holds_lanes: AtomicBool::new(false),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.lock().name.clone()
    }

    /// The next beat.
    pub(crate) fn next(&self) -> Beat {
        let state = self.lock();
        Beat {
            name: state.name.clone(),
            is_first: state.last_beat.is_none(),
        }
    }

    /// Records whether this instance holds lanes. Without any, it need not beat.
    pub(crate) fn set_holds_lanes(&self, holds_lanes: bool) {
        self.holds_lanes.store(holds_lanes, Ordering::Relaxed);
    }

    /// Whether the next beat is due although no lane is leased.
    pub(crate) fn is_due(&self) -> bool {
        self.holds_lanes.load(Ordering::Relaxed) && !self.has_beaten_within(BEAT_INTERVAL)
    }

    /// Records a beat that was begun at this tick and has been committed.
    pub(crate) fn record(&self, beat: &Beat, begun: Tick) {
        let mut state = self.lock();
        if state.name == beat.name {
            state.last_beat = state.last_beat.max(Some(begun));
        }
    }

    /// Takes another name, since the row of this one is gone, and the lanes with it.
    pub(crate) fn lose(&self, name: &str) {
        let mut state = self.lock();
        if state.name == name {
            *state = HeartbeatState::new();
        }
    }

    pub(crate) fn has_beaten_within(&self, time: Duration) -> bool {
        let last = self.lock().last_beat;
        last.is_some_and(|last| self.clock.tick().since(last) < time)
    }

    /// How much longer calls may run for lanes of this name: nothing after the name was lost, and
    /// after this instance was frozen or could not reach the database.
    fn time_for_calls(&self, name: &str) -> Duration {
        let state = self.lock();
        match state.last_beat {
            Some(last) if state.name == name => {
                CALL_LEASE.saturating_sub(self.clock.tick().since(last))
            }
            _ => Duration::ZERO,
        }
    }

    /// Waits until calls for lanes of this name must have ended. At once if they must not begin.
    pub(crate) async fn until_calls_must_end(&self, name: &str) {
        loop {
            let left = self.time_for_calls(name);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HeartbeatState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a beat. False if the row of the name is gone: others have taken its lanes over.
pub(crate) fn count_beat(conn: &mut Conn, beat: &Beat, now: Moment) -> Result<bool, StoreError> {
    let name = &beat.name;
    let statement = if beat.is_first {
        let first = now.millis();
        format!("INSERT INTO outbox_instances (name, beats) VALUES ('{name}', {first})")
    } else {
        format!("UPDATE outbox_instances SET beats = beats + 1 WHERE name = '{name}'")
    };
    Ok(sql::execute(conn, statement)? > 0)
}

/// The name of an instance and its beats; `None` for the owner of a lane that has no row.
pub(crate) type Beats = (String, Option<i64>);

#[derive(QueryableByName)]
struct BeatsRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    beats: Option<i64>,
}

/// Loads the beats of all instances that hold lanes.
pub(crate) fn load_beats(conn: &mut Conn) -> Result<Vec<Beats>, StoreError> {
    let rows: Vec<BeatsRow> = sql_query(
        "SELECT owners.owner AS name, i.beats \
         FROM (SELECT DISTINCT owner FROM outbox_lanes WHERE owner > '') AS owners \
         LEFT JOIN outbox_instances i ON i.name = owners.owner",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.name, row.beats)).collect())
}

/// Loads the beats of the instances that hold no lane.
pub(crate) fn load_idle(conn: &mut Conn) -> Result<Vec<Beats>, StoreError> {
    let rows: Vec<BeatsRow> = sql_query(
        "SELECT i.name, i.beats FROM outbox_instances i \
         WHERE (SELECT 1 FROM outbox_lanes l WHERE l.owner = i.name LIMIT 1) IS NULL",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.name, row.beats)).collect())
}

/// Deletes the rows of those instances that have not beaten meanwhile, and frees their lanes.
pub(crate) fn remove_instances(conn: &mut Conn, instances: &[Beats]) -> Result<(), StoreError> {
    let (with_row, without): (Vec<_>, Vec<_>) =
        instances.iter().partition(|(_, beats)| beats.is_some());
    let mut removed: Vec<String> = without.into_iter().map(|(name, _)| name.clone()).collect();
    let expected = with_row
        .iter()
        .filter_map(|(name, beats)| Some(format!("('{name}', {})", (*beats)?)));
    let expected = sql::join(expected);
    if !expected.is_empty() {
        let rows: Vec<BeatsRow> = sql_query(format!(
            "DELETE FROM outbox_instances WHERE (name, beats) IN (VALUES {expected}) \
             RETURNING name, beats"
        ))
        .load(conn)?;
        removed.extend(rows.into_iter().map(|row| row.name));
    }
    if !removed.is_empty() {
        diesel::update(outbox_lanes::table.filter(outbox_lanes::owner.eq_any(removed)))
            .set(outbox_lanes::owner.eq(""))
            .execute(conn)?;
    }
    Ok(())
}

/// What this instance has seen of the beats of the others.
#[derive(Default)]
pub(crate) struct SeenBeats {
    last_look: Option<Tick>,
    /// The beats of each instance, and how long they have stood still.
    seen: BTreeMap<String, (Option<i64>, Duration)>,
}

impl SeenBeats {
    /// Whether it is time to look again.
    pub(crate) fn is_due(&self, now: Tick) -> bool {
        self.last_look
            .is_none_or(|last| now.since(last) >= BEAT_INTERVAL)
    }

    /// Records the beats, which were loaded before this tick. A time in which this instance did not
    /// look does not count: the others may have been as unable to beat as this one was to look.
    pub(crate) fn record(&mut self, now: Tick, beats: Vec<Beats>) {
        let last = self.last_look.replace(now);
        let passed = last.map_or(Duration::ZERO, |last| now.since(last));
        let counted = passed.min(2 * BEAT_INTERVAL);
        let before = std::mem::take(&mut self.seen);
        for (name, number) in beats {
            let still = match before.get(&name) {
                Some((same, still)) if *same == number => *still + counted,
                _ => Duration::ZERO,
            };
            self.seen.insert(name, (number, still));
        }
    }

    /// Forgets instances that were removed.
    pub(crate) fn forget(&mut self, removed: &[Beats]) {
        for (name, _) in removed {
            self.seen.remove(name);
        }
    }

    /// The instances whose beats have stood still for a lease.
    pub(crate) fn dead(&self, own_name: &str) -> Vec<Beats> {
        let is_dead = |(name, (_, still)): &(&String, &(Option<i64>, Duration))| {
            *still >= LEASE && name.as_str() != own_name
        };
        let dead = self.seen.iter().filter(is_dead);
        dead.map(|(name, (number, _))| (name.clone(), *number))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use qlive_store::on_both;
    use qlive_store::testing::TestDb;

    use super::*;

    on_both!(instance_that_has_beaten_meanwhile_keeps_its_lanes);

    async fn instance_that_has_beaten_meanwhile_keeps_its_lanes(db: TestDb) {
        let instances = |names: &[(&str, Option<i64>)]| -> Vec<Beats> {
            let owned = |(name, beats): &(&str, Option<i64>)| ((*name).to_owned(), *beats);
            names.iter().map(owned).collect()
        };
        let seen = [("alive", Some(1)), ("dead", Some(7)), ("without", None)];
        let seen = instances(&seen);
        let loaded = db.db.write(move |conn| {
            for statement in [
                "INSERT INTO outbox_instances (name, beats) VALUES ('alive', 1), ('dead', 7)",
                "INSERT INTO outbox_lanes (lane_kind, lane_id, owner, resume_at, failures) VALUES \
                 (1, 1, 'alive', 0, 0), (1, 2, 'dead', 0, 0), (1, 3, 'without', 0, 0)",
            ] {
                sql::execute(conn, statement.to_owned())?;
            }
            let mut before = load_beats(conn)?;
            before.sort();
            let beat = Beat {
                name: "alive".to_owned(),
                is_first: false,
            };
            assert!(count_beat(conn, &beat, Moment::from_millis(1))?);
            remove_instances(conn, &seen)?;
            Ok::<_, StoreError>((before, load_beats(conn)?, load_idle(conn)?))
        });
        let (before, after, idle) = loaded.await.unwrap();
        assert_eq!(
            before,
            instances(&[("alive", Some(1)), ("dead", Some(7)), ("without", None)])
        );
        assert_eq!(after, instances(&[("alive", Some(2))]));
        assert_eq!(idle, []);
    }

    fn look(seen: &mut SeenBeats, at: Tick, beats: &[(&str, i64)]) -> Vec<Beats> {
        let owned = |(name, number): &(&str, i64)| ((*name).to_owned(), Some(*number));
        seen.record(at, beats.iter().map(owned).collect());
        seen.dead("own")
    }

    #[test]
    fn instance_whose_beats_stand_still_is_dead() {
        let start = Clock::system().tick();
        let mut seen = SeenBeats::default();
        let mut dead_at = None;
        for step in 0_u32..15 {
            let passed = BEAT_INTERVAL * step;
            let beats = [("own", 1), ("alive", i64::from(step)), ("dead", 7)];
            let dead = look(&mut seen, start.after(passed), &beats);
            if !dead.is_empty() && dead_at.is_none() {
                assert_eq!(dead, [("dead".to_owned(), Some(7))]);
                dead_at = Some(passed);
            }
        }
        let dead_at = dead_at.unwrap();
        assert!(
            dead_at >= LEASE && dead_at <= LEASE + BEAT_INTERVAL,
            "{dead_at:?}"
        );
        let later = start.after(Duration::from_secs(60));
        assert_eq!(look(&mut seen, later, &[("dead", 8)]), [], "it beats again");
    }

    #[test]
    fn time_in_which_nobody_looked_does_not_count() {
        let start = Clock::system().tick();
        let mut seen = SeenBeats::default();
        look(&mut seen, start, &[("other", 1)]);
        let later = start.after(Duration::from_secs(600));
        assert_eq!(look(&mut seen, later, &[("other", 1)]), []);
    }

    #[test]
    fn calls_end_before_others_may_make_them() {
        let clock = Clock::system();
        let heartbeat = Heartbeat::new(clock.clone());
        let name = heartbeat.name();
        assert!(heartbeat.time_for_calls(&name).is_zero(), "no beat yet");
        heartbeat.record(&heartbeat.next(), clock.tick());
        heartbeat.set_holds_lanes(true);
        assert!(!heartbeat.is_due());
        clock.advance(BEAT_INTERVAL);
        assert!(heartbeat.is_due());
        assert!(!heartbeat.time_for_calls(&name).is_zero());
        assert!(heartbeat.time_for_calls("before").is_zero());
        clock.advance(CALL_LEASE);
        assert!(heartbeat.time_for_calls(&name).is_zero());
        assert!(CALL_LEASE + Duration::from_secs(1) <= LEASE);
    }

    #[test]
    fn lost_name_is_another_one_afterwards() {
        let clock = Clock::system();
        let heartbeat = Heartbeat::new(clock.clone());
        let first = heartbeat.next();
        assert!(first.is_first);
        heartbeat.record(&first, clock.tick());
        assert!(!heartbeat.next().is_first);
        heartbeat.lose(&first.name);
        let second = heartbeat.next();
        assert!(second.is_first && second.name != first.name);
        heartbeat.record(&first, clock.tick());
        assert!(heartbeat.next().is_first, "a late beat of the lost name");
        heartbeat.lose(&first.name);
        assert_eq!(heartbeat.name(), second.name);
    }
}
