//! Refunds that the platform made by itself: recorded when a callback reports them, or imported by
//! an operator when no callback did.

use std::collections::BTreeSet;

use qlive_store::Conn;
use qlive_store::audit_log::{self, Operator};
use qlive_tencent::pay;
use qlive_types::Fen;

use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::row::{Order, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::refunds::record::{NewRefund, record_refund};
use crate::refunds::row::{OrderRefund, find_refund, find_refunds_of_order};
use crate::refunds::state::RefundState;
use crate::service::Payments;

/// A refund that the platform made by itself, as it was reported.
#[derive(Debug, Clone)]
pub(crate) struct PlatformRefund {
    pub(crate) provider: Provider,
    pub(crate) number: String,
    pub(crate) out_trade_no: String,
    /// The payment that was refunded, when it was reported.
    pub(crate) transaction_id: Option<String>,
    pub(crate) fen: i64,
    /// The numbers of the refunds of the order that were recorded when this one was looked at.
    /// Virtual payment reports how much of an order was refunded, not by which refund, so what is
    /// recorded meanwhile may be this one. `None` at WeChat Pay, whose numbers are certain.
    pub(crate) beside: Option<BTreeSet<String>>,
}

/// The numbers of refunds.
pub(crate) fn refund_numbers(refunds: &[OrderRefund]) -> BTreeSet<String> {
    refunds.iter().map(|refund| refund.number.clone()).collect()
}

impl Payments {
    /// Records a refund that the platform made by itself and whose report was lost. The provider is
    /// queried about it. `number` is the refund's `out_refund_no` at WeChat Pay; for virtual
    /// payment, which can only be queried about the amount, it is the `wx_refund_id`, which is not
    /// verified. A refund that is recorded already stays as it is.
    ///
    /// # Errors
    /// [`PaymentsError::BadField`] when the number is none; [`PaymentsError::UnknownOrder`],
    /// [`PaymentsError::ProviderUnavailable`];
    /// [`PaymentsError::ProviderSilent`] when the provider does not report such a refund;
    /// [`PaymentsError::RefundUnderWay`] when another one was recorded meanwhile;
    /// [`PaymentsError::NotPaid`] and [`PaymentsError::NotRefundable`] when the refund does not
    /// match the order; else when the database fails.
    pub async fn import_platform_refund(
        &self,
        by: Operator,
        out_trade_no: &str,
        number: &str,
    ) -> Result<(), PaymentsError> {
        if number.is_empty() {
            return Err(PaymentsError::NotRefundable(Mismatch::NoNumber));
        }
        if !is_refund_number(number) {
            return Err(PaymentsError::BadField("refund"));
        }
        let order = self.order(out_trade_no).await?;
        let refund = match order.provider {
            Provider::WechatPay => self.query_wechat_pay_refund(&order, number).await?,
            Provider::Virtual => self.query_virtual_refund(&order, number).await?,
        };
        if refund.number.is_empty() {
            return Err(PaymentsError::NotRefundable(Mismatch::NoNumber));
        }
        self.ensure_number_unused(&refund).await?;
        self.record_import(refund, Some(by)).await?;
        Ok(())
    }

    async fn query_wechat_pay_refund(
        &self,
        order: &Order,
        number: &str,
    ) -> Result<PlatformRefund, PaymentsError> {
        let client = self.providers.wechat_pay.as_ref();
        let client = client.ok_or(PaymentsError::ProviderUnavailable)?;
        let answer = client
            .query_refund(number, self.clock.now().secs())
            .await
            .map_err(|error| PaymentsError::ProviderSilent(error.to_string()))?;
        if answer.out_trade_no != order.out_trade_no {
            return Err(PaymentsError::NotRefundable(Mismatch::Order));
        }
        if answer.state != pay::RefundState::Success {
            return Err(PaymentsError::NotRefundable(Mismatch::RefundNotDone));
        }
        let out_refund_no = answer.out_refund_no;
        let recorded = self
            .db
            .read(move |conn| {
                Ok::<_, PaymentsError>(find_refund(conn, Provider::WechatPay, &out_refund_no)?)
            })
            .await?;
        if recorded.is_some() {
            return Err(PaymentsError::NotRefundable(Mismatch::RequestedByUs));
        }
        Ok(PlatformRefund {
            provider: Provider::WechatPay,
            number: answer.refund_id,
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: Some(answer.transaction_id),
            fen: answer.refund_fen,
            beside: None,
        })
    }

    async fn query_virtual_refund(
        &self,
        order: &Order,
        number: &str,
    ) -> Result<PlatformRefund, PaymentsError> {
        let recorded = self.refunds_of(&order.out_trade_no).await?;
        let fen = self.query_unrecorded_fen(order, &recorded).await;
        let fen = fen.ok_or_else(|| {
            PaymentsError::ProviderSilent("it reports no refund that is not recorded".into())
        })?;
        Ok(PlatformRefund {
            provider: Provider::Virtual,
            number: number.to_owned(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: None,
            fen,
            beside: Some(refund_numbers(&recorded)),
        })
    }

    /// Refuses the number of a refund that we requested, or that is of another order.
    async fn ensure_number_unused(&self, refund: &PlatformRefund) -> Result<(), PaymentsError> {
        let (provider, number) = (refund.provider, refund.number.clone());
        let recorded = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find_refund(conn, provider, &number)?))
            .await?;
        match recorded {
            Some(other) if other.requested_by_us || other.out_trade_no != refund.out_trade_no => {
                Err(PaymentsError::NotRefundable(Mismatch::NumberInUse))
            }
            _ => Ok(()),
        }
    }

    /// Takes back the coins of a refund that the platform made. False when it is recorded already.
    ///
    /// # Errors
    /// [`PaymentsError::RefundUnderWay`] when another one was recorded meanwhile that may be this
    /// one.
    pub(crate) async fn record_platform_refund(
        &self,
        refund: PlatformRefund,
    ) -> Result<bool, PaymentsError> {
        self.record_import(refund, None).await
    }

    /// The same; when an operator imports it, the audit log says so.
    async fn record_import(
        &self,
        refund: PlatformRefund,
        by: Option<Operator>,
    ) -> Result<bool, PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                if let Some(known) = find_refund(conn, refund.provider, &refund.number)? {
                    return if known.out_trade_no == refund.out_trade_no {
                        Ok(false)
                    } else {
                        Err(PaymentsError::NotRefundable(Mismatch::NumberInUse))
                    };
                }
                let order =
                    find_order(conn, &refund.out_trade_no)?.ok_or(PaymentsError::UnknownOrder)?;
                let new = NewRefund {
                    number: &refund.number,
                    fen: check_platform_refund(&order, &refund)?,
                    requested_by_us: false,
                    reason: "platform",
                };
                record_refund(conn, now, &order, &new)?;
                ensure_unchanged(conn, &refund)?;
                if let Some(by) = &by {
                    let (order, fen, number) = (&refund.out_trade_no, refund.fen, &refund.number);
                    let subject =
                        format!("{order}: {fen} fen refunded by the platform as {number}");
                    audit_log::record(conn, now, by, "orders import-refund", &subject)?;
                }
                Ok(true)
            })
            .await
    }

    /// The fen of a virtual order that were refunded according to WeChat, beyond every refund that
    /// is recorded. `None` when there are none, or when that is not certain: WeChat gives no
    /// answer, or a refund that we requested is not settled.
    pub(crate) async fn query_unrecorded_fen(
        &self,
        order: &Order,
        recorded: &[OrderRefund],
    ) -> Option<i64> {
        if recorded
            .iter()
            .any(|refund| refund.state == RefundState::Requested)
        {
            return None;
        }
        let refunded = self.query_refunded_fen(order).await.ok()?;
        let recorded_fen: i64 = recorded
            .iter()
            .filter(|refund| refund.state == RefundState::Done)
            .map(|refund| refund.fen.get())
            .sum();
        let unrecorded = refunded.checked_sub(recorded_fen)?;
        (unrecorded > 0).then_some(unrecorded)
    }
}

/// Refuses a refund beside which another one was recorded meanwhile. The order is locked by then,
/// so none is on its way.
fn ensure_unchanged(conn: &mut Conn, refund: &PlatformRefund) -> Result<(), PaymentsError> {
    let Some(beside) = &refund.beside else {
        return Ok(());
    };
    let mut present = refund_numbers(&find_refunds_of_order(conn, &refund.out_trade_no)?);
    present.remove(&refund.number);
    if present == *beside {
        Ok(())
    } else {
        Err(PaymentsError::RefundUnderWay)
    }
}

/// Whether a text can be the number of a refund. It becomes a part of a URL.
fn is_refund_number(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    text.len() <= 64 && text.bytes().all(is_legal)
}

/// Returns the amount when the refund matches the order.
fn check_platform_refund(order: &Order, refund: &PlatformRefund) -> Result<Fen, PaymentsError> {
    if order.provider != refund.provider {
        return Err(PaymentsError::NotRefundable(Mismatch::Provider));
    }
    if order.state != OrderState::Paid {
        return Err(PaymentsError::NotPaid);
    }
    // An order may have been paid twice. Only the payment that was credited takes coins back.
    if refund.transaction_id.is_some() && refund.transaction_id != order.transaction_id {
        return Err(PaymentsError::NotRefundable(Mismatch::Payment));
    }
    Fen::new(refund.fen)
        .ok()
        .ok_or(PaymentsError::NotRefundable(Mismatch::InvalidAmount))
}
