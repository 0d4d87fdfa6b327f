//! An exhaustive search over a model of a small room: a host, two men and a woman, with every
//! operation, callback and timeout in every order. One transaction may decide on what it read
//! earlier and write later, guarded by the row's version, as the store does.
//!
//! The search visits every reachable state of the model and every step from it, and checks: at
//! most one user on each seat, each user in one room, nobody in an ended room, the announcements
//! to the room match the seats, and whenever the numbers change the host is sent a NUM (which is
//! counted when it is delivered).
//!
//! The host's own disconnects and timeouts affect the guests in one way only, by ending the
//! broadcast, which the search does from every state. `machine.rs` covers the state of the host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test fails by panicking, and packs small numbers into bits"
)]

use std::collections::HashSet;
use std::time::Duration;

use qlive_rooms::mic::{
    Admission, Invitation, MemberState, MicEffect, MicEvent, Place, Rules, step,
};
use qlive_types::{Gender, Moment};

use crate::mic::events::GUEST_EVENTS;

/// The time of every decision. An open invitation ends after it, an expired one before it.
const NOW: Moment = Moment::from_millis(1_000_000);
const EXPIRED: Moment = Moment::from_millis(0);
const GUESTS: [Gender; 3] = [Gender::Male, Gender::Male, Gender::Female];

#[derive(Clone, Copy)]
struct Guest {
    state: MemberState,
    /// Whether the guest is in another room.
    elsewhere: bool,
}

/// A transaction that has read and decided but not yet written.
#[derive(Clone, Copy)]
struct Pending {
    guest: usize,
    event: usize,
    seat_occupied: bool,
}

#[derive(Clone, Copy)]
struct RoomModel {
    live: bool,
    guests: [Guest; 3],
    /// Whether the male and the female seat are taken, as the announcements to the room say.
    announced: [bool; 2],
    pending: Option<Pending>,
}

fn rules(admission: Admission) -> Rules {
    // Grace periods of zero length: they are due at once, so the search may end them at any time.
    Rules {
        admission,
        guest_grace: Duration::ZERO,
        host_grace: Duration::ZERO,
    }
}

fn seat_index(gender: Gender) -> usize {
    if gender == Gender::Male { 0 } else { 1 }
}

/// Whether a decision depends on more than the user's own row. Only then can it be outdated when it
/// is written: the own row is guarded by its version, so the write would fail.
fn depends_on_other_rows(event: MicEvent) -> bool {
    matches!(
        event,
        MicEvent::Accept | MicEvent::Invite { .. } | MicEvent::Enter
    )
}

impl RoomModel {
    fn start() -> Self {
        let guests = GUESTS.map(|gender| Guest {
            state: MemberState::outside(gender, true),
            elsewhere: false,
        });
        Self {
            live: true,
            guests,
            announced: [false, false],
            pending: None,
        }
    }

    fn seat_occupied(&self, guest: usize) -> bool {
        let gender = GUESTS[guest];
        self.guests.iter().enumerate().any(|(index, other)| {
            index != guest && other.state.gender == gender && other.state.place == Place::OnMic
        })
    }

    /// `[men applied, all men, women applied, all women]`.
    fn counts(&self) -> [usize; 4] {
        let count = |gender: Gender, place: Option<Place>| {
            let counted = self.guests.iter().filter(|guest| {
                let state = guest.state;
                state.gender == gender
                    && match place {
                        Some(place) => state.place == place,
                        None => state.place != Place::Outside,
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

    /// The whole state in 64 bits, different for different states.
    fn code(&self) -> u64 {
        let mut code = u64::from(self.live);
        for guest in &self.guests {
            let state = guest.state;
            let invitation = match state.invitation {
                None => 0,
                Some(Invitation { until, by_server }) => {
                    1 + u64::from(until > NOW) * 2 + u64::from(by_server)
                }
            };
            let stream = match (state.pushing, state.stream_grace) {
                (true, _) => 1,
                (false, Some(_)) => 2,
                (false, None) => 0,
            };
            let bits = [
                (state.place as u64, 3),
                (invitation, 3),
                (u64::from(state.needs_invitation), 1),
                (u64::from(state.im_grace.is_some()), 1),
                (stream, 2),
                (u64::from(guest.elsewhere), 1),
            ];
            for (value, width) in bits {
                code = code << width | value;
            }
        }
        code = code << 2 | u64::from(self.announced[0]) << 1 | u64::from(self.announced[1]);
        let pending = self.pending.map_or(0, |pending| {
            1 + (pending.guest as u64 * 32 + pending.event as u64) * 2
                + u64::from(pending.seat_occupied)
        });
        code << 8 | pending
    }

    /// Every state that one step leads to.
    fn successors(&self, admission: Admission, found: &mut Vec<RoomModel>) {
        found.clear();
        for guest in 0..GUESTS.len() {
            for (index, event) in GUEST_EVENTS.iter().enumerate() {
                let seat_occupied = self.seat_occupied(guest);
                if self.pending.is_none() && depends_on_other_rows(*event) {
                    found.push(RoomModel {
                        pending: Some(Pending {
                            guest,
                            event: index,
                            seat_occupied,
                        }),
                        ..*self
                    });
                }
                found.extend(self.apply_event(guest, *event, seat_occupied, admission));
            }
            found.extend(self.enter_other_room(guest, admission));
            found.extend(self.expire_invitation(guest));
        }
        if let Some(pending) = self.pending {
            let decided = RoomModel {
                pending: None,
                ..*self
            };
            found.extend(decided.apply_event(
                pending.guest,
                GUEST_EVENTS[pending.event],
                pending.seat_occupied,
                admission,
            ));
            found.push(decided);
        }
        found.push(if self.live {
            self.end_broadcast()
        } else {
            RoomModel {
                live: true,
                ..*self
            }
        });
    }

    /// One transaction: decides on what it read, and writes unless a unique index refuses.
    fn apply_event(
        &self,
        guest: usize,
        event: MicEvent,
        seat_occupied: bool,
        admission: Admission,
    ) -> Option<RoomModel> {
        let before = self.guests[guest];
        if !self.live
            || (before.state.place == Place::Outside && event != MicEvent::Enter)
            || before.elsewhere
        {
            // The guest is not in the room, so the event does not concern them here.
            return None;
        }
        let read = MemberState {
            seat_occupied,
            ..before.state
        };
        let decided = step(&read, event, &rules(admission), NOW).ok()?;
        let next = MemberState {
            seat_occupied: false,
            ..decided.next
        };
        let mut after = *self;
        after.guests[guest].state = next;
        if next.place == Place::OnMic && self.seat_occupied(guest) {
            // The unique index on the seat refuses the write; the transaction runs again.
            return None;
        }
        if next != before.state {
            after.drop_outdated(guest);
        }
        for effect in &decided.effects {
            after.apply_announcement(*effect, next.gender);
        }
        if self.counts() != after.counts() {
            assert!(
                decided.effects.contains(&MicEffect::SendNum),
                "{event:?} changed the numbers without a NUM"
            );
        }
        Some(after)
    }

    /// The guest enters another room, which takes them out of this one first, or leaves it again.
    fn enter_other_room(&self, guest: usize, admission: Admission) -> Option<RoomModel> {
        let before = self.guests[guest];
        if before.elsewhere {
            let mut after = *self;
            after.guests[guest].elsewhere = false;
            return Some(after);
        }
        let mut after = match before.state.place {
            Place::Outside => *self,
            _ => self.apply_event(guest, MicEvent::Leave, self.seat_occupied(guest), admission)?,
        };
        after.guests[guest].elsewhere = true;
        after.drop_outdated(guest);
        Some(after)
    }

    /// The guest's invitation reaches its end.
    fn expire_invitation(&self, guest: usize) -> Option<RoomModel> {
        let mut after = *self;
        let invitation = after.guests[guest].state.invitation.as_mut()?;
        invitation.until = EXPIRED;
        Some(after)
    }

    /// The broadcast ends: its row is deleted, and with it all member rows.
    fn end_broadcast(&self) -> RoomModel {
        let mut after = RoomModel {
            live: false,
            announced: [false, false],
            pending: None,
            ..*self
        };
        for guest in &mut after.guests {
            let ended = step(
                &guest.state,
                MicEvent::BroadcastEnded,
                &rules(Admission::Applied),
                NOW,
            )
            .unwrap();
            let was_on_mic = guest.state.place == Place::OnMic;
            assert_eq!(
                ended.effects.contains(&MicEffect::CutStream),
                was_on_mic,
                "streams on stage are cut, no others"
            );
            // The need for an invitation ends with the broadcast.
            guest.state = MemberState {
                needs_invitation: false,
                ..ended.next
            };
        }
        after
    }

    /// The guest's row changed, so a pending transaction that read it before cannot write.
    fn drop_outdated(&mut self, guest: usize) {
        if self.pending.is_some_and(|pending| pending.guest == guest) {
            self.pending = None;
        }
    }

    /// Follows an announcement to the room.
    fn apply_announcement(&mut self, effect: MicEffect, gender: Gender) {
        let announced = &mut self.announced[seat_index(gender)];
        match effect {
            MicEffect::AnnounceSeatTaken => assert!(
                !std::mem::replace(announced, true),
                "a taken seat was announced as taken again"
            ),
            MicEffect::AnnounceSeatFreed => assert!(
                std::mem::replace(announced, false),
                "a free seat was announced as freed again"
            ),
            _ => {}
        }
    }

    fn check(&self) {
        for (index, gender) in [Gender::Male, Gender::Female].into_iter().enumerate() {
            let seated = self
                .guests
                .iter()
                .filter(|guest| guest.state.gender == gender && guest.state.place == Place::OnMic);
            let seated = seated.count();
            assert!(seated <= 1, "two users on one mic");
            assert_eq!(
                self.announced[index],
                seated == 1,
                "the announcements do not match the seat"
            );
        }
        for guest in &self.guests {
            let present = guest.state.place != Place::Outside;
            assert!(!(present && guest.elsewhere), "a guest in two rooms");
            assert!(self.live || !present, "a guest in an ended room");
            assert!(guest.state.place != Place::Hosting, "a second host");
            if guest.state.place != Place::OnMic {
                assert!(
                    !guest.state.pushing && guest.state.stream_grace.is_none(),
                    "a running stream off stage"
                );
            }
            if !present {
                assert_eq!(
                    (guest.state.invitation, guest.state.im_grace),
                    (None, None),
                    "an invitation or grace period of a guest who left"
                );
            }
        }
    }
}

fn explore(admission: Admission) -> usize {
    let mut visited = HashSet::new();
    let mut open = vec![RoomModel::start()];
    let mut found = Vec::new();
    visited.insert(RoomModel::start().code());
    while let Some(model) = open.pop() {
        model.successors(admission, &mut found);
        for next in &found {
            if visited.insert(next.code()) {
                next.check();
                open.push(*next);
            }
        }
    }
    visited.len()
}

#[test]
fn no_interleaving_breaks_an_invariant_in_admission_mode_applied() {
    let states = explore(Admission::Applied);
    assert!(
        states > 100_000,
        "only {states} states: the search does not reach the others"
    );
}

#[test]
fn no_interleaving_breaks_an_invariant_in_admission_mode_invited() {
    assert!(explore(Admission::Invited) > 100_000);
}

#[test]
fn no_interleaving_breaks_an_invariant_in_admission_mode_open() {
    assert!(explore(Admission::Open) > 100_000);
}
