//! What users complained of to WeChat, on record.

use diesel::prelude::*;
use qlive_store::schema::complaints;
use qlive_store::{Conn, or_contended};
use qlive_types::{Moment, Page};

use crate::{Payments, PaymentsError};

/// The most characters kept of each field, since in plain mode anybody may have written them.
const LIMIT: usize = 128;

/// A complaint as WeChat pushes it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Complaint {
    pub request_id: String,
    pub openid: String,
    pub out_trade_no: String,
    pub complained_at: String,
}

impl Payments {
    /// A page of complaints, the latest first, for operators.
    pub async fn complaints(&self, page: Page) -> Result<Vec<Complaint>, PaymentsError> {
        self.db
            .read(move |conn| {
                Ok(complaints::table
                    .order(complaints::id.desc())
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select((
                        complaints::request_id,
                        complaints::openid,
                        complaints::out_trade_no,
                        complaints::complained_at,
                    ))
                    .load(conn)?)
            })
            .await
    }
}

/// Records it, once. True when it is new.
pub(crate) fn record(
    conn: &mut Conn,
    now: Moment,
    complaint: &Complaint,
) -> Result<bool, PaymentsError> {
    let short = |text: &str| {
        text.chars()
            .filter(|c| !c.is_control())
            .take(LIMIT)
            .collect::<String>()
    };
    let id = short(&complaint.request_id);
    let known: i64 = complaints::table
        .filter(complaints::request_id.eq(&id))
        .count()
        .get_result(conn)?;
    if known > 0 {
        return Ok(false);
    }
    or_contended(
        diesel::insert_into(complaints::table)
            .values((
                complaints::request_id.eq(id),
                complaints::out_trade_no.eq(short(&complaint.out_trade_no)),
                complaints::openid.eq(short(&complaint.openid)),
                complaints::complained_at.eq(short(&complaint.complained_at)),
                complaints::recorded_at.eq(now.millis()),
            ))
            .execute(conn),
    )?;
    Ok(true)
}
