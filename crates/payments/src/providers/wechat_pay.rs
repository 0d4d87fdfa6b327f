//! What the answers of WeChat Pay mean for orders and refunds.
//!
//! Pages: 商户订单号查询订单 (query an order), 支付成功回调通知 (payment notice), 查询单笔退款 (query a
//! refund).

use qlive_tencent::pay::{PayError, Refund, RefundState, TradeState, Transaction};
use qlive_types::Moment;

use crate::orders::report::{CURRENCY, OrderReport, Payment, ReportedRefunds};
use crate::orders::row::Order;
use crate::providers::answer::UnusableAnswer;
use crate::providers::provider::Provider;
use crate::refunds::row::OrderRefund;
use crate::refunds::state::{RefundReply, ReportedRefund};
use crate::service::Payments;

impl Payments {
    /// Queries an order of WeChat Pay.
    pub(crate) async fn query_wechat_pay_order(
        &self,
        order: &Order,
    ) -> Result<OrderReport, UnusableAnswer> {
        let pay = self.providers.wechat_pay.as_ref();
        let pay = pay.ok_or(UnusableAnswer::NotConfigured)?;
        let now = self.clock.now().secs();
        match pay.query_transaction(&order.out_trade_no, now).await {
            Ok(transaction)
                if transaction.out_trade_no != order.out_trade_no
                    || transaction.mchid != pay.mchid() =>
            {
                Err(UnusableAnswer::OtherOrder)
            }
            Ok(transaction) => Ok(transaction_report(&transaction)),
            Err(error) if error.is_not_found() => Ok(OrderReport::NotFound),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a transaction of WeChat Pay reports about its order.
pub(crate) fn transaction_report(transaction: &Transaction) -> OrderReport {
    match transaction.state {
        TradeState::Success | TradeState::Refunded => OrderReport::Paid(Payment {
            provider: Provider::WechatPay,
            app_id: transaction.app_id.clone(),
            transaction_id: transaction.transaction_id.clone(),
            fen: transaction.total_fen,
            currency: transaction.currency.clone(),
            paid_at: Moment::parse_rfc3339(&transaction.success_time),
            delivery_notice_due: false,
            // WeChat Pay reports that something was refunded, but not how much.
            refunded: match transaction.state {
                TradeState::Refunded => ReportedRefunds::Some,
                _ => ReportedRefunds::Fen(0),
            },
        }),
        TradeState::NotPaid => OrderReport::Unpaid,
        TradeState::Closed => OrderReport::Closed,
        TradeState::Unknown => OrderReport::Unclear,
    }
}

/// What an answer says about this very refund.
pub(crate) fn refund_reply(
    refund: &OrderRefund,
    answer: &Refund,
) -> Result<RefundReply, UnusableAnswer> {
    if answer.out_refund_no != refund.number
        || answer.refund_fen != refund.fen.get()
        || answer.currency != CURRENCY
    {
        return Err(UnusableAnswer::OtherRefund);
    }
    Ok(reported_refund(answer.state).reply())
}

/// What the status of a refund at WeChat Pay reports.
pub(crate) const fn reported_refund(state: RefundState) -> ReportedRefund {
    match state {
        RefundState::Success => ReportedRefund::Done,
        RefundState::Closed => ReportedRefund::Refused,
        RefundState::Abnormal => ReportedRefund::Stuck,
        RefundState::Pending => ReportedRefund::Pending,
    }
}

/// Whether an error answers the request with no, as opposed to a failure that may pass.
pub(crate) const fn is_refusal(error: &PayError) -> bool {
    matches!(error, PayError::Refused { status, .. } if *status < 500 && *status != 429)
}
