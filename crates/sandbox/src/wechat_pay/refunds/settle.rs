//! The outcome of refunds, and refunds by the platform.

use actix_web::web;
use qlive_types::random;
use serde_json::{Value, json};

use crate::notifications::delivery::send_notification;
use crate::state::SandboxState;
use crate::wechat_pay::refunds::record::RefundDecisionError;

/// Why the platform could not refund an order.
pub(crate) enum PlatformRefundError {
    /// There is no order with this number.
    NoSuchOrder,
    /// WeChat Pay's error body: the order is not paid, or has less left.
    Refused(Value),
}

/// Gives a refund its outcome and sends the notice that reports it.
///
/// # Errors
///
/// [`RefundDecisionError`] when there is no such refund, or it has its outcome.
pub(crate) async fn settle_refund(
    sandbox: &web::Data<SandboxState>,
    out_refund_no: &str,
    status: &'static str,
) -> Result<(), RefundDecisionError> {
    let refund = {
        let mut records = sandbox.records();
        let records = &mut *records;
        records
            .refunds
            .settle(&mut records.orders, out_refund_no, status)?
    };
    send_notification(sandbox, refund.notice(&sandbox.config.mchid)).await;
    Ok(())
}

/// Refunds part of an order without a request of the merchant, under a number of the platform's.
///
/// # Errors
///
/// [`PlatformRefundError`] when there is no such order, or it cannot be refunded.
pub(crate) async fn refund_by_platform(
    sandbox: &web::Data<SandboxState>,
    out_trade_no: &str,
    fen: i64,
) -> Result<(), PlatformRefundError> {
    let out_refund_no = format!("platform{}", random::hex(8));
    let reply = {
        let mut records = sandbox.records();
        let records = &mut *records;
        let order = records
            .orders
            .get(out_trade_no)
            .ok_or(PlatformRefundError::NoSuchOrder)?;
        let request = json!({"out_trade_no": out_trade_no, "out_refund_no": out_refund_no,
            "notify_url": order.notify_url(),
            "amount": {"refund": fen, "total": order.total()}});
        let now = sandbox.clock.now();
        records.refunds.create(&records.orders, &request, now)
    };
    if reply.status != 200 {
        return Err(PlatformRefundError::Refused(reply.body));
    }
    // It was created a moment ago, so it has no other outcome.
    settle_refund(sandbox, &out_refund_no, "SUCCESS").await.ok();
    Ok(())
}
