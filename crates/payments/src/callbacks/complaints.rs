//! Complaints that users made to WeChat, as message pushes report them.
//!
//! Page: 虚拟支付 (virtual payment), event `xpay_complaint_notify`.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::complaints;
use qlive_store::{Conn, key_violation_as_contention};
use qlive_types::{Moment, Page};

use crate::error::PaymentsError;
use crate::service::Payments;

/// The most characters of each field, since anybody may have written a push in plain mode.
const FIELD_LIMIT: usize = 128;

/// A complaint as WeChat pushes it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = complaints)]
pub struct Complaint {
    pub wechat_request_id: String,
    pub openid: String,
    pub out_trade_no: String,
    pub complained_at: String,
}

/// How many complaints a list for operators shows at once.
const ROWS: i64 = 50;
/// The most complaints that are counted.
const MOST_COUNTED: i64 = 1_000;

/// A complaint with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedComplaint {
    pub id: i64,
    pub complaint: Complaint,
    pub recorded_at: Moment,
    pub answered_at: Option<Moment>,
    /// The operator who answered it; empty while nobody has.
    pub answered_by: String,
    /// What they answered or did.
    pub answer: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = complaints)]
struct RecordedRow {
    id: i64,
    #[diesel(embed)]
    complaint: Complaint,
    recorded_at: i64,
    answered_at: Option<i64>,
    answered_by: String,
    answer: String,
}

impl From<RecordedRow> for RecordedComplaint {
    fn from(row: RecordedRow) -> Self {
        Self {
            id: row.id,
            complaint: row.complaint,
            recorded_at: Moment::from_millis(row.recorded_at),
            answered_at: row.answered_at.map(Moment::from_millis),
            answered_by: row.answered_by,
            answer: row.answer,
        }
    }
}

impl Payments {
    /// At most 50 complaints with a number below `before`, the latest first; with `open_only` those
    /// that nobody has answered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_complaints(
        &self,
        open_only: bool,
        before: Option<i64>,
    ) -> Result<Vec<RecordedComplaint>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut query = complaints::table
                    .filter(complaints::id.lt(before.unwrap_or(i64::MAX)))
                    .order(complaints::id.desc())
                    .limit(ROWS)
                    .select(RecordedRow::as_select())
                    .into_boxed();
                if open_only {
                    query = query.filter(complaints::answered_at.is_null());
                }
                let rows: Vec<RecordedRow> = query.load(conn)?;
                Ok(rows.into_iter().map(Into::into).collect())
            })
            .await
    }

    /// The complaints about an order, the latest first, at most 50.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complaints_about(
        &self,
        number: &str,
    ) -> Result<Vec<RecordedComplaint>, PaymentsError> {
        let number = number.to_owned();
        self.db
            .read(move |conn| {
                let rows: Vec<RecordedRow> = complaints::table
                    .filter(complaints::out_trade_no.eq(&number))
                    .order(complaints::id.desc())
                    .limit(ROWS)
                    .select(RecordedRow::as_select())
                    .load(conn)?;
                Ok(rows.into_iter().map(Into::into).collect())
            })
            .await
    }

    /// A complaint.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownComplaint`], or when the database fails.
    pub async fn complaint(&self, id: i64) -> Result<RecordedComplaint, PaymentsError> {
        self.db
            .read(move |conn| {
                let row: Option<RecordedRow> = complaints::table
                    .find(id)
                    .select(RecordedRow::as_select())
                    .first(conn)
                    .optional()?;
                row.map(Into::into).ok_or(PaymentsError::UnknownComplaint)
            })
            .await
    }

    /// How many complaints nobody has answered, at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_open_complaints(&self) -> Result<i64, PaymentsError> {
        self.db
            .read_one(|conn| {
                let open: Vec<i64> = complaints::table
                    .filter(complaints::answered_at.is_null())
                    .order(complaints::id)
                    .limit(MOST_COUNTED)
                    .select(complaints::id)
                    .load(conn)?;
                Ok(i64::try_from(open.len()).unwrap_or(MOST_COUNTED))
            })
            .await
    }

    /// Marks a complaint as answered; the operator's reason says how.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownComplaint`] also when it is answered already, or when the database
    /// fails.
    pub async fn answer_complaint(&self, by: Operator, id: i64) -> Result<(), PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let open = complaints::table
                    .find(id)
                    .filter(complaints::answered_at.is_null());
                let updated = diesel::update(open)
                    .set((
                        complaints::answered_at.eq(Some(now.millis())),
                        complaints::answered_by.eq(by.name.as_str()),
                        complaints::answer.eq(&by.reason),
                    ))
                    .execute(conn)?;
                if updated == 0 {
                    return Err(PaymentsError::UnknownComplaint);
                }
                let subject = id.to_string();
                Ok(audit_log::record(
                    conn,
                    now,
                    &by,
                    "complaints answer",
                    &subject,
                )?)
            })
            .await
    }

    /// A page of complaints, the latest first, for operators.
    ///
    /// # Errors
    /// When the database fails.
    #[expect(
        clippy::disallowed_methods,
        reason = "a list for operators, whose pages end at 1,000"
    )]
    pub async fn complaints(&self, page: Page) -> Result<Vec<Complaint>, PaymentsError> {
        self.db
            .read(move |conn| {
                Ok(complaints::table
                    .order(complaints::id.desc())
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select(Complaint::as_select())
                    .load(conn)?)
            })
            .await
    }
}

/// Records a complaint. False when it is recorded already.
pub(crate) fn record_complaint(
    conn: &mut Conn,
    now: Moment,
    complaint: &Complaint,
) -> Result<bool, PaymentsError> {
    let clean = |text: &str| -> String {
        let visible = text.chars().filter(|c| !c.is_control());
        visible.take(FIELD_LIMIT).collect()
    };
    let id = clean(&complaint.wechat_request_id);
    let recorded: i64 = complaints::table
        .filter(complaints::wechat_request_id.eq(&id))
        .count()
        .get_result(conn)?;
    if recorded > 0 {
        return Ok(false);
    }
    key_violation_as_contention(
        diesel::insert_into(complaints::table)
            .values((
                complaints::wechat_request_id.eq(id),
                complaints::out_trade_no.eq(clean(&complaint.out_trade_no)),
                complaints::openid.eq(clean(&complaint.openid)),
                complaints::complained_at.eq(clean(&complaint.complained_at)),
                complaints::recorded_at.eq(now.millis()),
            ))
            .execute(conn),
    )?;
    Ok(true)
}
