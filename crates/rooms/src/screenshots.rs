//! Screenshots of streams that CSS does not pass, and what operators decided about them.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::{judged_screenshots, rooms};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_tencent::css::{JudgedScreenshot, Suggestion};
use qlive_types::{LiveId, Moment, UserId};

use crate::error::RoomsError;
use crate::member::find_member;
use crate::service::Rooms;

/// How many screenshots a list shows at once.
const ROWS: i64 = 50;
/// The most open screenshots that are counted.
const MOST_COUNTED: i64 = 1_000;
/// The longest from a screenshot to its event.
const LONGEST_JUDGEMENT: Duration = Duration::from_secs(3_600);
/// How many old ones are deleted in one transaction.
const DELETE_BATCH: i64 = 1_000;

/// A screenshot as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screenshot {
    pub id: i64,
    /// The room in which its user was.
    pub live: Option<LiveId>,
    /// Whose stream it is of.
    pub user: UserId,
    /// `None` if it has no address that may be shown.
    pub url: Option<String>,
    /// What CSS sees in it.
    pub label: String,
    /// From 0 to 100: how sure CSS is.
    pub score: i64,
    /// Whether CSS suggests to block it, rather than to look at it.
    pub is_blocked: bool,
    /// When it was taken; when its event came, if CSS did not say.
    pub at: Moment,
    pub closed_at: Option<Moment>,
    /// The operator who has looked at it; empty while nobody has.
    pub closed_by: String,
    pub decision: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = judged_screenshots)]
struct ScreenshotRow {
    id: i64,
    room_id: Option<i64>,
    user_id: i64,
    url: Option<String>,
    label: String,
    score: i64,
    is_blocked: bool,
    at: i64,
    closed_at: Option<i64>,
    closed_by: String,
    decision: String,
}

impl TryFrom<ScreenshotRow> for Screenshot {
    type Error = StoreError;

    fn try_from(row: ScreenshotRow) -> Result<Self, StoreError> {
        let user = UserId::new(row.user_id);
        Ok(Self {
            id: row.id,
            live: row.room_id.map(LiveId::new),
            user: user.ok_or(StoreError::Corrupt("judged_screenshots.user_id"))?,
            url: row.url,
            label: row.label,
            score: row.score,
            is_blocked: row.is_blocked,
            at: Moment::from_millis(row.at),
            closed_at: row.closed_at.map(Moment::from_millis),
            closed_by: row.closed_by,
            decision: row.decision,
        })
    }
}

/// Which screenshots are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenshotFilter {
    /// Those that no operator has looked at.
    Open,
    /// All.
    All,
    /// All of a user's streams.
    User(UserId),
}

impl Rooms {
    /// Keeps a screenshot that CSS does not pass. One that it suggests to block is not shown as the
    /// cover of a room, until the next screenshot.
    pub(crate) async fn keep_judged(&self, judged: JudgedScreenshot) -> Result<(), RoomsError> {
        let Some(user) = UserId::parse(&judged.stream) else {
            return Ok(());
        };
        if judged.suggestion == Suggestion::Pass {
            return Ok(());
        }
        let url = self.settings.address_rules.parse(&judged.url);
        let now = self.clock.now();
        let taken_at = Moment::from_millis(judged.at_secs.saturating_mul(1000));
        // A screenshot is judged within minutes, whatever the other clock says.
        let is_likely = taken_at <= now && !now.is_past(taken_at, LONGEST_JUDGEMENT);
        let at = if is_likely { taken_at } else { now };
        self.db
            .write(move |conn| insert(conn, user, &judged, url.as_deref(), at))
            .await
    }

    /// At most 50 screenshots with a number below `before`, the latest first.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn screenshots(
        &self,
        filter: ScreenshotFilter,
        before: Option<i64>,
    ) -> Result<Vec<Screenshot>, RoomsError> {
        self.db
            .read(move |conn| {
                let query = judged_screenshots::table
                    .filter(judged_screenshots::id.lt(before.unwrap_or(i64::MAX)))
                    .order(judged_screenshots::id.desc())
                    .limit(ROWS)
                    .select(ScreenshotRow::as_select())
                    .into_boxed();
                let query = match filter {
                    ScreenshotFilter::Open => query.filter(judged_screenshots::closed_at.is_null()),
                    ScreenshotFilter::All => query,
                    ScreenshotFilter::User(user) => {
                        query.filter(judged_screenshots::user_id.eq(user.get()))
                    }
                };
                let rows: Vec<ScreenshotRow> = query.load(conn)?;
                let found: Result<_, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok(found?)
            })
            .await
    }

    /// A screenshot.
    ///
    /// # Errors
    /// [`RoomsError::UnknownScreenshot`], or a failure of the store.
    pub async fn screenshot(&self, id: i64) -> Result<Screenshot, RoomsError> {
        self.db
            .read(move |conn| {
                let row: Option<ScreenshotRow> = judged_screenshots::table
                    .find(id)
                    .select(ScreenshotRow::as_select())
                    .first(conn)
                    .optional()?;
                Ok(row.ok_or(RoomsError::UnknownScreenshot)?.try_into()?)
            })
            .await
    }

    /// How many screenshots no operator has looked at, at most 1,000.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn count_open_screenshots(&self) -> Result<i64, StoreError> {
        self.db
            .read(|conn| {
                let open: Vec<i64> = judged_screenshots::table
                    .filter(judged_screenshots::closed_at.is_null())
                    .order(judged_screenshots::id)
                    .limit(MOST_COUNTED)
                    .select(judged_screenshots::id)
                    .load(conn)?;
                Ok(i64::try_from(open.len()).unwrap_or(MOST_COUNTED))
            })
            .await
    }

    /// Closes those of these screenshots that are open; the operator's reason says what they
    /// decided.
    ///
    /// # Errors
    /// [`RoomsError::UnknownScreenshot`] when none of them is open, or a failure of the store.
    pub async fn close_screenshots(&self, by: Operator, ids: Vec<i64>) -> Result<(), RoomsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let mut closed = 0;
                for id in &ids {
                    closed += close(conn, now, &by, *id)?;
                }
                (closed > 0)
                    .then_some(())
                    .ok_or(RoomsError::UnknownScreenshot)
            })
            .await
    }
}

/// Closes a screenshot. Returns 1 if it was open, otherwise 0.
fn close(conn: &mut Conn, now: Moment, by: &Operator, id: i64) -> Result<usize, StoreError> {
    let open = judged_screenshots::table
        .find(id)
        .filter(judged_screenshots::closed_at.is_null());
    let updated = diesel::update(open)
        .set((
            judged_screenshots::closed_at.eq(Some(now.millis())),
            judged_screenshots::closed_by.eq(by.name.as_str()),
            judged_screenshots::decision.eq(&by.reason),
        ))
        .execute(conn)?;
    if updated > 0 {
        audit_log::record(conn, now, by, "screenshots close", &id.to_string())?;
    }
    Ok(updated)
}

/// Inserts a screenshot, unless the event was handled before.
fn insert(
    conn: &mut Conn,
    user: UserId,
    judged: &JudgedScreenshot,
    url: Option<&str>,
    at: Moment,
) -> Result<(), RoomsError> {
    if let Some(url) = url {
        let same: Option<i64> = judged_screenshots::table
            .filter(judged_screenshots::url.eq(url))
            .select(judged_screenshots::id)
            .first(conn)
            .optional()?;
        if same.is_some() {
            return Ok(());
        }
    }
    let member = find_member(conn, user)?;
    let is_blocked = judged.suggestion == Suggestion::Block;
    let inserted = diesel::insert_into(judged_screenshots::table)
        .values((
            judged_screenshots::room_id.eq(member.map(|member| member.broadcast.live.get())),
            judged_screenshots::user_id.eq(user.get()),
            judged_screenshots::url.eq(url),
            judged_screenshots::label.eq(&judged.label),
            judged_screenshots::score.eq(judged.score),
            judged_screenshots::is_blocked.eq(is_blocked),
            judged_screenshots::at.eq(at.millis()),
            judged_screenshots::closed_by.eq(""),
            judged_screenshots::decision.eq(""),
        ))
        .execute(conn);
    key_violation_as_contention(inserted)?;
    if is_blocked {
        diesel::update(rooms::table.filter(rooms::host_id.eq(user.get())))
            .set(rooms::cover.eq(""))
            .execute(conn)?;
    }
    Ok(())
}

/// Deletes a batch of screenshots from before a moment. Returns whether there may be more.
pub(crate) fn delete_old(conn: &mut Conn, before: Moment) -> Result<bool, StoreError> {
    let ids: Vec<i64> = judged_screenshots::table
        .filter(judged_screenshots::at.lt(before.millis()))
        .order(judged_screenshots::at)
        .limit(DELETE_BATCH)
        .select(judged_screenshots::id)
        .load(conn)?;
    let is_full = i64::try_from(ids.len()).is_ok_and(|found| found == DELETE_BATCH);
    diesel::delete(judged_screenshots::table.filter(judged_screenshots::id.eq_any(ids)))
        .execute(conn)?;
    Ok(is_full)
}
