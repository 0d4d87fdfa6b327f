//! The record of a provider about an order, beside which operators see ours.

use qlive_types::{Fen, Moment};

use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::report::{OrderReport, Payment, ReportedRefunds};
use crate::orders::row::Order;
use crate::refunds::row::OrderRefund;
use crate::refunds::state::RefundState;
use crate::service::Payments;

/// What a provider says about an order now. Nothing is settled by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderRecord {
    Paid(RecordedPayment),
    Unpaid,
    Closed,
    /// It has no such order.
    NotFound,
    /// It gave no clear answer, or is not configured.
    Unclear,
}

/// A payment as its provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPayment {
    pub transaction_id: String,
    /// Fen; negative when it was not reported.
    pub fen: i64,
    pub paid_at: Option<Moment>,
    pub refunded: ReportedRefunds,
}

/// Whether both records say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    Agrees,
    /// A refund is under way, and nothing else differs.
    RefundPending,
    /// In these fields, never none.
    Differs(Vec<RecordField>),
    /// The provider gave no clear answer.
    Unclear,
}

/// A field in which two records differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordField {
    State,
    /// The provider, the app or the currency.
    Account,
    Price,
    Transaction,
    Refunded,
}

/// The refunds of an order as they are recorded here.
#[derive(Debug, Clone, Copy, Default)]
struct OwnRefunds {
    done: i64,
    /// Requested, and not confirmed by the provider.
    pending: i64,
}

impl OwnRefunds {
    fn of(refunds: &[OrderRefund]) -> Self {
        let sum = |state| {
            let of_state = refunds.iter().filter(|refund| refund.state == state);
            of_state.map(|refund| refund.fen).map(Fen::get).sum()
        };
        Self {
            done: sum(RefundState::Done),
            pending: sum(RefundState::Requested),
        }
    }

    /// Whether a provider may report this about them.
    fn agree(self, reported: ReportedRefunds) -> bool {
        match reported {
            ReportedRefunds::Fen(fen) => (self.done..=self.done + self.pending).contains(&fen),
            ReportedRefunds::Some => self.done + self.pending > 0,
            ReportedRefunds::NotReported => true,
        }
    }
}

impl From<&Payment> for RecordedPayment {
    fn from(payment: &Payment) -> Self {
        Self {
            transaction_id: payment.transaction_id.clone(),
            fen: payment.fen,
            paid_at: payment.paid_at,
            refunded: payment.refunded,
        }
    }
}

impl Payments {
    /// An order, what its provider says about it now, and whether that is the same. Changes
    /// nothing.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`]; else when the database fails.
    pub async fn provider_record(
        &self,
        number: &str,
    ) -> Result<(Order, ProviderRecord, Comparison), PaymentsError> {
        let order = self.order(number).await?;
        let report = self.query_provider(&order).await;
        // After the answer, which may have taken a while.
        let order = self.order(&order.out_trade_no).await?;
        let refunds = OwnRefunds::of(&self.refunds_of(number).await?);
        let comparison = compare(&order, refunds, &report);
        let record = match &report {
            OrderReport::Paid(payment) => ProviderRecord::Paid(payment.into()),
            OrderReport::Unpaid => ProviderRecord::Unpaid,
            OrderReport::Closed => ProviderRecord::Closed,
            OrderReport::NotFound => ProviderRecord::NotFound,
            OrderReport::Refused | OrderReport::Unclear => ProviderRecord::Unclear,
        };
        Ok((order, record, comparison))
    }
}

fn compare(order: &Order, refunds: OwnRefunds, report: &OrderReport) -> Comparison {
    let is_paid = order.paid_at.is_some();
    let differing = match report {
        OrderReport::Paid(payment) if is_paid => differing_fields(order, refunds, payment),
        OrderReport::Paid(_) => vec![RecordField::State],
        OrderReport::Unpaid | OrderReport::Closed | OrderReport::NotFound if is_paid => {
            vec![RecordField::State]
        }
        OrderReport::Unpaid | OrderReport::Closed | OrderReport::NotFound => Vec::new(),
        OrderReport::Refused | OrderReport::Unclear => return Comparison::Unclear,
    };
    if !differing.is_empty() {
        Comparison::Differs(differing)
    } else if refunds.pending > 0 {
        Comparison::RefundPending
    } else {
        Comparison::Agrees
    }
}

fn differing_fields(order: &Order, refunds: OwnRefunds, payment: &Payment) -> Vec<RecordField> {
    let mut fields = Vec::new();
    match payment.mismatch(order) {
        Some(Mismatch::Amount) => fields.push(RecordField::Price),
        // Its number is compared below.
        Some(Mismatch::NoNumber) | None => {}
        Some(_) => fields.push(RecordField::Account),
    }
    if order.transaction_id.as_deref() != Some(payment.transaction_id.as_str()) {
        fields.push(RecordField::Transaction);
    }
    if !refunds.agree(payment.refunded) {
        fields.push(RecordField::Refunded);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refunds_agree_when_the_provider_can_have_made_them() {
        let own = |done, pending| OwnRefunds { done, pending };
        for (own, reported, expected) in [
            (own(0, 0), ReportedRefunds::Fen(0), true),
            (own(0, 0), ReportedRefunds::Fen(1), false),
            (own(200, 0), ReportedRefunds::Fen(200), true),
            (own(200, 0), ReportedRefunds::Fen(100), false),
            (own(200, 300), ReportedRefunds::Fen(200), true),
            (own(200, 300), ReportedRefunds::Fen(500), true),
            (own(200, 300), ReportedRefunds::Fen(501), false),
            (own(0, 0), ReportedRefunds::Some, false),
            (own(0, 1), ReportedRefunds::Some, true),
            (own(600, 0), ReportedRefunds::Some, true),
            (own(600, 0), ReportedRefunds::NotReported, true),
        ] {
            assert_eq!(own.agree(reported), expected, "{own:?} {reported:?}");
        }
    }
}
