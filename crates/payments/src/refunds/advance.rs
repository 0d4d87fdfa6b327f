//! Advancing a refund that we requested: sending the request to its provider, or querying what
//! became of it.
//!
//! Pages: 退款申请 (request a refund), 查询单笔退款 (query a refund), and for virtual payment
//! `refund_order`.

use qlive_tencent::pay::RefundRequest;
use qlive_tencent::xpay::{XpayRefundReply, XpayRefundRequest};

use crate::error::PaymentsError;
use crate::orders::row::Order;
use crate::providers::answer::UnusableAnswer;
use crate::providers::provider::Provider;
use crate::providers::wechat_pay::refund_reply;
use crate::refunds::row::{OrderRefund, record_balance_before};
use crate::refunds::state::RefundReply;
use crate::refunds::virtual_outcome::{OrderBalance, RepeatAnswer, infer_refund_outcome};
use crate::service::Payments;

impl Payments {
    /// Requests a refund at its provider, or queries what became of it, and settles the reply. The
    /// caller has claimed the refund.
    pub(crate) async fn advance_refund(&self, refund: &OrderRefund) -> Result<(), PaymentsError> {
        let order = self.order(&refund.out_trade_no).await?;
        let reply = match refund.provider {
            Provider::WechatPay => self.advance_wechat_pay_refund(refund, &order).await,
            Provider::Virtual => self.advance_virtual_refund(refund, &order).await,
        };
        let reply = reply.unwrap_or_else(|error| {
            tracing::warn!(
                refund = refund.number,
                %error,
                "no clear answer about a refund"
            );
            RefundReply::Pending
        });
        self.settle_refund_reply(refund.provider, &refund.number, reply)
            .await?;
        Ok(())
    }

    async fn advance_wechat_pay_refund(
        &self,
        refund: &OrderRefund,
        order: &Order,
    ) -> Result<RefundReply, UnusableAnswer> {
        let pay = self.providers.wechat_pay.as_ref();
        let pay = pay.ok_or(UnusableAnswer::NotConfigured)?;
        let now = self.clock.now().secs();
        // It may have been requested before: query it, and request it only when it is not known.
        if refund.queries.count > 0 {
            match pay.query_refund(&refund.number, now).await {
                Ok(answer) => return refund_reply(refund, &answer),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let request = RefundRequest {
            out_trade_no: &order.out_trade_no,
            out_refund_no: &refund.number,
            reason: "退款",
            notify_url: &self.notify_url,
            refund_fen: refund.fen.get(),
            total_fen: order.price.get(),
        };
        let error = match pay.request_refund(&request, now).await {
            Ok(answer) => return refund_reply(refund, &answer),
            Err(error) => error,
        };
        if !error.is_permanent() {
            return Err(error.into());
        }
        // A refusal counts only when WeChat does not know the number: it may refuse a second
        // request although it accepted the first.
        match pay.query_refund(&refund.number, now).await {
            Ok(answer) => refund_reply(refund, &answer),
            Err(query) if query.is_not_found() => {
                tracing::warn!(refund = refund.number, %error, "a refund was refused");
                Ok(RefundReply::Refused)
            }
            Err(query) => Err(query.into()),
        }
    }

    async fn advance_virtual_refund(
        &self,
        refund: &OrderRefund,
        order: &Order,
    ) -> Result<RefundReply, UnusableAnswer> {
        let balance = self.query_order_balance(order).await?;
        let Some(before) = refund.balance_before else {
            return self.request_first_time(refund, order, balance).await;
        };
        if balance.failed && !before.failed {
            return Ok(RefundReply::Refused);
        }
        let answer = match self.request_xpay_refund(refund, order, before).await? {
            XpayRefundReply::Accepted | XpayRefundReply::InProgress => RepeatAnswer::InProgress,
            XpayRefundReply::AcceptedBefore => RepeatAnswer::AcceptedBefore,
            XpayRefundReply::LeftFeeMismatch => RepeatAnswer::LessLeft,
            XpayRefundReply::InvalidRequest => RepeatAnswer::Invalid,
        };
        // The balance is queried again, since the refund may have been made just before the answer.
        self.infer_outcome(answer, refund, before, order)
            .await?
            .ok_or(UnusableAnswer::Contradiction)
    }

    /// Records the balance of the order, then requests the refund at xpay for the first time.
    async fn request_first_time(
        &self,
        refund: &OrderRefund,
        order: &Order,
        balance: OrderBalance,
    ) -> Result<RefundReply, UnusableAnswer> {
        let recorded = refund.clone();
        let is_first = self
            .db
            .write(move |conn| {
                Ok::<_, PaymentsError>(record_balance_before(conn, &recorded, balance)?)
            })
            .await?;
        if !is_first {
            return Err(UnusableAnswer::RequestedElsewhere);
        }
        Ok(
            match self.request_xpay_refund(refund, order, balance).await? {
                // It was never requested before, so the refusal is about this request.
                XpayRefundReply::LeftFeeMismatch | XpayRefundReply::InvalidRequest => {
                    RefundReply::Refused
                }
                XpayRefundReply::Accepted
                | XpayRefundReply::InProgress
                | XpayRefundReply::AcceptedBefore => RefundReply::Pending,
            },
        )
    }

    /// What became of a refund, by the balance of its order at xpay alone. `None`: it is not
    /// certain.
    pub(crate) async fn query_refund_outcome(
        &self,
        refund: &OrderRefund,
        order: &Order,
    ) -> Result<Option<RefundReply>, UnusableAnswer> {
        let Some(before) = refund.balance_before else {
            return Ok(None);
        };
        self.infer_outcome(RepeatAnswer::AcceptedBefore, refund, before, order)
            .await
    }

    async fn infer_outcome(
        &self,
        answer: RepeatAnswer,
        refund: &OrderRefund,
        before: OrderBalance,
        order: &Order,
    ) -> Result<Option<RefundReply>, UnusableAnswer> {
        let all = self.refunds_of(&order.out_trade_no).await?;
        let other_fen = all
            .iter()
            .filter(|other| !other.requested_by_us && other.created_at >= refund.created_at)
            .map(|other| other.fen.get())
            .sum();
        let now = self.query_order_balance(order).await?;
        let fen = refund.fen.get();
        Ok(infer_refund_outcome(answer, fen, before, now, other_fen))
    }

    /// Sends the refund request to xpay. It always says the same, so that xpay recognizes a
    /// repeated one.
    async fn request_xpay_refund(
        &self,
        refund: &OrderRefund,
        order: &Order,
        before: OrderBalance,
    ) -> Result<XpayRefundReply, UnusableAnswer> {
        let xpay = self.xpay()?;
        let request = &XpayRefundRequest {
            openid: &order.openid,
            order_id: &order.out_trade_no,
            refund_order_id: &refund.number,
            left_fee: before.left,
            refund_fee: refund.fen.get(),
        };
        let call = |token| async move { xpay.request_refund(&token, request).await };
        self.call_xpay(&order.app_id, call).await
    }
}
