//! Message pushes about virtual payment. What an encrypted push reports is used when it matches the
//! order; when it does not, WeChat is queried at once. A plain push only makes us query WeChat,
//! since its signature does not cover its body.
//!
//! Pages: 消息推送 (message push), 虚拟支付 (virtual payment), events `xpay_goods_deliver_notify`,
//! `xpay_refund_notify` and `xpay_complaint_notify`.

use qlive_tencent::wechat::push::{PushEvent, PushMode, ReceivedPush};

use crate::callbacks::complaints::{Complaint, record_complaint};
use crate::callbacks::notices::NoticeKind;
use crate::callbacks::outcome::{
    Accepted, CallbackOutcome, Contradiction, refund_contradiction, settled_outcome,
    settled_refund_outcome, within_query_time,
};
use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::report::{CURRENCY, OrderReport, Payment, ReportedRefunds};
use crate::orders::row::{Order, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::providers::virtual_payment::parse_unix_secs;
use crate::refunds::platform::{PlatformRefund, refund_numbers};
use crate::refunds::row::{OrderRefund, find_refund, find_refunds_of_order};
use crate::refunds::state::{RefundState, ReportedRefund};
use crate::service::Payments;

/// `env` of production; that of WeChat's own sandbox is 1.
const PRODUCTION: i64 = 0;

/// Why an encrypted push does not settle its order.
#[derive(Clone, Copy)]
enum Unsettled {
    /// It does not say what the order cost or what was bought.
    Incomplete,
    /// It does not match the order.
    Mismatch(Mismatch),
}

impl Payments {
    /// Settles what a verified message push reports. In production, one that somebody made up in
    /// WeChat's console as a test changes nothing; in WeChat's own sandbox, where no money moves,
    /// it is settled like a real one.
    ///
    /// # Errors
    /// When the database fails. The push must not be accepted then.
    pub async fn handle_push(
        &self,
        opened: &ReceivedPush,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let event = match &opened.event {
            PushEvent::Mock(_) if self.is_in_production() => {
                return Ok(CallbackOutcome::Accepted(Accepted::Mock));
            }
            PushEvent::Mock(event) => event,
            event => event,
        };
        if opened.mode == PushMode::Secure {
            return self.settle_push(event, opened.mode).await;
        }
        let (this, event, mode) = (self.clone(), event.clone(), opened.mode);
        within_query_time(async move { this.settle_push(&event, mode).await })
            .await
            .unwrap_or(Ok(CallbackOutcome::RetryLater))
    }

    /// Whether virtual payment moves real money. Without a configuration nothing may be tested.
    fn is_in_production(&self) -> bool {
        let xpay = self.providers.xpay.as_ref();
        xpay.is_none_or(|xpay| xpay.config.env == PRODUCTION)
    }

    async fn settle_push(
        &self,
        event: &PushEvent,
        mode: PushMode,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let (kind, out_trade_no) = match event {
            PushEvent::GoodsPaid { out_trade_no, .. } => (NoticeKind::Payment, out_trade_no),
            PushEvent::RefundFinished { mch_order_id, .. } => (NoticeKind::Refund, mch_order_id),
            PushEvent::ComplaintFiled { mch_order_id, .. } => (NoticeKind::Complaint, mch_order_id),
            PushEvent::Mock(_) => return Ok(CallbackOutcome::Accepted(Accepted::Mock)),
            PushEvent::Unhandled(event) => {
                tracing::info!(event, "a message push that we do not handle");
                return Ok(CallbackOutcome::Accepted(Accepted::Unhandled));
            }
        };
        let order = self.virtual_order(out_trade_no).await?;
        let Some(order) = order else {
            return if kind == NoticeKind::Complaint {
                self.settle_complaint(event, mode, None).await
            } else {
                Ok(CallbackOutcome::Accepted(Accepted::UnknownSubject))
            };
        };
        let outcome = match kind {
            NoticeKind::Complaint => self.settle_complaint(event, mode, Some(&order)).await,
            NoticeKind::Refund => self.settle_refund_push(&order, event, mode).await,
            _ if mode == PushMode::Plain => self.query_claimed_payment(&order).await,
            _ => self.settle_encrypted_payment(&order, event).await,
        };
        Ok(self.keep_notice(kind, out_trade_no, outcome?).await)
    }

    /// Settles a payment that an encrypted push reports. When the push does not settle the order,
    /// WeChat is queried at once; the buyer does not wait for the poller.
    async fn settle_encrypted_payment(
        &self,
        order: &Order,
        event: &PushEvent,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let unsettled = match self.pushed_payment(order, event) {
            Ok(payment) => {
                let report = OrderReport::Paid(payment);
                return self
                    .settle_payment_callback(&order.out_trade_no, report)
                    .await;
            }
            Err(unsettled) => unsettled,
        };
        if order.state == OrderState::Paid {
            return Ok(settled_outcome(match unsettled {
                Unsettled::Incomplete => None,
                Unsettled::Mismatch(mismatch) => {
                    Some(Contradiction::MismatchAfterPayment(mismatch))
                }
            }));
        }
        let (this, queried) = (self.clone(), order.clone());
        let query = async move { this.query_early(&queried).await };
        let Some(is_answered) = within_query_time(query).await.transpose()? else {
            return Ok(CallbackOutcome::RetryLater);
        };
        let order = self.order(&order.out_trade_no).await?;
        Ok(match unsettled {
            _ if order.state == OrderState::Paid => CallbackOutcome::Accepted(Accepted::Applied),
            Unsettled::Mismatch(mismatch) if is_answered => CallbackOutcome::Mismatch(mismatch),
            // WeChat may yet report the payment: the order was queried a moment ago, or there was
            // no clear answer.
            Unsettled::Mismatch(_) | Unsettled::Incomplete => CallbackOutcome::RetryLater,
        })
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

    /// The payment that an encrypted push reports, when it matches the order. The order cost its
    /// `OrigPrice`; the user paid `ActualPrice`, which is less when a coupon was used.
    fn pushed_payment(&self, order: &Order, event: &PushEvent) -> Result<Payment, Unsettled> {
        let xpay = self.providers.xpay.as_ref();
        let account = &xpay
            .ok_or(Unsettled::Mismatch(Mismatch::NotConfigured))?
            .config;
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
            return Err(Unsettled::Mismatch(Mismatch::Goods));
        };
        if openid.is_empty()
            || product_id.is_empty()
            || [*env, *quantity, *orig_price, *actual_price].contains(&-1)
        {
            return Err(Unsettled::Incomplete);
        }
        let mismatch = if *openid != order.openid {
            Some(Mismatch::Buyer)
        } else if *env != account.env {
            Some(Mismatch::Environment)
        } else if Some(product_id) != order.product_id.as_ref() || *quantity != 1 {
            Some(Mismatch::Goods)
        } else if *orig_price != order.price.get() || !(0..=*orig_price).contains(actual_price) {
            Some(Mismatch::Amount)
        } else {
            None
        };
        if let Some(mismatch) = mismatch {
            return Err(Unsettled::Mismatch(mismatch));
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
            fen: *orig_price,
            currency: CURRENCY.into(),
            paid_at: parse_unix_secs(*paid_time),
            delivery_notice_due: false,
            refunded: ReportedRefunds::NotReported,
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
        let report = if *succeeded {
            ReportedRefund::Done
        } else {
            ReportedRefund::Refused
        };
        if let Some(refund) = requested {
            if refund.fen.get() != *refund_fee || refund.out_trade_no != order.out_trade_no {
                return Ok(CallbackOutcome::Mismatch(Mismatch::Amount));
            }
            return self
                .settle_requested_refund(&refund, order, report, mode)
                .await;
        }
        let by_platform = PlatformRefund {
            provider: Provider::Virtual,
            number: wx_refund_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: None,
            fen: *refund_fee,
            beside: Some(refund_numbers(&recorded)),
        };
        self.settle_platform_refund(by_platform, order, recorded, report, mode)
            .await
    }

    /// Settles a push about a refund that we did not request.
    async fn settle_platform_refund(
        &self,
        mut reported: PlatformRefund,
        order: &Order,
        recorded: Vec<OrderRefund>,
        report: ReportedRefund,
        mode: PushMode,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let known = recorded
            .iter()
            .find(|refund| refund.number == reported.number);
        if let Some(refund) = known {
            return Ok(settled_outcome(refund_contradiction(refund.state, report)));
        }
        if report != ReportedRefund::Done {
            return Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown));
        }
        // Anybody may have written a plain push, so its amount is queried. It is queried too when a
        // refund of the platform is recorded under another number, since it may be this very one.
        if mode == PushMode::Plain || recorded.iter().any(|refund| !refund.requested_by_us) {
            match self.query_unrecorded_fen_in_time(order, recorded).await {
                Some(fen) => reported.fen = fen,
                None => return Ok(CallbackOutcome::RetryLater),
            }
        }
        self.record_reported_refund(reported).await
    }

    /// Settles a push about a refund that we requested. A plain push must agree with the balance of
    /// the order at WeChat.
    async fn settle_requested_refund(
        &self,
        refund: &OrderRefund,
        order: &Order,
        report: ReportedRefund,
        mode: PushMode,
    ) -> Result<CallbackOutcome, PaymentsError> {
        if refund.state != RefundState::Requested {
            return Ok(settled_outcome(refund_contradiction(refund.state, report)));
        }
        let reply = report.reply();
        if mode == PushMode::Plain {
            let outcome = self.query_refund_outcome(refund, order).await;
            if outcome.ok().flatten() != Some(reply) {
                return Ok(CallbackOutcome::RetryLater);
            }
        }
        let found = self
            .settle_refund_reply(Provider::Virtual, &refund.number, reply)
            .await?;
        Ok(settled_refund_outcome(found, report))
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
