//! Reconciling WeChat's trade bill of a day with our records. Differences are returned; nothing is
//! changed.
//!
//! Page: 申请交易账单 (request a trade bill).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::prelude::*;
use qlive_ledger::EntryKind;
use qlive_store::schema::{ledger_entries, orders, refunds};
use qlive_store::{Conn, StoreError};
use qlive_tencent::pay::{BillRow, parse_bill};
use qlive_types::{Fen, Moment};

use crate::audit::difference::{Difference, DifferenceKind};
use crate::error::PaymentsError;
use crate::orders::row::{Order, OrderRow, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::refunds::row::find_refund;
use crate::refunds::state::RefundState;
use crate::service::Payments;

const DAY: Duration = Duration::from_secs(86_400);

/// The numbers that a bill contains.
#[derive(Default)]
struct BilledNumbers {
    orders: BTreeSet<String>,
    refunds: BTreeSet<String>,
}

impl Payments {
    /// Compares our records of a day (`2026-11-23`, in Shanghai) with WeChat's trade bill of it,
    /// which is downloaded when `bill` is `None`.
    ///
    /// # Errors
    /// [`PaymentsError::Bill`] when the date or the bill cannot be read; those of
    /// [`Payments::fetch_bill`]; else when the database fails.
    pub async fn reconcile(
        &self,
        day: &str,
        bill: Option<String>,
    ) -> Result<Vec<Difference>, PaymentsError> {
        let from = Moment::parse_day(day)
            .ok_or_else(|| PaymentsError::Bill("a date is YYYY-MM-DD".into()))?;
        let bill = match bill {
            Some(bill) => Some(bill),
            None => self.fetch_bill(day).await?,
        };
        let rows = bill.map_or(Ok(Vec::new()), |bill| parse_bill(&bill));
        let rows = rows.map_err(|error| PaymentsError::Bill(error.to_string()))?;
        self.db.read(move |conn| compare(conn, from, &rows)).await
    }

    /// Downloads WeChat's trade bill of a day. `None`: nothing was paid or refunded that day.
    ///
    /// # Errors
    /// [`PaymentsError::ProviderUnavailable`] when WeChat Pay is not configured,
    /// [`PaymentsError::ProviderSilent`] when it does not answer with a bill.
    pub async fn fetch_bill(&self, day: &str) -> Result<Option<String>, PaymentsError> {
        let pay = self.providers.wechat_pay.as_ref();
        let pay = pay.ok_or(PaymentsError::ProviderUnavailable)?;
        let fetched = pay.download_trade_bill(day, self.clock.now().secs()).await;
        fetched.map_err(|error| PaymentsError::ProviderSilent(error.to_string()))
    }
}

/// Compares both ways: every row of the bill with our records, and our records of that day with the
/// bill.
fn compare(
    conn: &mut Conn,
    from: Moment,
    rows: &[BillRow],
) -> Result<Vec<Difference>, PaymentsError> {
    let mut differences = Vec::new();
    let mut billed = BilledNumbers::default();
    for row in rows {
        if row.trade_state == "SUCCESS" {
            billed.orders.insert(row.out_trade_no.clone());
            differences.extend(compare_payment(conn, row)?);
        } else {
            let numbers = [row.out_refund_no.clone(), row.refund_id.clone()];
            billed.refunds.extend(numbers);
            differences.extend(compare_refund(conn, row)?);
        }
    }
    differences.extend(find_unbilled_orders(conn, from, &billed)?);
    differences.extend(find_unbilled_refunds(conn, from, &billed)?);
    Ok(differences)
}

/// The orders that were paid here that day, but are not in the bill.
fn find_unbilled_orders(
    conn: &mut Conn,
    from: Moment,
    billed: &BilledNumbers,
) -> Result<Vec<Difference>, PaymentsError> {
    let to = from.after(DAY);
    let rows: Vec<OrderRow> = orders::table
        .filter(orders::provider.eq(Provider::WechatPay.number()))
        .filter(orders::paid_at.ge(from.millis()))
        .filter(orders::paid_at.lt(to.millis()))
        .order(orders::out_trade_no)
        .select(OrderRow::as_select())
        .load(conn)?;
    let mut differences = Vec::new();
    for row in rows {
        let order = Order::try_from(row)?;
        if !billed.orders.contains(&order.out_trade_no) {
            differences.push(Difference {
                kind: DifferenceKind::NotInBill,
                number: order.out_trade_no,
                bill: None,
                recorded: Some(order.price),
            });
        }
    }
    Ok(differences)
}

/// The refunds that were done here that day, but are not in the bill.
fn find_unbilled_refunds(
    conn: &mut Conn,
    from: Moment,
    billed: &BilledNumbers,
) -> Result<Vec<Difference>, PaymentsError> {
    let to = from.after(DAY);
    let done: BTreeMap<String, i64> = refunds::table
        .filter(refunds::provider.eq(Provider::WechatPay.number()))
        .filter(refunds::state.eq(RefundState::Done.number()))
        .filter(refunds::done_at.ge(from.millis()))
        .filter(refunds::done_at.lt(to.millis()))
        .select((refunds::number, refunds::fen))
        .load::<(String, i64)>(conn)?
        .into_iter()
        .collect();
    let unbilled = done
        .into_iter()
        .filter(|(number, _)| !billed.refunds.contains(number));
    Ok(unbilled
        .map(|(number, fen)| Difference {
            kind: DifferenceKind::RefundNotInBill,
            number,
            bill: None,
            recorded: Fen::new(fen).ok(),
        })
        .collect())
}

/// Compares a payment of the bill with its order.
fn compare_payment(conn: &mut Conn, row: &BillRow) -> Result<Option<Difference>, PaymentsError> {
    let bill = parse_amount(&row.order_yuan)?;
    let order =
        find_order(conn, &row.out_trade_no)?.filter(|order| order.provider == Provider::WechatPay);
    let kind = match &order {
        None => Some(DifferenceKind::UnknownOrder),
        Some(order) if order.price != bill => Some(DifferenceKind::AmountDiffers),
        Some(order) if order.state != OrderState::Paid => Some(DifferenceKind::NotCredited),
        Some(order) if order.transaction_id.as_ref() != Some(&row.transaction_id) => {
            Some(DifferenceKind::PaidTwice)
        }
        Some(order) if !is_credited(conn, order)? => Some(DifferenceKind::NotInLedger),
        Some(_) => None,
    };
    let recorded = order.map(|order| order.price);
    Ok(kind.map(|kind| Difference {
        kind,
        number: row.out_trade_no.clone(),
        bill: Some(bill),
        recorded,
    }))
}

/// Whether the ledger has exactly one credit of the order, of all its gold.
fn is_credited(conn: &mut Conn, order: &Order) -> Result<bool, StoreError> {
    let credits: i64 = ledger_entries::table
        .filter(ledger_entries::kind.eq(EntryKind::Recharge.number()))
        .filter(ledger_entries::subject.eq(&order.out_trade_no))
        .filter(ledger_entries::total.eq(order.gold.get()))
        .count()
        .get_result(conn)?;
    Ok(credits == 1)
}

/// Compares a refund of the bill with the recorded one.
fn compare_refund(conn: &mut Conn, row: &BillRow) -> Result<Option<Difference>, PaymentsError> {
    let bill = parse_amount(&row.refund_yuan)?;
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
        None if row.refund_state == "SUCCESS" && !of_other_payment => {
            Some(DifferenceKind::UnknownRefund)
        }
        None => None,
        Some(refund) if refund.fen != bill => Some(DifferenceKind::RefundAmountDiffers),
        Some(refund) => find_contradiction(refund.state, &row.refund_state),
    };
    let recorded = refund.map(|refund| refund.fen);
    Ok(kind.map(|kind| Difference {
        kind,
        number: row.out_refund_no.clone(),
        bill: Some(bill),
        recorded,
    }))
}

/// The difference when the bill and our record disagree about whether the money was refunded.
fn find_contradiction(recorded: RefundState, bill: &str) -> Option<DifferenceKind> {
    match (bill, recorded) {
        ("SUCCESS" | "FAIL" | "CLOSED", RefundState::Requested) => {
            Some(DifferenceKind::RefundNotSettled)
        }
        ("SUCCESS", RefundState::Refused) => Some(DifferenceKind::RefundTakenBack),
        ("FAIL" | "CLOSED", RefundState::Done) => Some(DifferenceKind::RefundFailed),
        _ => None,
    }
}

fn parse_amount(yuan: &str) -> Result<Fen, PaymentsError> {
    Fen::parse_yuan(yuan)
        .ok_or_else(|| PaymentsError::Bill(format!("the bill has an invalid amount: {yuan}")))
}
