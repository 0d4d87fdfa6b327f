//! What happens to users in a transaction, noted to be written later.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::prelude::*;
use qlive_store::schema::room_events;
use qlive_types::{LiveId, Moment, UserId};

use crate::mic::{MemberState, MicEvent, Place};

/// The most events that wait to be written: about what an instance writes within a second beside
/// its other work. Further ones are not kept.
const MOST_WAITING: usize = 2_000;

/// What a user did, or what happened to them. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomEventKind {
    /// The host started the broadcast.
    Started,
    Entered,
    /// Left by themselves, or removed by the host or an operator.
    Left,
    /// Their connection did not come back.
    Lost,
    Banned,
    Applied,
    /// Withdrew their application.
    Withdrew,
    /// The host declined their application.
    Declined,
    /// The host invited them to the mic.
    Invited,
    /// The host took them off the mic.
    PutOffMic,
    /// They left the mic because their stream or their connection was lost.
    LostMic,
}

impl RoomEventKind {
    const ALL: [Self; 11] = [
        Self::Started,
        Self::Entered,
        Self::Left,
        Self::Lost,
        Self::Banned,
        Self::Applied,
        Self::Withdrew,
        Self::Declined,
        Self::Invited,
        Self::PutOffMic,
        Self::LostMic,
    ];

    const fn number(self) -> i32 {
        match self {
            Self::Started => 11,
            Self::Entered => 1,
            Self::Left => 2,
            Self::Lost => 3,
            Self::Banned => 4,
            Self::Applied => 5,
            Self::Withdrew => 6,
            Self::Declined => 7,
            Self::Invited => 8,
            Self::PutOffMic => 9,
            Self::LostMic => 10,
        }
    }

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Lost => "lost",
            Self::Banned => "banned",
            Self::Applied => "applied",
            Self::Withdrew => "withdrew",
            Self::Declined => "declined",
            Self::Invited => "invited",
            Self::PutOffMic => "put_off_mic",
            Self::LostMic => "lost_mic",
        }
    }

    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// What a step of the mic state machine is, if it is worth telling. Who takes the mic and who
    /// leaves it by themselves is in the messages of the room.
    pub(crate) fn of(
        before: &MemberState,
        next: &MemberState,
        event: MicEvent,
        now: Moment,
    ) -> Option<Self> {
        // IM reports a message of a client before and after it: the second extends the invitation.
        let is_invited = before.invitation.is_some_and(|open| open.is_open(now));
        match (before.place, next.place, event) {
            (Place::Outside, Place::Outside, _) => None,
            (Place::Outside, _, _) => Some(Self::Entered),
            (_, Place::Outside, MicEvent::Banned) => Some(Self::Banned),
            (_, Place::Outside, MicEvent::GraceDue { .. }) => Some(Self::Lost),
            (_, Place::Outside, _) => Some(Self::Left),
            (Place::Watching, Place::Applied, _) => Some(Self::Applied),
            (Place::Applied, Place::Watching, MicEvent::Decline) => Some(Self::Declined),
            (Place::Applied, Place::Watching, _) => Some(Self::Withdrew),
            (Place::OnMic, Place::Watching, MicEvent::KickOffMic) => Some(Self::PutOffMic),
            (Place::OnMic, Place::Watching, MicEvent::LeaveMic) => None,
            (Place::OnMic, Place::Watching, _) => Some(Self::LostMic),
            (_, _, MicEvent::Invite { .. }) if !is_invited => Some(Self::Invited),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = room_events)]
pub(crate) struct NewRoomEvent {
    room_id: i64,
    pub(crate) user_id: i64,
    kind: i32,
    at: i64,
}

/// Events in memory: those of a transaction, or those that wait to be written.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventLog(Arc<Mutex<Vec<NewRoomEvent>>>);

impl EventLog {
    /// Notes an event in a transaction.
    pub(crate) fn note(&self, live: LiveId, user: UserId, kind: RoomEventKind, at: Moment) {
        self.lock().push(NewRoomEvent {
            room_id: live.get(),
            user_id: user.get(),
            kind: kind.number(),
            at: at.millis(),
        });
    }

    /// Forgets the events of a transaction that is run again: it may decide otherwise.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Moves the events of a transaction to those that wait, unless too many do.
    pub(crate) fn move_to(&self, waiting: &Self) {
        let events = mem::take(&mut *self.lock());
        let mut waiting = waiting.lock();
        let left = MOST_WAITING.saturating_sub(waiting.len());
        if events.len() > left {
            tracing::warn!("events of rooms are not kept, because too many wait to be written");
        }
        waiting.extend(events.into_iter().take(left));
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Vec<NewRoomEvent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
