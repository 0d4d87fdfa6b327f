//! Every interleaving of a small room: a host, two men and a woman, with every
//! operation, callback and timer, and with one transaction that decides on
//! what it read a while ago and writes guarded by it, as the store does.
//!
//! The search visits every world that can be reached and every step from it.
//! In each: one per seat, one room per user, nobody present in an ended room;
//! the room was told of each seat exactly what is true; and whenever the
//! numbers change, the host is sent a NUM, which is counted when it is sent.
//!
//! The host's own losses and timers can do one thing to the others: end the
//! broadcast, which the search does at every point. `machine.rs` meets the
//! host's standing with every event.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test fails by panicking, and packs small numbers into bits"
)]

use std::collections::HashSet;
use std::time::Duration;

use qlive_rooms::mic::{Admission, Effect, Event, Invitation, Place, Rules, Standing, step};
use qlive_types::{Gender, Moment};

use crate::events::OF_A_GUEST;

/// The time of every decision. A running invitation ends after it, a lapsed one before it.
const NOW: Moment = Moment::from_millis(1_000_000);
const LAPSED: Moment = Moment::from_millis(0);
const GUESTS: [Gender; 3] = [Gender::Male, Gender::Male, Gender::Female];

#[derive(Clone, Copy)]
struct Guest {
    standing: Standing,
    /// He watches another room.
    elsewhere: bool,
}

/// A transaction that has read and decided, and has not written yet.
#[derive(Clone, Copy)]
struct Pending {
    guest: usize,
    event: usize,
    seat_taken: bool,
}

#[derive(Clone, Copy)]
struct World {
    live: bool,
    guests: [Guest; 3],
    /// What the room believes of the male and the female seat.
    told: [bool; 2],
    pending: Option<Pending>,
}

fn rules(admission: Admission) -> Rules {
    // Graces of no length: they are due as soon as they begin, and the keeper may come at any time.
    Rules {
        admission,
        guest_grace: Duration::ZERO,
        host_grace: Duration::ZERO,
    }
}

fn seat(gender: Gender) -> usize {
    if gender == Gender::Male { 0 } else { 1 }
}

/// Whether a decision rests on more than his own row. Only then can it be stale when it is
/// written: his own row is guarded by its version, so the write would find it changed.
fn rests_on_others(event: Event) -> bool {
    matches!(event, Event::Accept | Event::Invite { .. } | Event::Enter)
}

impl World {
    fn start() -> Self {
        let guests = GUESTS.map(|gender| Guest {
            standing: Standing::out(gender, true),
            elsewhere: false,
        });
        Self {
            live: true,
            guests,
            told: [false, false],
            pending: None,
        }
    }

    fn seat_taken(&self, guest: usize) -> bool {
        let gender = GUESTS[guest];
        self.guests.iter().enumerate().any(|(index, other)| {
            index != guest
                && other.standing.gender == gender
                && other.standing.place == Place::OnMic
        })
    }

    /// `[men applied, all men, women applied, all women]`.
    fn counts(&self) -> [usize; 4] {
        let count = |gender: Gender, place: Option<Place>| {
            let counted = self.guests.iter().filter(|guest| {
                let standing = guest.standing;
                standing.gender == gender
                    && match place {
                        Some(place) => standing.place == place,
                        None => standing.place != Place::Out,
                    }
            });
            counted.count()
        };
        let applied = Some(Place::Applied);
        [
            count(Gender::Male, applied),
            count(Gender::Male, None),
            count(Gender::Female, applied),
            count(Gender::Female, None),
        ]
    }

    /// Six bytes that say all there is to say.
    fn code(&self) -> u64 {
        let mut code = u64::from(self.live);
        for guest in &self.guests {
            let standing = guest.standing;
            let invitation = match standing.invitation {
                None => 0,
                Some(Invitation { until, by_us }) => {
                    1 + u64::from(until > NOW) * 2 + u64::from(by_us)
                }
            };
            let stream = match (standing.pushing, standing.stream_grace) {
                (true, _) => 1,
                (false, Some(_)) => 2,
                (false, None) => 0,
            };
            let bits = [
                (standing.place as u64, 3),
                (invitation, 3),
                (u64::from(standing.barred), 1),
                (u64::from(standing.im_grace.is_some()), 1),
                (stream, 2),
                (u64::from(guest.elsewhere), 1),
            ];
            for (value, width) in bits {
                code = code << width | value;
            }
        }
        code = code << 2 | u64::from(self.told[0]) << 1 | u64::from(self.told[1]);
        let pending = self.pending.map_or(0, |pending| {
            1 + (pending.guest as u64 * 32 + pending.event as u64) * 2
                + u64::from(pending.seat_taken)
        });
        code << 8 | pending
    }

    /// Every world that one step leads to.
    fn successors(&self, admission: Admission, found: &mut Vec<World>) {
        found.clear();
        for guest in 0..GUESTS.len() {
            for (index, event) in OF_A_GUEST.iter().enumerate() {
                let seat_taken = self.seat_taken(guest);
                if self.pending.is_none() && rests_on_others(*event) {
                    found.push(World {
                        pending: Some(Pending {
                            guest,
                            event: index,
                            seat_taken,
                        }),
                        ..*self
                    });
                }
                found.extend(self.act(guest, *event, seat_taken, admission));
            }
            found.extend(self.go_elsewhere(guest, admission));
            found.extend(self.time_passes(guest));
        }
        if let Some(pending) = self.pending {
            let decided = World {
                pending: None,
                ..*self
            };
            found.extend(decided.act(
                pending.guest,
                OF_A_GUEST[pending.event],
                pending.seat_taken,
                admission,
            ));
            found.push(decided);
        }
        found.push(if self.live {
            self.end()
        } else {
            World {
                live: true,
                ..*self
            }
        });
    }

    /// One transaction: decide on what was read, write unless a key refuses, tell.
    fn act(
        &self,
        guest: usize,
        event: Event,
        seat_taken: bool,
        admission: Admission,
    ) -> Option<World> {
        let before = self.guests[guest];
        if !self.live
            || (before.standing.place == Place::Out && event != Event::Enter)
            || before.elsewhere
        {
            // Nobody is there to whom it could happen.
            return None;
        }
        let read = Standing {
            seat_taken,
            ..before.standing
        };
        let decided = step(&read, event, &rules(admission), NOW).ok()?;
        let next = Standing {
            seat_taken: false,
            ..decided.next
        };
        let mut after = *self;
        after.guests[guest].standing = next;
        if next.place == Place::OnMic && self.seat_taken(guest) {
            // The unique key of the seat refuses: the transaction runs again from its start.
            return None;
        }
        if next != before.standing {
            after.forget(guest);
        }
        for effect in &decided.effects {
            after.hear(*effect, next.gender);
        }
        if self.counts() != after.counts() {
            assert!(
                decided.effects.contains(&Effect::Num),
                "{event:?} changed the numbers and told nobody"
            );
        }
        Some(after)
    }

    /// He enters another room, which takes him out of this one first.
    fn go_elsewhere(&self, guest: usize, admission: Admission) -> Option<World> {
        let before = self.guests[guest];
        if before.elsewhere {
            let mut after = *self;
            after.guests[guest].elsewhere = false;
            return Some(after);
        }
        let mut after = match before.standing.place {
            Place::Out => *self,
            _ => self.act(guest, Event::Leave, self.seat_taken(guest), admission)?,
        };
        after.guests[guest].elsewhere = true;
        after.forget(guest);
        Some(after)
    }

    /// His invitation comes to its end.
    fn time_passes(&self, guest: usize) -> Option<World> {
        let mut after = *self;
        let invitation = after.guests[guest].standing.invitation.as_mut()?;
        invitation.until = LAPSED;
        Some(after)
    }

    /// The broadcast ends: its row goes, and with it everybody present.
    fn end(&self) -> World {
        let mut after = World {
            live: false,
            told: [false, false],
            pending: None,
            ..*self
        };
        for guest in &mut after.guests {
            let ended = step(
                &guest.standing,
                Event::Ended,
                &rules(Admission::Applied),
                NOW,
            )
            .unwrap();
            let was_on_mic = guest.standing.place == Place::OnMic;
            assert_eq!(
                ended.effects.contains(&Effect::CutStream),
                was_on_mic,
                "the streams on stage are cut, no others"
            );
            // A new broadcast has forgotten who was put down.
            guest.standing = Standing {
                barred: false,
                ..ended.next
            };
        }
        after
    }

    /// His row changed: whoever read it before finds another version.
    fn forget(&mut self, guest: usize) {
        if self.pending.is_some_and(|pending| pending.guest == guest) {
            self.pending = None;
        }
    }

    /// What the room is told, in order.
    fn hear(&mut self, effect: Effect, gender: Gender) {
        let told = &mut self.told[seat(gender)];
        match effect {
            Effect::SeatTaken => assert!(
                !std::mem::replace(told, true),
                "told twice that a seat is taken"
            ),
            Effect::SeatFreed => assert!(
                std::mem::replace(told, false),
                "told twice that a seat is free"
            ),
            _ => {}
        }
    }

    fn check(&self) {
        for (index, gender) in [Gender::Male, Gender::Female].into_iter().enumerate() {
            let seated = self.guests.iter().filter(|guest| {
                guest.standing.gender == gender && guest.standing.place == Place::OnMic
            });
            let seated = seated.count();
            assert!(seated <= 1, "two on one mic");
            assert_eq!(
                self.told[index],
                seated == 1,
                "the room believes something else"
            );
        }
        for guest in &self.guests {
            let present = guest.standing.place != Place::Out;
            assert!(!(present && guest.elsewhere), "in two rooms");
            assert!(self.live || !present, "present in an ended room");
            assert!(guest.standing.place != Place::Hosting, "a second host");
            if guest.standing.place != Place::OnMic {
                assert!(
                    !guest.standing.pushing && guest.standing.stream_grace.is_none(),
                    "a stream off stage"
                );
            }
            if !present {
                assert_eq!(
                    (guest.standing.invitation, guest.standing.im_grace),
                    (None, None),
                    "a trace of who left"
                );
            }
        }
    }
}

fn explore(admission: Admission) -> usize {
    let mut seen = HashSet::new();
    let mut open = vec![World::start()];
    let mut found = Vec::new();
    seen.insert(World::start().code());
    while let Some(world) = open.pop() {
        world.successors(admission, &mut found);
        for next in &found {
            if seen.insert(next.code()) {
                next.check();
                open.push(*next);
            }
        }
    }
    seen.len()
}

#[test]
fn no_interleaving_breaks_when_guests_apply() {
    let worlds = explore(Admission::Applied);
    assert!(
        worlds > 100_000,
        "only {worlds} worlds: the search has lost its way"
    );
}

#[test]
fn no_interleaving_breaks_by_invitation() {
    assert!(explore(Admission::Invited) > 100_000);
}

#[test]
fn no_interleaving_breaks_when_open_to_all() {
    assert!(explore(Admission::Open) > 100_000);
}
