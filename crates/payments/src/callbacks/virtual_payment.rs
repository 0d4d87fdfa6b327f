//! Message pushes about virtual payment. What an encrypted push reports is used when it matches the
//! order. A plain push only makes us query WeChat, since its signature does not cover its body.
//!
//! Pages: 消息推送 (message push), 虚拟支付 (virtual payment), events `xpay_goods_deliver_notify`,
//! `xpay_refund_notify` and `xpay_complaint_notify`.

use qlive_tencent::wechat::push::{PushEvent, PushMode, ReceivedPush};

use crate::callbacks::complaints::{Complaint, record_complaint};
use crate::callbacks::outcome::{
    Accepted, CallbackOutcome, settled_refund_outcome, within_query_time,
};
use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::report::{OrderReport, Payment};
use crate::orders::row::{Order, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::providers::virtual_payment::parse_unix_secs;
use crate::refunds::platform::PlatformRefund;
use crate::refunds::row::{OrderRefund, find_refund, find_refunds_of_order};
use crate::refunds::state::{RefundReply, RefundState};
use crate::service::Payments;

impl Payments {
    /// Settles what a verified message push reports.
    ///
    /// # Errors
    /// When the database fails. The push must not be accepted then.
    pub async fn handle_push(
        &self,
        opened: &ReceivedPush,
    ) -> Result<CallbackOutcome, PaymentsError> {
        if opened.mode == PushMode::Secure {
            return self.settle_push(opened).await;
        }
        let (this, opened) = (self.clone(), opened.clone());
        within_query_time(async move { this.settle_push(&opened).await })
            .await
            .unwrap_or(Ok(CallbackOutcome::RetryLater))
    }

    async fn settle_push(&self, opened: &ReceivedPush) -> Result<CallbackOutcome, PaymentsError> {
        let out_trade_no = match &opened.event {
            PushEvent::GoodsPaid { out_trade_no, .. } => out_trade_no,
            PushEvent::RefundFinished { mch_order_id, .. }
            | PushEvent::ComplaintFiled { mch_order_id, .. } => mch_order_id,
            PushEvent::Unhandled(event) => {
                tracing::info!(event, "a message push that we do not handle");
                return Ok(CallbackOutcome::Accepted(Accepted::Unhandled));
            }
        };
        let order = self.virtual_order(out_trade_no).await?;
        match (&opened.event, order) {
            (PushEvent::ComplaintFiled { .. }, order) => {
                self.settle_complaint(&opened.event, opened.mode, order.as_ref())
                    .await
            }
            (_, None) => Ok(CallbackOutcome::Accepted(Accepted::UnknownSubject)),
            (PushEvent::RefundFinished { .. }, Some(order)) => {
                self.settle_refund_push(&order, &opened.event, opened.mode)
                    .await
            }
            (_, Some(order)) if opened.mode == PushMode::Plain => {
                self.query_claimed_payment(&order).await
            }
            (_, Some(order)) => match self.pushed_payment(&order, &opened.event) {
                Ok(payment) => {
                    self.settle_payment_callback(&order.out_trade_no, OrderReport::Paid(payment))
                        .await
                }
                Err(mismatch) => Ok(CallbackOutcome::Mismatch(mismatch)),
            },
        }
    }

    /// The order of virtual payment with this number.
    async fn virtual_order(&self, number: &str) -> Result<Option<Order>, PaymentsError> {
        let number = number.to_owned();
        let order = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find_order(conn, &number)?))
            .await?;
        Ok(order.filter(|order| order.provider == Provider::Virtual))
    }

    async fn settle_complaint(
        &self,
        event: &PushEvent,
        mode: PushMode,
        order: Option<&Order>,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let PushEvent::ComplaintFiled {
            complaint_id,
            openid,
            mch_order_id,
            complained_at,
        } = event
        else {
            return Ok(CallbackOutcome::Unreadable);
        };
        // Anybody may have written a plain push: it counts only about an order of that buyer.
        if mode == PushMode::Plain && order.is_none_or(|order| order.openid != *openid) {
            return Ok(CallbackOutcome::Accepted(Accepted::UnknownSubject));
        }
        let complaint = Complaint {
            wechat_request_id: complaint_id.clone(),
            openid: openid.clone(),
            out_trade_no: mch_order_id.clone(),
            complained_at: complained_at.clone(),
        };
        let now = self.clock.now();
        let is_new = self
            .db
            .write(move |conn| record_complaint(conn, now, &complaint))
            .await?;
        Ok(CallbackOutcome::Accepted(if is_new {
            Accepted::Applied
        } else {
            Accepted::AlreadyKnown
        }))
    }

    /// A plain push claims a payment: WeChat is queried, at most as often as any client can cause
    /// it. Such a push does not show that WeChat knows of the delivery; the poller notifies it.
    async fn query_claimed_payment(&self, order: &Order) -> Result<CallbackOutcome, PaymentsError> {
        if order.state == OrderState::Paid {
            return Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown));
        }
        self.query_early(order).await?;
        let order = self.order(&order.out_trade_no).await?;
        Ok(if order.state == OrderState::Paid {
            CallbackOutcome::Accepted(Accepted::Applied)
        } else {
            CallbackOutcome::RetryLater
        })
    }

    /// The payment that an encrypted push reports, when it matches the order.
    fn pushed_payment(&self, order: &Order, event: &PushEvent) -> Result<Payment, Mismatch> {
        let xpay = self.providers.xpay.as_ref();
        let account = &xpay.ok_or(Mismatch::NotConfigured)?.config;
        let PushEvent::GoodsPaid {
            openid,
            env,
            product_id,
            quantity,
            orig_price,
            actual_price,
            transaction_id,
            paid_time,
            out_trade_no,
        } = event
        else {
            return Err(Mismatch::Goods);
        };
        if *openid != order.openid {
            return Err(Mismatch::Buyer);
        }
        if *env != account.env {
            return Err(Mismatch::Environment);
        }
        if Some(product_id) != order.product_id.as_ref() || *quantity != 1 {
            return Err(Mismatch::Goods);
        }
        if orig_price != actual_price {
            return Err(Mismatch::Amount);
        }
        let number = if transaction_id.is_empty() {
            out_trade_no
        } else {
            transaction_id
        };
        Ok(Payment {
            provider: Provider::Virtual,
            app_id: account.app_id.clone(),
            transaction_id: number.clone(),
            fen: *actual_price,
            currency: "CNY".into(),
            paid_at: parse_unix_secs(*paid_time),
            delivery_notice_due: false,
            refunded_fen: 0,
        })
    }

    async fn settle_refund_push(
        &self,
        order: &Order,
        event: &PushEvent,
        mode: PushMode,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let PushEvent::RefundFinished {
            wx_refund_id,
            mch_refund_id,
            refund_fee,
            succeeded: Some(succeeded),
            ..
        } = event
        else {
            return Ok(CallbackOutcome::Unreadable);
        };
        let (out_trade_no, number) = (order.out_trade_no.clone(), mch_refund_id.clone());
        let (requested, recorded) = self
            .db
            .read(move |conn| {
                let requested = find_refund(conn, Provider::Virtual, &number)?;
                let recorded = find_refunds_of_order(conn, &out_trade_no)?;
                Ok::<_, PaymentsError>((requested, recorded))
            })
            .await?;
        let reply = if *succeeded {
            RefundReply::Done
        } else {
            RefundReply::Refused
        };
        if let Some(refund) = requested {
            if refund.fen.get() != *refund_fee || refund.out_trade_no != order.out_trade_no {
                return Ok(CallbackOutcome::Mismatch(Mismatch::Amount));
            }
            return self
                .settle_requested_refund(&refund, order, reply, mode)
                .await;
        }
        let is_recorded = recorded.iter().any(|refund| refund.number == *wx_refund_id);
        if !succeeded || is_recorded {
            return Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown));
        }
        // Anybody may have written a plain push, so its amount is queried. It is queried too when a
        // refund of the platform is recorded under another number, since it may be this very one.
        let query_amount =
            mode == PushMode::Plain || recorded.iter().any(|refund| !refund.requested_by_us);
        let fen = if query_amount {
            self.query_unrecorded_fen_in_time(order, recorded).await
        } else {
            Some(*refund_fee)
        };
        let Some(fen) = fen else {
            return Ok(CallbackOutcome::RetryLater);
        };
        self.record_reported_refund(PlatformRefund {
            provider: Provider::Virtual,
            number: wx_refund_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: None,
            fen,
        })
        .await
    }

    /// Settles a push about a refund that we requested. A plain push must agree with the balance of
    /// the order at WeChat.
    async fn settle_requested_refund(
        &self,
        refund: &OrderRefund,
        order: &Order,
        reply: RefundReply,
        mode: PushMode,
    ) -> Result<CallbackOutcome, PaymentsError> {
        if refund.state != RefundState::Requested {
            return Ok(settled_refund_outcome(refund.state, reply));
        }
        if mode == PushMode::Plain {
            let outcome = self.query_refund_outcome(refund, order).await;
            if outcome.ok().flatten() != Some(reply) {
                return Ok(CallbackOutcome::RetryLater);
            }
        }
        self.settle_refund_reply(Provider::Virtual, &refund.number, reply)
            .await?;
        Ok(CallbackOutcome::Accepted(Accepted::Applied))
    }

    async fn query_unrecorded_fen_in_time(
        &self,
        order: &Order,
        recorded: Vec<OrderRefund>,
    ) -> Option<i64> {
        let (this, order) = (self.clone(), order.clone());
        within_query_time(async move { this.query_unrecorded_fen(&order, &recorded).await })
            .await
            .flatten()
    }
}
