//! Which instances live. An instance that holds lanes counts its beats up. Others watch the beats
//! on their own clock, so that neither a wrong clock nor a clock that is set matters.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::outbox_instances;
use qlive_store::{Conn, StoreError};
use qlive_types::{Clock, Moment, Tick, random};

use crate::sql;

/// The time between two beats of an instance that holds lanes, and between two looks at the others.
pub(crate) const BEAT_INTERVAL: Duration = Duration::from_millis(400);
/// How long a lease lasts after the last beat. Longer than a short outage of the database, and
/// short enough that the lanes of an instance that was killed go on within five seconds.
pub(crate) const LEASE: Duration = Duration::from_millis(3_500);

/// The beats of this instance.
pub(crate) struct Heartbeat {
    clock: Clock,
    /// The name of this worker in the table. Another run of the program has another one.
    name: String,
    last_beat: Mutex<Option<Tick>>,
    holds_lanes: AtomicBool,
}

impl Heartbeat {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            name: random::hex(8),
            last_beat: Mutex::default(),
            holds_lanes: AtomicBool::new(false),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Records whether this instance holds lanes. Without any, it need not beat.
    pub(crate) fn set_holds_lanes(&self, holds_lanes: bool) {
        self.holds_lanes.store(holds_lanes, Ordering::Relaxed);
    }

    /// Whether the next beat is due.
    pub(crate) fn is_due(&self) -> bool {
        self.holds_lanes.load(Ordering::Relaxed) && !self.has_beaten_within(BEAT_INTERVAL)
    }

    /// Whether the leases of this instance still hold. False after it was frozen, or could not
    /// reach the database: others may have taken its lanes.
    pub(crate) fn is_alive(&self) -> bool {
        self.has_beaten_within(LEASE)
    }

    /// Records a beat that was begun at this tick and has been committed.
    pub(crate) fn record(&self, begun: Tick) {
        *self.last_beat() = Some(begun);
    }

    pub(crate) fn has_beaten_within(&self, time: Duration) -> bool {
        self.last_beat()
            .is_some_and(|last| self.clock.tick().since(last) < time)
    }

    fn last_beat(&self) -> std::sync::MutexGuard<'_, Option<Tick>> {
        self.last_beat
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a beat of an instance. Its row is written if it is missing, with a number that it did not
/// have before.
pub(crate) fn beat(conn: &mut Conn, name: &str, now: Moment) -> Result<(), StoreError> {
    let first = now.millis();
    sql::execute(
        conn,
        format!(
            "INSERT INTO outbox_instances (name, beats) VALUES ('{name}', {first}) \
             ON CONFLICT (name) DO UPDATE SET beats = outbox_instances.beats + 1"
        ),
    )?;
    Ok(())
}

/// The name of an instance and its beats.
pub(crate) type Beats = (String, i64);

/// Loads the beats of all instances.
pub(crate) fn load_beats(conn: &mut Conn) -> Result<Vec<Beats>, StoreError> {
    Ok(outbox_instances::table
        .select((outbox_instances::name, outbox_instances::beats))
        .load(conn)?)
}

/// Frees the lanes of dead instances, and of those that have no row, and deletes the rows of the
/// dead ones.
pub(crate) fn remove_dead(conn: &mut Conn, dead: &[Beats]) -> Result<(), StoreError> {
    let dead: Vec<_> = dead.iter().map(|(name, _)| name).collect();
    diesel::delete(outbox_instances::table.filter(outbox_instances::name.eq_any(dead)))
        .execute(conn)?;
    sql::execute(
        conn,
        "UPDATE outbox_lanes SET owner = '' WHERE owner <> '' \
         AND owner NOT IN (SELECT name FROM outbox_instances)"
            .to_owned(),
    )?;
    Ok(())
}

/// What this instance has seen of the beats of the others.
#[derive(Default)]
pub(crate) struct SeenBeats {
    last_look: Option<Tick>,
    /// The beats of each instance, and how long they have stood still.
    seen: BTreeMap<String, (i64, Duration)>,
}

impl SeenBeats {
    /// Whether it is time to look again.
    pub(crate) fn is_due(&self, now: Tick) -> bool {
        self.last_look
            .is_none_or(|last| now.since(last) >= BEAT_INTERVAL)
    }

    /// Records a look at the beats. A time in which this instance did not look does not count: the
    /// others may have been as unable to beat as this one was to look.
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

    /// The instances whose beats have stood still for a lease.
    pub(crate) fn dead(&self, own_name: &str) -> Vec<Beats> {
        let is_dead = |(name, (_, still)): &(&String, &(i64, Duration))| {
            *still >= LEASE && name.as_str() != own_name
        };
        let dead = self.seen.iter().filter(is_dead);
        dead.map(|(name, (number, _))| (name.clone(), *number))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(seen: &mut SeenBeats, at: Tick, beats: &[(&str, i64)]) -> Vec<Beats> {
        let owned = |(name, number): &(&str, i64)| ((*name).to_owned(), *number);
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
                assert_eq!(dead, [("dead".to_owned(), 7)]);
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
    fn frozen_instance_is_not_alive() {
        let clock = Clock::system();
        let heartbeat = Heartbeat::new(clock.clone());
        assert!(!heartbeat.is_alive(), "it has never beaten");
        heartbeat.record(clock.tick());
        assert!(heartbeat.is_alive() && !heartbeat.is_due());
        heartbeat.set_holds_lanes(true);
        clock.advance(BEAT_INTERVAL);
        assert!(heartbeat.is_alive() && heartbeat.is_due());
        clock.advance(LEASE);
        assert!(!heartbeat.is_alive());
    }
}
