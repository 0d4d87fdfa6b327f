//! WeChat's bill against our orders and the ledger. Differences are shown, never mended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{ledger_groups, orders, refunds};
use qlive_store::{Conn, StoreError};
use qlive_tencent::pay::{BillRow, parse_bill};
use qlive_types::{Fen, Moment};

use crate::order::State;
use crate::store::{self, Order, Row};
use crate::{Payments, PaymentsError, Provider, refund};

const DAY: Duration = Duration::from_secs(86_400);

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The bill has a payment of no order of ours.
    UnknownOrder,
    /// The bill has a payment of an order that is not paid here.
    NotCredited,
    /// The bill's amount is not the order's.
    AmountDiffers,
    /// The bill has a payment of a paid order that is not the one it was credited for: it was paid twice.
    PaidTwice,
    /// The order is paid here, but the ledger has no credit of it.
    NotInLedger,
    /// The order was paid that day here, but not in the bill.
    NotInBill,
    /// The bill has a refund that is not recorded here.
    UnknownRefund,
    /// The bill's refund is not of the amount recorded here.
    RefundAmountDiffers,
    /// The bill says what became of a refund that is not settled here yet.
    RefundNotSettled,
    /// The bill has a refund whose coins were given back here, as if it had failed.
    RefundTakenBack,
    /// The bill says that a refund failed whose coins are gone here.
    RefundFailed,
    /// A refund was done that day here, but is not in the bill.
    RefundNotInBill,
}

impl DifferenceKind {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown_order",
            Self::NotCredited => "not_credited",
            Self::AmountDiffers => "amount_differs",
            Self::PaidTwice => "paid_twice",
            Self::NotInLedger => "not_in_ledger",
            Self::NotInBill => "not_in_bill",
            Self::UnknownRefund => "unknown_refund",
            Self::RefundAmountDiffers => "refund_amount_differs",
            Self::RefundNotSettled => "refund_not_settled",
            Self::RefundTakenBack => "refund_taken_back",
            Self::RefundFailed => "refund_failed",
            Self::RefundNotInBill => "refund_not_in_bill",
        }
    }

    /// What an operator should do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::UnknownOrder => {
                "look who else sells under this merchant; refund the payment in the console if nobody does"
            }
            Self::NotCredited => {
                "run `orders query` with its number: a payment that fits is then credited"
            }
            Self::AmountDiffers => {
                "compare both in the console; do not credit it by hand before you know why"
            }
            Self::PaidTwice => {
                "refund that payment in the console, under the number of its own there"
            }
            Self::NotInLedger => "run `ledger audit`; the books were changed behind our back",
            Self::NotInBill => {
                "run `orders query` with its number, and compare with the next day's bill"
            }
            Self::UnknownRefund => {
                "its notice is missing: run `orders query` with its order's number as the bill has it, `--refund` with its own"
            }
            Self::RefundAmountDiffers => "compare both in the console before anything is mended",
            Self::RefundNotSettled => {
                "wait: it is asked about until it is settled; see to one that fails in the console, and credit nothing"
            }
            Self::RefundTakenBack => {
                "the buyer has his money and his coins: look it up in the console, and speak to him"
            }
            Self::RefundFailed => {
                "look the refund up in the console; then `ledger credit` what the buyer lacks"
            }
            Self::RefundNotInBill => {
                "compare with the next day's bill; then look the refund up in the console"
            }
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// The order, or the refund, by its number.
    pub number: String,
    /// The amount in the bill, and here; where there is one.
    pub bill: Option<Fen>,
    pub ours: Option<Fen>,
}

impl Payments {
    /// Compares a day (`2026-11-23`, Shanghai) with WeChat's bill of it, which is fetched when none is given.
    pub async fn reconcile(
        &self,
        day: &str,
        bill: Option<String>,
    ) -> Result<Vec<Difference>, PaymentsError> {
        let from = Moment::parse_day(day)
            .ok_or_else(|| PaymentsError::Bill("a date is YYYY-MM-DD".into()))?;
        let bill = match bill {
            Some(bill) => Some(bill),
            None => self.bill(day).await?,
        };
        let rows = bill.map_or(Ok(Vec::new()), |bill| parse_bill(&bill));
        let rows = rows.map_err(|error| PaymentsError::Bill(error.to_string()))?;
        self.db.read(move |conn| compare(conn, from, &rows)).await
    }

    /// WeChat's trade bill of a day, as it is; none when it knows of nothing that was paid or refunded.
    pub async fn bill(&self, day: &str) -> Result<Option<String>, PaymentsError> {
        let pay = self
            .providers
            .wechat_pay
            .as_ref()
            .ok_or(PaymentsError::ProviderUnavailable)?;
        let fetched = pay.trade_bill(day, self.clock.now().secs()).await;
        fetched.map_err(|error| PaymentsError::ProviderSilent(error.to_string()))
    }
}

fn compare(
    conn: &mut Conn,
    from: Moment,
    rows: &[BillRow],
) -> Result<Vec<Difference>, PaymentsError> {
    let mut differences = Vec::new();
    let (mut paid, mut refunded) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        if row.trade_state == "SUCCESS" {
            paid.insert(row.out_trade_no.clone());
            differences.extend(payment(conn, row)?);
        } else {
            refunded.extend([row.out_refund_no.clone(), row.refund_id.clone()]);
            differences.extend(money_back(conn, row)?);
        }
    }
    let (from, to) = (from.millis(), from.after(DAY).millis());
    let ours: Vec<Row> = orders::table
        .filter(orders::provider.eq(Provider::WechatPay.number()))
        .filter(orders::paid_at.ge(from).and(orders::paid_at.lt(to)))
        .order(orders::out_trade_no)
        .select(Row::as_select())
        .load(conn)?;
    for row in ours {
        let order = Order::try_from(row)?;
        if !paid.contains(&order.out_trade_no) {
            let kind = DifferenceKind::NotInBill;
            differences.push(Difference {
                kind,
                number: order.out_trade_no,
                bill: None,
                ours: Some(order.price),
            });
        }
    }
    let done: BTreeMap<String, i64> = refunds::table
        .filter(
            refunds::provider
                .eq(Provider::WechatPay.number())
                .and(refunds::state.eq(refund::State::Done.number())),
        )
        .filter(refunds::done_at.ge(from).and(refunds::done_at.lt(to)))
        .select((refunds::number, refunds::fen))
        .load::<(String, i64)>(conn)?
        .into_iter()
        .collect();
    for (number, fen) in done {
        if !refunded.contains(&number) {
            let kind = DifferenceKind::RefundNotInBill;
            differences.push(Difference {
                kind,
                number,
                bill: None,
                ours: Fen::new(fen).ok(),
            });
        }
    }
    Ok(differences)
}

/// A payment of the bill against its order.
fn payment(conn: &mut Conn, row: &BillRow) -> Result<Option<Difference>, PaymentsError> {
    let bill = amount(&row.order_yuan)?;
    let order =
        store::find(conn, &row.out_trade_no)?.filter(|order| order.provider == Provider::WechatPay);
    let kind = match &order {
        None => Some(DifferenceKind::UnknownOrder),
        Some(order) if order.price != bill => Some(DifferenceKind::AmountDiffers),
        Some(order) if order.state != State::Paid => Some(DifferenceKind::NotCredited),
        Some(order) if order.transaction_id.as_ref() != Some(&row.transaction_id) => {
            Some(DifferenceKind::PaidTwice)
        }
        Some(order) if !is_credited(conn, order)? => Some(DifferenceKind::NotInLedger),
        Some(_) => None,
    };
    let ours = order.map(|order| order.price);
    Ok(kind.map(|kind| Difference {
        kind,
        number: row.out_trade_no.clone(),
        bill: Some(bill),
        ours,
    }))
}

fn is_credited(conn: &mut Conn, order: &Order) -> Result<bool, StoreError> {
    let credits: i64 = ledger_groups::table
        .filter(ledger_groups::kind.eq(qlive_ledger::Kind::Recharge.number()))
        .filter(
            ledger_groups::subject
                .eq(&order.out_trade_no)
                .and(ledger_groups::total.eq(order.gold.get())),
        )
        .count()
        .get_result(conn)?;
    Ok(credits == 1)
}

/// A refund of the bill against ours.
fn money_back(conn: &mut Conn, row: &BillRow) -> Result<Option<Difference>, PaymentsError> {
    let bill = amount(&row.refund_yuan)?;
    let known = match crate::refunds::find(conn, Provider::WechatPay, &row.out_refund_no)? {
        None => crate::refunds::find(conn, Provider::WechatPay, &row.refund_id)?,
        found => found,
    };
    let order = store::find(conn, &row.out_trade_no)?;
    // Of an order that was paid twice, the money that brought no coins may go back without us.
    let of_another = order
        .and_then(|order| order.transaction_id)
        .is_some_and(|paid| paid != row.transaction_id);
    let kind = match &known {
        None if row.refund_state == "SUCCESS" && !of_another => Some(DifferenceKind::UnknownRefund),
        None => None,
        Some(refund) if refund.fen != bill => Some(DifferenceKind::RefundAmountDiffers),
        Some(refund) => contradiction(refund.state, &row.refund_state),
    };
    let ours = known.map(|refund| refund.fen);
    Ok(kind.map(|kind| Difference {
        kind,
        number: row.out_refund_no.clone(),
        bill: Some(bill),
        ours,
    }))
}

/// What it is when one of the two says that the money went back, and the other does not, or not yet.
fn contradiction(ours: refund::State, bill: &str) -> Option<DifferenceKind> {
    match (bill, ours) {
        ("SUCCESS" | "FAIL" | "CLOSED", refund::State::Asked) => {
            Some(DifferenceKind::RefundNotSettled)
        }
        ("SUCCESS", refund::State::Refused) => Some(DifferenceKind::RefundTakenBack),
        ("FAIL" | "CLOSED", refund::State::Done) => Some(DifferenceKind::RefundFailed),
        _ => None,
    }
}

fn amount(yuan: &str) -> Result<Fen, PaymentsError> {
    Fen::parse_yuan(yuan)
        .ok_or_else(|| PaymentsError::Bill(format!("the bill has an amount that is none: {yuan}")))
}
