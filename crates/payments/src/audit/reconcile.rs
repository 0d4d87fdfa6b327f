//! Reconciling WeChat's trade bill of a day with our records. Differences are returned; nothing is
//! changed.
//!
//! Page: 申请交易账单 (request a trade bill).

use std::collections::BTreeSet;

use diesel::prelude::*;
use qlive_ledger::EntryKind;
use qlive_store::schema::{ledger_entries, orders};
use qlive_store::{Conn, StoreError};
use qlive_tencent::pay::{BillRow, parse_bill};
use qlive_types::{DAY, Moment};

use crate::audit::bill_rows::{parse_amount, unknown_row};
use crate::audit::difference::{Difference, DifferenceKind};
use crate::audit::reconcile_refunds::{UnbilledRefund, compare_refund, find_unbilled_refunds};
use crate::error::PaymentsError;
use crate::orders::row::{Order, OrderRow, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::service::Payments;

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
        let (mut differences, unbilled) =
            self.db.read(move |conn| compare(conn, from, &rows)).await?;
        for refund in unbilled {
            if self.belongs_into_bill(&refund, from).await {
                differences.push(refund.difference());
            }
        }
        Ok(differences)
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
/// bill. Of the refunds that are not in the bill, WeChat Pay must say whether they should be.
fn compare(
    conn: &mut Conn,
    from: Moment,
    rows: &[BillRow],
) -> Result<(Vec<Difference>, Vec<UnbilledRefund>), PaymentsError> {
    let mut differences = Vec::new();
    let mut billed = BilledNumbers::default();
    for row in rows {
        match row.trade_state.as_str() {
            "SUCCESS" => {
                billed.orders.insert(row.out_trade_no.clone());
                differences.extend(compare_payment(conn, row)?);
            }
            "REFUND" | "REVOKED" => {
                let numbers = [row.out_refund_no.clone(), row.refund_id.clone()];
                billed.refunds.extend(numbers);
                differences.extend(compare_refund(conn, row)?);
            }
            _ => differences.push(unknown_row(row)),
        }
    }
    differences.extend(find_unbilled_orders(conn, from, &billed)?);
    let unbilled = find_unbilled_refunds(conn, from, &billed.refunds)?;
    Ok((differences, unbilled))
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

/// Compares a payment of the bill with its order.
fn compare_payment(conn: &mut Conn, row: &BillRow) -> Result<Option<Difference>, PaymentsError> {
    let bill = parse_amount(row, &row.order_yuan)?;
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
