//! The outcome of refunds, and refunds by the platform.

use crate::notifications::notification::Notification;
use crate::state::SandboxState;
use crate::wechat::message_push::push_url;
use crate::wechat_pay::refunds::record::RefundDecisionError;

/// Gives a requested refund its outcome and returns the message that reports it.
///
/// # Errors
///
/// [`RefundDecisionError`] when there is no such refund, or it has its outcome.
pub(crate) fn settle_virtual_refund(
    sandbox: &SandboxState,
    refund_id: &str,
    succeeds: bool,
) -> Result<Notification, RefundDecisionError> {
    let mut records = sandbox.records();
    let message = records
        .virtual_payments
        .settle_refund(refund_id, succeeds)?;
    Ok(Notification::push(push_url(&sandbox.config), message))
}

/// Refunds part of an order without a request of the merchant and returns the message that reports
/// it; `None` when there is no such virtual order or it has less left.
pub(crate) fn refund_virtual_order_by_platform(
    sandbox: &SandboxState,
    order_id: &str,
    fen: i64,
) -> Option<Notification> {
    let mut records = sandbox.records();
    let message = records.virtual_payments.refund_by_platform(order_id, fen)?;
    Some(Notification::push(push_url(&sandbox.config), message))
}
