//! Requesting a refund, as an operator does, and listing the refunds of an order.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::refunds;
use qlive_types::Fen;

use crate::error::PaymentsError;
use crate::numbers::new_refund_number;
use crate::orders::row::{Order, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::refunds::record::{NewRefund, record_refund};
use crate::refunds::row::{OrderRefund, find_refunds_of_order};
use crate::service::Payments;

impl Payments {
    /// Requests a refund of `fen` of an order, or of all that is left of it. The coins are taken
    /// back now; the payment poller then sends the request to the provider. Returns the number of
    /// the refund.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`], [`PaymentsError::NotPaid`],
    /// [`PaymentsError::ProviderUnavailable`] when its provider is not configured,
    /// [`PaymentsError::NotRefundable`] when less is left of the order,
    /// [`PaymentsError::RefundUnderWay`]; else when the database fails.
    pub async fn request_refund(
        &self,
        by: Operator,
        out_trade_no: &str,
        fen: Option<Fen>,
    ) -> Result<String, PaymentsError> {
        let (now, out_trade_no) = (self.clock.now(), out_trade_no.to_owned());
        let providers = self.providers.clone();
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
                Ok(number)
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
