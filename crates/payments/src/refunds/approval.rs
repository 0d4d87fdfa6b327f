//! Refunds above a limit, for which two operators must ask within a day.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_store::audit_log::Operator;
use qlive_store::schema::{orders, refund_requests, refunds};
use qlive_store::{Conn, OperatorName, StoreError, key_violation_as_contention};
use qlive_types::{Fen, Moment, UserId};

use crate::error::PaymentsError;
use crate::refunds::state::RefundState;
use crate::service::Payments;

/// How long a request waits for another operator.
const REQUEST: Duration = Duration::from_secs(86_400);
/// What was refunded to a user within this time counts for the limit.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// The most requests that a list shows.
const ROWS: i64 = 100;

/// A refund that waits for another operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    pub out_trade_no: String,
    pub fen: Fen,
    pub requested_by: String,
    pub reason: String,
    pub requested_at: Moment,
}

type RequestRow = (String, i64, String, String, i64);

fn request_of(row: RequestRow) -> Result<RefundRequest, StoreError> {
    let (out_trade_no, fen, requested_by, reason, at) = row;
    Ok(RefundRequest {
        out_trade_no,
        fen: Fen::new(fen)
            .ok()
            .ok_or(StoreError::Corrupt("refund_requests.fen"))?,
        requested_by,
        reason,
        requested_at: Moment::from_millis(at),
    })
}

impl Payments {
    /// Above this, to one user within seven days, two operators must ask for a refund.
    #[must_use]
    pub const fn refund_limit(&self) -> Fen {
        self.refund_limit
    }

    /// The refunds that wait for another operator, the oldest first, at most 100.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refund_requests(&self) -> Result<Vec<RefundRequest>, PaymentsError> {
        let (first, last) = self.clock.now().recent(REQUEST);
        self.db
            .read(move |conn| {
                let rows: Vec<RequestRow> = refund_requests::table
                    .filter(refund_requests::requested_at.between(first, last))
                    .order(refund_requests::requested_at)
                    .limit(ROWS)
                    .select(refund_requests::all_columns)
                    .load(conn)?;
                let requests: Result<_, StoreError> = rows.into_iter().map(request_of).collect();
                Ok(requests?)
            })
            .await
    }

    /// The refund of an order that waits for another operator.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refund_request(
        &self,
        out_trade_no: &str,
    ) -> Result<Option<RefundRequest>, PaymentsError> {
        let (out_trade_no, now) = (out_trade_no.to_owned(), self.clock.now());
        self.db
            .read(move |conn| Ok(find_request(conn, &out_trade_no, now)?))
            .await
    }
}

/// The request for an order, unless it is too old.
fn find_request(
    conn: &mut Conn,
    out_trade_no: &str,
    now: Moment,
) -> Result<Option<RefundRequest>, StoreError> {
    let row: Option<RequestRow> = refund_requests::table
        .find(out_trade_no)
        .select(refund_requests::all_columns)
        .first(conn)
        .optional()?;
    let request = row.map(request_of).transpose()?;
    Ok(request.filter(|request| !now.is_past(request.requested_at, REQUEST)))
}

/// Whether an operator may have a refund made: it is below the limit, or another operator asked for
/// the same one within a day. Otherwise their request is recorded, in place of one for another
/// amount.
///
/// # Errors
/// [`PaymentsError::SameOperator`] when their own request waits, or when the database fails.
pub(crate) fn approve_refund(
    conn: &mut Conn,
    by: &Operator,
    (out_trade_no, user): (&str, UserId),
    (fen, limit): (Fen, Fen),
    now: Moment,
) -> Result<bool, PaymentsError> {
    if refunded_in_week(conn, user, now)?.checked_add(fen)? <= limit {
        return Ok(true);
    }
    let request = find_request(conn, out_trade_no, now)?.filter(|request| request.fen == fen);
    let is_own = request
        .as_ref()
        .is_some_and(|request| OperatorName::parse(&request.requested_by).as_ref() == Ok(&by.name));
    if is_own {
        return Err(PaymentsError::SameOperator);
    }
    diesel::delete(refund_requests::table.find(out_trade_no)).execute(conn)?;
    if request.is_some() {
        return Ok(true);
    }
    // Those that nobody can accept any more; the audit log has them.
    let ended = refund_requests::requested_at.lt(now.before(REQUEST).millis());
    diesel::delete(refund_requests::table.filter(ended)).execute(conn)?;
    let inserted = diesel::insert_into(refund_requests::table)
        .values((
            refund_requests::out_trade_no.eq(out_trade_no),
            refund_requests::fen.eq(fen.get()),
            refund_requests::requested_by.eq(by.name.as_str()),
            refund_requests::reason.eq(&by.reason),
            refund_requests::requested_at.eq(now.millis()),
        ))
        .execute(conn);
    key_violation_as_contention(inserted)?;
    Ok(false)
}

/// What operators gave back to a user in the last seven days.
fn refunded_in_week(conn: &mut Conn, user: UserId, now: Moment) -> Result<Fen, StoreError> {
    let sum: Option<i64> = refunds::table
        .inner_join(orders::table)
        .filter(orders::user_id.eq(user.get()))
        .filter(refunds::requested_by_us.eq(true))
        .filter(refunds::created_at.gt(now.before(WEEK).millis()))
        .filter(refunds::state.ne(RefundState::Refused.number()))
        .select(sql::<BigInt>("CAST(SUM(refunds.fen) AS BIGINT)").nullable())
        .get_result(conn)?;
    Fen::new(sum.unwrap_or(0))
        .ok()
        .ok_or(StoreError::Corrupt("the sum of refunds"))
}
