//! Comments in rooms, as operators see them, and what they decided.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::comments;
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, UserId};

use crate::error::RoomsError;
use crate::service::Rooms;

/// How many comments a list shows at once.
const ROWS: i64 = 50;
/// The most refused comments that are counted.
const MOST_COUNTED: i64 = 1_000;

/// A comment as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: i64,
    pub live: LiveId,
    pub user: UserId,
    pub text: String,
    pub at: Moment,
    /// The forbidden word for which it was refused; `None`: it was delivered.
    pub word: Option<String>,
    pub closed_at: Option<Moment>,
    /// The operator who has looked at it; empty while nobody has.
    pub closed_by: String,
    pub decision: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = comments)]
struct CommentRow {
    id: i64,
    room_id: i64,
    user_id: i64,
    text: String,
    at: i64,
    word: Option<String>,
    closed_at: Option<i64>,
    closed_by: String,
    decision: String,
}

impl TryFrom<CommentRow> for Comment {
    type Error = StoreError;

    fn try_from(row: CommentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            live: LiveId::new(row.room_id),
            user: UserId::new(row.user_id).ok_or(StoreError::Corrupt("comments.user_id"))?,
            text: row.text,
            at: Moment::from_millis(row.at),
            word: row.word,
            closed_at: row.closed_at.map(Moment::from_millis),
            closed_by: row.closed_by,
            decision: row.decision,
        })
    }
}

/// Which comments are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentFilter {
    /// Refused ones that no operator has looked at.
    Open,
    /// Refused ones that an operator has looked at.
    Decided,
    /// All in a room.
    Room(LiveId),
    /// All of a user.
    User(UserId),
    /// Those of a user in a room.
    UserInRoom(UserId, LiveId),
}

impl Rooms {
    /// At most 50 comments with a number below `before`, the latest first.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn comments(
        &self,
        filter: CommentFilter,
        before: Option<i64>,
    ) -> Result<Vec<Comment>, RoomsError> {
        self.db
            .read(move |conn| {
                let query = comments::table
                    .filter(comments::id.lt(before.unwrap_or(i64::MAX)))
                    .order(comments::id.desc())
                    .limit(ROWS)
                    .select(CommentRow::as_select())
                    .into_boxed();
                let query = match filter {
                    CommentFilter::Open => query
                        .filter(comments::word.is_not_null())
                        .filter(comments::closed_at.is_null()),
                    CommentFilter::Decided => query.filter(comments::closed_at.is_not_null()),
                    CommentFilter::Room(live) => query.filter(comments::room_id.eq(live.get())),
                    CommentFilter::User(user) => query.filter(comments::user_id.eq(user.get())),
                    CommentFilter::UserInRoom(user, live) => query
                        .filter(comments::user_id.eq(user.get()))
                        .filter(comments::room_id.eq(live.get())),
                };
                let rows: Vec<CommentRow> = query.load(conn)?;
                let found: Result<_, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok(found?)
            })
            .await
    }

    /// The number of the last comment before a moment, in any room; 0 if there is none.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn last_comment_before(&self, at: Moment) -> Result<i64, RoomsError> {
        self.db
            .read(move |conn| {
                let found: Option<i64> = comments::table
                    .filter(comments::at.lt(at.millis()))
                    .order(comments::at.desc())
                    .select(comments::id)
                    .first(conn)
                    .optional()?;
                Ok(found.unwrap_or(0))
            })
            .await
    }

    /// A comment.
    ///
    /// # Errors
    /// [`RoomsError::UnknownComment`], or a failure of the store.
    pub async fn comment(&self, id: i64) -> Result<Comment, RoomsError> {
        self.db
            .read(move |conn| {
                let row: Option<CommentRow> = comments::table
                    .find(id)
                    .select(CommentRow::as_select())
                    .first(conn)
                    .optional()?;
                Ok(row.ok_or(RoomsError::UnknownComment)?.try_into()?)
            })
            .await
    }

    /// How many refused comments no operator has looked at, at most 1,000.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn count_open_comments(&self) -> Result<i64, StoreError> {
        self.db
            .read(|conn| {
                let open: Vec<i64> = comments::table
                    .filter(comments::word.is_not_null())
                    .filter(comments::closed_at.is_null())
                    .order(comments::id)
                    .limit(MOST_COUNTED)
                    .select(comments::id)
                    .load(conn)?;
                Ok(i64::try_from(open.len()).unwrap_or(MOST_COUNTED))
            })
            .await
    }

    /// Closes those of these refused comments that are open; the operator's reason says what they
    /// decided.
    ///
    /// # Errors
    /// [`RoomsError::UnknownComment`] when none of them is open, or a failure of the store.
    pub async fn close_comments(&self, by: Operator, ids: Vec<i64>) -> Result<(), RoomsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let mut closed = 0;
                for id in &ids {
                    closed += close(conn, now, &by, *id)?;
                }
                (closed > 0).then_some(()).ok_or(RoomsError::UnknownComment)
            })
            .await
    }
}

/// Closes a comment. Returns 1 if it was open, otherwise 0.
fn close(conn: &mut Conn, now: Moment, by: &Operator, id: i64) -> Result<usize, StoreError> {
    let open = comments::table
        .find(id)
        .filter(comments::word.is_not_null())
        .filter(comments::closed_at.is_null());
    let updated = diesel::update(open)
        .set((
            comments::closed_at.eq(Some(now.millis())),
            comments::closed_by.eq(by.name.as_str()),
            comments::decision.eq(&by.reason),
        ))
        .execute(conn)?;
    if updated > 0 {
        audit_log::record(conn, now, by, "comments close", &id.to_string())?;
    }
    Ok(updated)
}
