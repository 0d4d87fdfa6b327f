//! Reports of users about users: the queue that operators work through.

use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::reports;
use qlive_store::{Conn, StoreError, key_violation_as_contention, serialize_transactions};
use qlive_types::{DAY, LiveId, Moment, UserId, text};

use crate::{Users, UsersError};

/// The most reports that one user may send within a day.
const MOST_A_DAY: i64 = 20;
/// The longest text, in characters.
const TEXT_LIMIT: usize = 500;
/// How many reports a list shows at once.
const ROWS: i64 = 50;

/// What a user is reported for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    Fraud,
    Abuse,
    /// The user seems to be under age.
    Minor,
    Other,
}

impl ReportKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Fraud, Self::Abuse, Self::Minor, Self::Other];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fraud => "fraud",
            Self::Abuse => "abuse",
            Self::Minor => "minor",
            Self::Other => "other",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    const fn number(self) -> i32 {
        match self {
            Self::Fraud => 1,
            Self::Abuse => 2,
            Self::Minor => 3,
            Self::Other => 4,
        }
    }

    fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What a user reports.
#[derive(Debug, Clone)]
pub struct NewReport {
    pub user: UserId,
    pub kind: ReportKind,
    /// Where it happened.
    pub live: Option<LiveId>,
    /// At most 500 characters; may be empty.
    pub text: String,
}

/// A report, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub id: i64,
    pub reporter: UserId,
    pub user: UserId,
    pub kind: ReportKind,
    pub live: Option<LiveId>,
    pub text: String,
    pub created_at: Moment,
    /// When an operator closed it.
    pub closed_at: Option<Moment>,
    /// Who closed it; empty while it is open.
    pub closed_by: String,
    /// What they decided.
    pub decision: String,
}

/// Which reports are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFilter {
    /// Those that no operator has closed.
    Open,
    All,
    /// Those about a user.
    About(UserId),
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = reports)]
struct ReportRow {
    id: i64,
    reporter_id: i64,
    user_id: i64,
    kind: i32,
    room_id: Option<i64>,
    text: String,
    created_at: i64,
    closed_at: Option<i64>,
    closed_by: String,
    decision: String,
}

impl TryFrom<ReportRow> for Report {
    type Error = StoreError;

    fn try_from(row: ReportRow) -> Result<Self, StoreError> {
        let user = |id| UserId::new(id).ok_or(StoreError::Corrupt("reports.user_id"));
        Ok(Self {
            id: row.id,
            reporter: user(row.reporter_id)?,
            user: user(row.user_id)?,
            kind: ReportKind::from_number(row.kind).ok_or(StoreError::Corrupt("reports.kind"))?,
            live: row.room_id.map(LiveId::new),
            text: row.text,
            created_at: Moment::from_millis(row.created_at),
            closed_at: row.closed_at.map(Moment::from_millis),
            closed_by: row.closed_by,
            decision: row.decision,
        })
    }
}

impl Users {
    /// Stores a report. While one of the same reporter, user and kind is open, it changes nothing.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], [`UsersError::BadField`] for a text that is too long or about
    /// oneself, [`UsersError::TooManyReports`] after 20 within a day, or when the database fails.
    pub async fn report(&self, reporter: UserId, new: NewReport) -> Result<(), UsersError> {
        if reporter == new.user {
            return Err(UsersError::BadField("user_id"));
        }
        let written = new.text.trim().to_owned();
        if written.chars().count() > TEXT_LIMIT || !text::is_displayable_lines(&written) {
            return Err(UsersError::BadField("text"));
        }
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                serialize_transactions(conn, &format!("reports:{reporter}"))?;
                if crate::find_user(conn, new.user)?.is_none() {
                    return Err(UsersError::UnknownUser);
                }
                if has_open_report(conn, reporter, &new)? {
                    return Ok(());
                }
                let (first, last) = now.recent(DAY);
                let (today, earliest): (i64, Option<i64>) = reports::table
                    .filter(reports::reporter_id.eq(reporter.get()))
                    .filter(reports::created_at.between(first, last))
                    .select((count_star(), min(reports::created_at)))
                    .get_result(conn)?;
                if today >= MOST_A_DAY {
                    let earliest = earliest.map_or(now, Moment::from_millis);
                    return Err(UsersError::TooManyReports(earliest.after(DAY).since(now)));
                }
                let row = (
                    reports::reporter_id.eq(reporter.get()),
                    reports::user_id.eq(new.user.get()),
                    reports::kind.eq(new.kind.number()),
                    reports::room_id.eq(new.live.map(LiveId::get)),
                    reports::text.eq(&written),
                    reports::created_at.eq(now.millis()),
                    reports::closed_by.eq(""),
                    reports::decision.eq(""),
                );
                let insert = diesel::insert_into(reports::table).values(row);
                key_violation_as_contention(insert.execute(conn))?;
                Ok(())
            })
            .await
    }

    /// At most 50 reports with a number below `before`, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reports(
        &self,
        filter: ReportFilter,
        before: Option<i64>,
    ) -> Result<Vec<Report>, UsersError> {
        self.db
            .read(move |conn| {
                let query = reports::table
                    .filter(reports::id.lt(before.unwrap_or(i64::MAX)))
                    .order(reports::id.desc())
                    .limit(ROWS)
                    .select(ReportRow::as_select())
                    .into_boxed();
                let query = match filter {
                    ReportFilter::Open => query.filter(reports::closed_at.is_null()),
                    ReportFilter::All => query,
                    ReportFilter::About(user) => query.filter(reports::user_id.eq(user.get())),
                };
                let rows: Vec<ReportRow> = query.load(conn)?;
                let found: Result<_, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok(found?)
            })
            .await
    }

    /// A report.
    ///
    /// # Errors
    /// [`UsersError::UnknownReport`], or when the database fails.
    pub async fn find_report(&self, id: i64) -> Result<Report, UsersError> {
        self.db
            .read(move |conn| {
                let row: Option<ReportRow> = reports::table
                    .find(id)
                    .select(ReportRow::as_select())
                    .get_result(conn)
                    .optional()?;
                Ok(row.ok_or(UsersError::UnknownReport)?.try_into()?)
            })
            .await
    }

    /// How many reports are open, counted up to 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_open_reports(&self) -> Result<i64, UsersError> {
        self.db
            .read(|conn| {
                let open: Vec<i64> = reports::table
                    .filter(reports::closed_at.is_null())
                    .limit(1_000)
                    .select(reports::id)
                    .load(conn)?;
                Ok(i64::try_from(open.len()).unwrap_or(i64::MAX))
            })
            .await
    }

    /// Closes those of these reports that are open; the operator's reason says what they decided.
    ///
    /// # Errors
    /// [`UsersError::UnknownReport`] when none of them is open, or when the database fails.
    pub async fn close_reports(&self, by: Operator, ids: Vec<i64>) -> Result<(), UsersError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let mut closed = 0;
                for id in &ids {
                    closed += close(conn, now, &by, *id)?;
                }
                (closed > 0).then_some(()).ok_or(UsersError::UnknownReport)
            })
            .await
    }
}

/// Closes a report. Returns 1 if it was open, otherwise 0.
fn close(conn: &mut Conn, now: Moment, by: &Operator, id: i64) -> Result<usize, StoreError> {
    let open = reports::table.find(id).filter(reports::closed_at.is_null());
    let updated = diesel::update(open)
        .set((
            reports::closed_at.eq(Some(now.millis())),
            reports::closed_by.eq(by.name.as_str()),
            reports::decision.eq(&by.reason),
        ))
        .execute(conn)?;
    if updated > 0 {
        audit_log::record(conn, now, by, "reports close", &id.to_string())?;
    }
    Ok(updated)
}

fn has_open_report(conn: &mut Conn, reporter: UserId, new: &NewReport) -> Result<bool, StoreError> {
    let same = reports::table
        .filter(reports::reporter_id.eq(reporter.get()))
        .filter(reports::user_id.eq(new.user.get()))
        .filter(reports::kind.eq(new.kind.number()))
        .filter(reports::closed_at.is_null());
    Ok(same.count().get_result::<i64>(conn)? > 0)
}
