//! What happened in a room, from three lists: the messages to its group, what users did, and what
//! they wrote.

use std::collections::VecDeque;

use qlive_outbox::RoomMessage;
use qlive_rooms::{Comment, CommentFilter, RoomEvent, RoomEventFilter, RoomsError};
use qlive_types::{LiveId, Moment, UserId};

use crate::services::Services;

/// How many rows the timeline shows at once; each of its lists gives as many.
const ROWS: usize = 50;

/// Something that happened in a room.
#[derive(Debug, Clone)]
pub enum Happened {
    Message(RoomMessage),
    Event(RoomEvent),
    Comment(Comment),
}

impl Happened {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Moment {
        match self {
            Self::Message(message) => message.at,
            Self::Event(event) => event.at,
            Self::Comment(comment) => comment.at,
        }
    }

    fn number(&self) -> i64 {
        match self {
            Self::Message(message) => message.seq,
            Self::Event(event) => event.id,
            Self::Comment(comment) => comment.id,
        }
    }
}

/// Where the timeline of a room goes on: below which number of each list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineCursor {
    pub message: i64,
    pub event: i64,
    pub comment: i64,
}

impl TimelineCursor {
    /// The beginning: the latest of each list.
    pub const LATEST: Self = Self {
        message: i64::MAX,
        event: i64::MAX,
        comment: i64::MAX,
    };
}

/// A page of the timeline of a room.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// At most 50, the latest first.
    pub rows: Vec<Happened>,
    /// Where it goes on, unless it ends here.
    pub next: Option<TimelineCursor>,
}

/// One of the lists of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimelineList {
    Messages,
    Events,
    Comments,
}

/// What of a timeline is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimelineFilter {
    /// Only this list.
    pub list: Option<TimelineList>,
    /// Only what this user did and wrote. Messages to the group are not about one user.
    pub user: Option<UserId>,
    /// Without what users wrote.
    pub hides_comments: bool,
}

impl TimelineFilter {
    fn wants(self, list: TimelineList) -> bool {
        let is_of_user = self.user.is_none() || list != TimelineList::Messages;
        let is_shown = !self.hides_comments || list != TimelineList::Comments;
        is_of_user && is_shown && self.list.is_none_or(|wanted| wanted == list)
    }
}

impl Services {
    /// What happened in a room before a cursor. Each of the lists is in the order in which it was
    /// written, which may differ from that of the times by moments.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn room_timeline(
        &self,
        live: LiveId,
        filter: TimelineFilter,
        before: TimelineCursor,
    ) -> Result<Timeline, RoomsError> {
        let (mut messages, mut events, mut comments) = Default::default();
        if filter.wants(TimelineList::Messages) {
            let found = self.outbox.room_messages(live, Some(before.message));
            messages = found.await?;
        }
        if filter.wants(TimelineList::Events) {
            let wanted = filter.user.map_or(RoomEventFilter::Room(live), |user| {
                RoomEventFilter::UserInRoom(user, live)
            });
            events = self.rooms.room_events(wanted, Some(before.event)).await?;
        }
        if filter.wants(TimelineList::Comments) {
            let wanted = filter.user.map_or(CommentFilter::Room(live), |user| {
                CommentFilter::UserInRoom(user, live)
            });
            comments = self.rooms.comments(wanted, Some(before.comment)).await?;
        }
        Ok(merge(
            Source::new(before.message, messages, Happened::Message),
            Source::new(before.event, events, Happened::Event),
            Source::new(before.comment, comments, Happened::Comment),
        ))
    }

    /// Where the timeline of a room begins that ends before a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn timeline_before(
        &self,
        live: LiveId,
        at: Moment,
    ) -> Result<TimelineCursor, RoomsError> {
        Ok(TimelineCursor {
            message: self.outbox.last_message_before(live, at).await? + 1,
            event: self.rooms.last_event_before(at).await? + 1,
            comment: self.rooms.last_comment_before(at).await? + 1,
        })
    }
}

/// One of the lists, the latest first.
struct Source {
    rows: VecDeque<Happened>,
    /// Below which number it goes on.
    next: i64,
    is_full: bool,
}

impl Source {
    fn new<T>(before: i64, rows: Vec<T>, happened: impl Fn(T) -> Happened) -> Self {
        let rows: VecDeque<Happened> = rows.into_iter().map(happened).collect();
        // What is written from now on is not on later pages.
        let after_first = rows.front().map(|first| first.number().saturating_add(1));
        let next = match after_first {
            Some(next) => next,
            None if before == i64::MAX => 0,
            None => before,
        };
        Self {
            next,
            is_full: rows.len() >= ROWS,
            rows,
        }
    }

    fn latest(&self) -> Option<Moment> {
        self.rows.front().map(Happened::at)
    }

    fn take(&mut self) -> Option<Happened> {
        let row = self.rows.pop_front()?;
        self.next = row.number();
        Some(row)
    }

    fn has_more(&self) -> bool {
        self.is_full || !self.rows.is_empty()
    }
}

fn merge(mut messages: Source, mut events: Source, mut comments: Source) -> Timeline {
    let mut rows = Vec::new();
    while rows.len() < ROWS {
        let sources = [&mut comments, &mut messages, &mut events];
        let latest = sources.into_iter().max_by_key(|source| source.latest());
        let Some(row) = latest.and_then(Source::take) else {
            break;
        };
        rows.push(row);
    }
    let has_more = messages.has_more() || events.has_more() || comments.has_more();
    Timeline {
        rows,
        next: has_more.then_some(TimelineCursor {
            message: messages.next,
            event: events.next,
            comment: comments.next,
        }),
    }
}
