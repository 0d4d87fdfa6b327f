//! Complaints that users made to WeChat, as message pushes report them.
//!
//! Page: 虚拟支付 (virtual payment), event `xpay_complaint_notify`.

use diesel::prelude::*;
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

impl Payments {
    /// At most 50 complaints with a number below `before`, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_complaints(
        &self,
        before: Option<i64>,
    ) -> Result<Vec<(i64, Complaint)>, PaymentsError> {
        self.db
            .read(move |conn| {
                Ok(complaints::table
                    .filter(complaints::id.lt(before.unwrap_or(i64::MAX)))
                    .order(complaints::id.desc())
                    .limit(ROWS)
                    .select((complaints::id, Complaint::as_select()))
                    .load(conn)?)
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
