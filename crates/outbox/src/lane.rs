//! Lanes: rows of one lane are delivered one after the other, in the order of their ids.

use std::fmt;

use qlive_types::{LiveId, UserId};
use serde::{Serialize, Serializer};

/// What the rows of a lane are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaneKind {
    /// The group of a room, except its gifts.
    Room,
    /// The gifts of a room. They are a lane of their own, so that they never delay a seat.
    Gifts,
    /// The applicant counts of a room.
    ApplicantCounts,
    /// The IM account of a user, and the direct messages to it.
    User,
    /// The stream of a user. It is a lane of its own, so that CSS never delays a message.
    Stream,
}

impl LaneKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Room,
        Self::Gifts,
        Self::ApplicantCounts,
        Self::User,
        Self::Stream,
    ];

    /// The stored number. It never changes its meaning.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Room => 1,
            Self::Gifts => 2,
            Self::ApplicantCounts => 3,
            Self::User => 4,
            Self::Stream => 5,
        }
    }

    /// The kind with this number; `None` if no kind has it.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The name in lists for operators and in the log.
    const fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Gifts => "gift",
            Self::ApplicantCounts => "num",
            Self::User => "user",
            Self::Stream => "stream",
        }
    }

    /// The pool of calls that lanes of this kind share.
    pub(crate) const fn pool(self) -> WorkerPool {
        match self {
            Self::Gifts => WorkerPool::Gifts,
            Self::Stream => WorkerPool::Streams,
            Self::Room | Self::ApplicantCounts | Self::User => WorkerPool::Other,
        }
    }
}

/// A lane: its kind and the id of the room or the user. Shown as `room:5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    pub kind: LaneKind,
    pub id: i64,
}

impl Lane {
    /// A lane of a room.
    pub(crate) const fn of_room(kind: LaneKind, room: LiveId) -> Self {
        Self {
            kind,
            id: room.get(),
        }
    }

    /// A lane of a user.
    pub(crate) const fn of_user(kind: LaneKind, user: UserId) -> Self {
        Self {
            kind,
            id: user.get(),
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Calls for lanes of certain kinds. Each pool has a limit of its own, so that these lanes never
/// wait for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkerPool {
    /// Gifts come in large numbers at once.
    Gifts,
    /// Streams depend on another system than messages.
    Streams,
    /// Seats, ends of broadcasts, counts, and direct messages.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_of_kinds_are_fixed() {
        let named = LaneKind::ALL.map(|kind| (kind.number(), kind.name()));
        let expected = [
            (1, "room"),
            (2, "gift"),
            (3, "num"),
            (4, "user"),
            (5, "stream"),
        ];
        assert_eq!(named, expected);
        for kind in LaneKind::ALL {
            assert_eq!(LaneKind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(LaneKind::from_number(0), None);
    }

    #[test]
    fn lane_is_shown_as_kind_and_id() {
        let lane = Lane::of_room(LaneKind::Gifts, LiveId::new(7));
        assert_eq!(lane.to_string(), "gift:7");
        assert_eq!(serde_json::to_string(&lane).unwrap(), "\"gift:7\"");
    }
}
