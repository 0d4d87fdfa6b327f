//! Requesting a refund, as an operator does, and listing the refunds of an order.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::refunds;
use qlive_store::serialize_transactions;
use qlive_types::Fen;

use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::numbers::new_refund_number;
use crate::orders::row::{Order, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::refunds::approval::approve_refund;
use crate::refunds::record::{NewRefund, record_refund};
use crate::refunds::row::{OrderRefund, find_refunds_of_order};
use crate::service::Payments;

impl Payments {
    /// Requests a refund of `fen` of an order, or of all that is left of it. The coins are taken
    /// back now; the payment poller then sends the request to the provider. Returns the number of
    /// the refund.
    ///
    /// A refund with which operators give back more to a user than the limit within seven days is
    /// made when two of them ask for the same within a day: the first one gets `None`.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`], [`PaymentsError::NotPaid`],
    /// [`PaymentsError::ProviderUnavailable`] when its provider is not configured,
    /// [`PaymentsError::NotRefundable`] when less is left of the order,
    /// [`PaymentsError::RefundUnderWay`], [`PaymentsError::SameOperator`] while their own request
    /// waits for another operator; else when the database fails.
    pub async fn request_refund(
        &self,
        by: Operator,
        out_trade_no: &str,
        fen: Option<Fen>,
    ) -> Result<Option<String>, PaymentsError> {
        let (now, out_trade_no) = (self.clock.now(), out_trade_no.to_owned());
        let (providers, limit) = (self.providers.clone(), self.refund_limit);
        self.db
            .write(move |conn| {
                let order = find_order(conn, &out_trade_no)?.ok_or(PaymentsError::UnknownOrder)?;
                if order.state != OrderState::Paid {
                    return Err(PaymentsError::NotPaid);
                }
                if !providers.is_configured(order.provider) {
                    return Err(PaymentsError::ProviderUnavailable);
                }
                let fen = match fen {
                    Some(fen) => fen,
                    None => order.price.checked_sub(order.refunded)?,
                };
                if fen > order.price.checked_sub(order.refunded)? {
                    return Err(PaymentsError::NotRefundable(Mismatch::MoreThanLeft));
                }
                // Two refunds to one user see each other.
                serialize_transactions(conn, &format!("refunds of {}", order.user))?;
                let about = (order.out_trade_no.as_str(), order.user);
                if !approve_refund(conn, &by, about, (fen, limit), now)? {
                    let subject = format!("{out_trade_no}: {} fen", fen.get());
                    audit_log::record(conn, now, &by, "orders request-refund", &subject)?;
                    return Ok(None);
                }
                let number = new_refund_number(now);
                let new = NewRefund {
                    number: &number,
                    fen,
                    requested_by_us: true,
                    reason: &by.reason,
                };
                record_refund(conn, now, &order, &new)?;
                let subject = format!("{out_trade_no}: {} fen as {number}", fen.get());
                audit_log::record(conn, now, &by, "orders refund", &subject)?;
                Ok(Some(number))
            })
            .await
    }

    /// The order that a refund with this number is of.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`] when there is no such refund; else when the database fails.
    pub async fn order_of_refund(&self, number: &str) -> Result<Order, PaymentsError> {
        let number = number.to_owned();
        self.db
            .read(move |conn| {
                let order: Option<String> = refunds::table
                    .filter(refunds::provider.eq_any(Provider::ALL.map(Provider::number)))
                    .filter(refunds::number.eq(&number))
                    .select(refunds::out_trade_no)
                    .first(conn)
                    .optional()?;
                let order = order.ok_or(PaymentsError::UnknownOrder)?;
                find_order(conn, &order)?.ok_or(PaymentsError::UnknownOrder)
            })
            .await
    }

    /// All refunds of an order, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refunds_of(&self, out_trade_no: &str) -> Result<Vec<OrderRefund>, PaymentsError> {
        let out_trade_no = out_trade_no.to_owned();
        self.db
            .read(move |conn| Ok(find_refunds_of_order(conn, &out_trade_no)?))
            .await
    }
}
