//! The record of a provider about an order, beside which operators see ours.

use qlive_types::Moment;

use crate::error::PaymentsError;
use crate::orders::report::{OrderReport, Payment};
use crate::orders::row::Order;
use crate::providers::provider::Provider;
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
    pub refunded: RecordedRefund,
    /// Why it is not a payment of this order; empty: it is.
    pub mismatch: String,
}

/// How much of a payment its provider has refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedRefund {
    /// In fen; 0: nothing.
    Fen(i64),
    /// Something: WeChat Pay does not report how much.
    Some,
}

impl RecordedPayment {
    fn of(order: &Order, payment: &Payment) -> Self {
        let refunded = match (payment.provider, payment.refunded_fen) {
            (Provider::WechatPay, 1..) => RecordedRefund::Some,
            (_, fen) => RecordedRefund::Fen(fen),
        };
        Self {
            transaction_id: payment.transaction_id.clone(),
            fen: payment.fen,
            paid_at: payment.paid_at,
            refunded,
            mismatch: payment
                .mismatch(order)
                .map(|mismatch| mismatch.to_string())
                .unwrap_or_default(),
        }
    }
}

impl Payments {
    /// An order, and what its provider says about it now. Changes nothing.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`]; else when the database fails.
    pub async fn provider_record(
        &self,
        number: &str,
    ) -> Result<(Order, ProviderRecord), PaymentsError> {
        let order = self.order(number).await?;
        let record = match self.query_provider(&order).await {
            OrderReport::Paid(payment) => {
                ProviderRecord::Paid(RecordedPayment::of(&order, &payment))
            }
            OrderReport::Unpaid => ProviderRecord::Unpaid,
            OrderReport::Closed => ProviderRecord::Closed,
            OrderReport::NotFound => ProviderRecord::NotFound,
            OrderReport::Refused | OrderReport::Unclear => ProviderRecord::Unclear,
        };
        Ok((order, record))
    }
}
