//! Reconciling the refunds of a trade bill.
//!
//! Page: 交易账单详细说明 (trade bill format). The bill of a day lists the refunds that WeChat Pay
//! accepted that day, with the status that they had when the bill was made. A refund that was
//! accepted before midnight and done after it is in the bill of the first day.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::refunds;
use qlive_store::{Conn, StoreError};
use qlive_tencent::pay::BillRow;
use qlive_types::{DAY, Fen, Moment};

use crate::audit::bill_rows::{parse_amount, unknown_row};
use crate::audit::difference::{Difference, DifferenceKind};
use crate::error::PaymentsError;
use crate::orders::row::find_order;
use crate::providers::provider::Provider;
use crate::refunds::row::find_refund;
use crate::refunds::state::RefundState;
use crate::service::Payments;

/// How long after WeChat Pay accepted a refund its notice usually comes, at the latest.
const NOTICE_DELAY: Duration = Duration::from_secs(3 * 3_600);

/// A refund that is recorded here, is not in the bill, and may have been accepted that day.
pub(crate) struct UnbilledRefund {
    number: String,
    fen: Option<Fen>,
    requested_by_us: bool,
    created_at: Moment,
    /// When it was done; `None` while it is not settled here.
    done_at: Option<Moment>,
}

impl UnbilledRefund {
    pub(crate) fn difference(self) -> Difference {
        Difference {
            kind: DifferenceKind::RefundNotInBill,
            number: self.number,
            bill: None,
            recorded: self.fen,
        }
    }
}

impl Payments {
    /// Whether the bill of the day that begins at `from` should list a refund. WeChat Pay is
    /// queried when the refund may have been accepted on another day, or not yet.
    pub(crate) async fn belongs_into_bill(&self, refund: &UnbilledRefund, from: Moment) -> bool {
        let to = from.after(DAY);
        let is_of_day = |at: Moment| from <= at && at < to;
        // When the platform accepted a refund of its own is not reported, only that it did. It may
        // have accepted it the day before.
        if !refund.requested_by_us {
            return is_of_day(refund.created_at) && refund.created_at >= from.after(NOTICE_DELAY);
        }
        let is_done = match refund.done_at {
            // Accepted between the two.
            Some(done_at) if is_of_day(refund.created_at) && is_of_day(done_at) => return true,
            Some(_) => true,
            None => false,
        };
        let Some(pay) = &self.providers.wechat_pay else {
            return is_done;
        };
        let now = self.clock.now().secs();
        match pay.query_refund(&refund.number, now).await {
            Ok(answer) => Moment::parse_rfc3339(&answer.create_time).map_or(is_done, is_of_day),
            Err(error) => {
                // One that is done must be in a bill; one that is not may not be accepted yet.
                if !error.is_not_found() {
                    let refund = &refund.number;
                    tracing::warn!(refund, %error, "when a refund was accepted is not known");
                }
                is_done
            }
        }
    }
}

/// The refunds recorded here that may have been accepted that day, but are not in the bill. Those
/// that were refused moved no money.
pub(crate) fn find_unbilled_refunds(
    conn: &mut Conn,
    from: Moment,
    billed: &BTreeSet<String>,
) -> Result<Vec<UnbilledRefund>, StoreError> {
    type Row = (String, i64, bool, i64, Option<i64>);
    let not_done_before = refunds::done_at
        .is_null()
        .or(refunds::done_at.ge(Some(from.millis())));
    let rows: Vec<Row> = refunds::table
        .filter(refunds::provider.eq(Provider::WechatPay.number()))
        .filter(refunds::state.ne(RefundState::Refused.number()))
        .filter(refunds::created_at.lt(from.after(DAY).millis()))
        .filter(not_done_before)
        .order(refunds::number)
        .select((
            refunds::number,
            refunds::fen,
            refunds::requested_by_us,
            refunds::created_at,
            refunds::done_at,
        ))
        .load(conn)?;
    let unbilled = rows.into_iter().filter(|row| !billed.contains(&row.0));
    Ok(unbilled
        .map(
            |(number, fen, requested_by_us, created_at, done_at)| UnbilledRefund {
                number,
                fen: Fen::new(fen).ok(),
                requested_by_us,
                created_at: Moment::from_millis(created_at),
                done_at: done_at.map(Moment::from_millis),
            },
        )
        .collect())
}

/// Compares a refund of the bill with the recorded one.
pub(crate) fn compare_refund(
    conn: &mut Conn,
    row: &BillRow,
) -> Result<Option<Difference>, PaymentsError> {
    let bill = parse_amount(row, &row.refund_yuan)?;
    let Some(state) = BilledRefund::parse(&row.refund_state) else {
        return Ok(Some(unknown_row(row)));
    };
    let refund = match find_refund(conn, Provider::WechatPay, &row.out_refund_no)? {
        None => find_refund(conn, Provider::WechatPay, &row.refund_id)?,
        found => found,
    };
    let order = find_order(conn, &row.out_trade_no)?;
    // When an order was paid twice, the payment that was not credited may be refunded without us.
    let of_other_payment = order
        .and_then(|order| order.transaction_id)
        .is_some_and(|transaction_id| transaction_id != row.transaction_id);
    let kind = match &refund {
        None if state == BilledRefund::Done && !of_other_payment => {
            Some(DifferenceKind::UnknownRefund)
        }
        None => None,
        Some(refund) if refund.fen != bill => Some(DifferenceKind::RefundAmountDiffers),
        Some(refund) => find_contradiction(refund.state, state),
    };
    let recorded = refund.map(|refund| refund.fen);
    Ok(kind.map(|kind| Difference {
        kind,
        number: row.out_refund_no.clone(),
        bill: Some(bill),
        recorded,
    }))
}

/// The status of a refund in a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BilledRefund {
    Done,
    Failed,
    /// Not finished when the bill was made. The bill is not corrected later.
    Open,
}

impl BilledRefund {
    fn parse(status: &str) -> Option<Self> {
        match status {
            "SUCCESS" => Some(Self::Done),
            "FAIL" | "CLOSED" | "REFUNDCLOSE" => Some(Self::Failed),
            "PROCESSING" | "ABNORMAL" | "CHANGE" => Some(Self::Open),
            _ => None,
        }
    }
}

/// The difference when the bill and our record disagree about whether the money was refunded.
const fn find_contradiction(recorded: RefundState, bill: BilledRefund) -> Option<DifferenceKind> {
    match (bill, recorded) {
        (BilledRefund::Done | BilledRefund::Failed, RefundState::Requested) => {
            Some(DifferenceKind::RefundNotSettled)
        }
        (BilledRefund::Done, RefundState::Refused) => Some(DifferenceKind::RefundTakenBack),
        (BilledRefund::Failed, RefundState::Done) => Some(DifferenceKind::RefundFailed),
        _ => None,
    }
}
