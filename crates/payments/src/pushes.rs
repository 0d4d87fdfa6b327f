//! Message pushes about virtual payment. What came encrypted is believed when
//! it fits; what came plain only sends us to ask.

use qlive_tencent::wechat::push::{Opened, PushEvent, Trust};
use qlive_tencent::xpay::XpayState;

use crate::ask::moment;
use crate::complaints::{Complaint, record};
use crate::notices::settled;
use crate::refund::{News, State};
use crate::refunding::ByPlatform;
use crate::refunds::{self, RefundShown};
use crate::settle::{Payment, Seen, provided};
use crate::store::{self, Order};
use crate::{Payments, PaymentsError, Provider, Taken, Verdict, order};

impl Payments {
    /// Takes a push that was verified and opened.
    pub async fn push(&self, opened: &Opened) -> Result<Verdict, PaymentsError> {
        match &opened.event {
            PushEvent::GoodsPaid { out_trade_no, .. } => match self.goods_order(out_trade_no).await? {
                None => Ok(Verdict::Taken(Taken::Unknown)),
                Some(order) => self.goods_paid(&order, &opened.event, opened.trust).await,
            },
            PushEvent::Refunded { mch_order_id, .. } => match self.goods_order(mch_order_id).await? {
                None => Ok(Verdict::Taken(Taken::Unknown)),
                Some(order) => self.goods_refunded(&order, &opened.event, opened.trust).await,
            },
            PushEvent::Complained { request_id, openid, mch_order_id, complained_at } => {
                let complaint = Complaint {
                    request_id: request_id.clone(),
                    openid: openid.clone(),
                    out_trade_no: mch_order_id.clone(),
                    complained_at: complained_at.clone(),
                };
                // Anybody may have written a plain one: it counts only about an order of that buyer.
                let order = self.goods_order(mch_order_id).await?;
                if opened.trust == Trust::Plain && order.is_none_or(|order| order.openid != *openid) {
                    return Ok(Verdict::Taken(Taken::Unknown));
                }
                let now = self.clock.now();
                let new = self.db.write(move |conn| record(conn, now, &complaint)).await?;
                Ok(Verdict::Taken(if new { Taken::Settled } else { Taken::Known }))
            }
            PushEvent::Other(event) => {
                tracing::info!(event, "a push that we do not handle");
                Ok(Verdict::Taken(Taken::Unhandled))
            }
        }
    }

    async fn goods_order(&self, no: &str) -> Result<Option<Order>, PaymentsError> {
        let no = no.to_owned();
        let order = self.db.read(move |conn| Ok::<_, PaymentsError>(store::find(conn, &no)?)).await?;
        Ok(order.filter(|order| order.provider == Provider::Virtual))
    }

    async fn goods_paid(&self, order: &Order, event: &PushEvent, trust: Trust) -> Result<Verdict, PaymentsError> {
        match trust {
            Trust::Secure => match self.believed(order, event) {
                Ok(payment) => self.paid(&order.out_trade_no, Seen::Paid(payment)).await,
                Err(why) => Ok(Verdict::Unfit(why)),
            },
            Trust::Plain => self.claimed_paid(order).await,
        }
    }

    /// A plain push claims a payment: WeChat is asked, as seldom as any client may have it asked.
    async fn claimed_paid(&self, order: &Order) -> Result<Verdict, PaymentsError> {
        let was_paid = order.state == order::State::Paid;
        if !was_paid {
            self.look_into(order).await?;
        }
        let (order, no) = (self.order(&order.out_trade_no).await?, order.out_trade_no.clone());
        if order.state != order::State::Paid {
            return Ok(Verdict::Again);
        }
        // Accepting the push is what tells WeChat that the goods are provided.
        if order.provision_due {
            self.db.write(move |conn| Ok::<_, PaymentsError>(provided(conn, &no)?)).await?;
        }
        Ok(Verdict::Taken(if was_paid { Taken::Known } else { Taken::Settled }))
    }

    /// The payment that an encrypted push tells of, when it is of this order.
    fn believed(&self, order: &Order, event: &PushEvent) -> Result<Payment, &'static str> {
        let account = self.providers.xpay.as_ref().map(|xpay| &xpay.account).ok_or("not configured")?;
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
            return Err("another event");
        };
        if *openid != order.openid {
            return Err("another buyer's");
        }
        if *env != account.env {
            return Err("another environment");
        }
        if Some(product_id) != order.product_id.as_ref() || *quantity != 1 {
            return Err("other goods");
        }
        if orig_price != actual_price {
            return Err("another amount");
        }
        let named = [transaction_id, out_trade_no].into_iter().find(|id| !id.is_empty()).cloned();
        Ok(Payment {
            provider: Provider::Virtual,
            app_id: account.app_id.clone(),
            transaction_id: named.unwrap_or_default(),
            fen: *actual_price,
            currency: "CNY".into(),
            at: moment(*paid_time),
            provision_due: false,
        })
    }

    async fn goods_refunded(&self, order: &Order, event: &PushEvent, trust: Trust) -> Result<Verdict, PaymentsError> {
        let PushEvent::Refunded { wx_refund_id, mch_refund_id, refund_fee, succeeded, .. } = event else {
            return Ok(Verdict::Unreadable);
        };
        let (no, number) = (order.out_trade_no.clone(), mch_refund_id.clone());
        let (ours, before) = self
            .db
            .read(move |conn| {
                let ours = refunds::find(conn, Provider::Virtual, &number)?;
                Ok::<_, PaymentsError>((ours, refunds::of_order(conn, &no)?))
            })
            .await?;
        let Some(succeeded) = *succeeded else { return Ok(Verdict::Unreadable) };
        let news = if succeeded { News::Done } else { News::Refused };
        if let Some(refund) = &ours {
            if refund.fen.get() != *refund_fee || refund.out_trade_no != order.out_trade_no {
                return Ok(Verdict::Unfit("another amount"));
            }
            if refund.state != State::Asked {
                return Ok(settled(refund.state, news));
            }
        }
        let known = ours.is_none() && before.iter().any(|refund| refund.number == *wx_refund_id);
        if trust == Trust::Plain && !known {
            let agrees = match &ours {
                Some(refund) if !succeeded => self.failed(order, refund).await,
                // Of the platform's own we keep no record when they fail.
                None if !succeeded => true,
                _ => self.went_back(order, &before, mch_refund_id, *refund_fee).await,
            };
            if !agrees {
                return Ok(Verdict::Again);
            }
        }
        match ours {
            Some(refund) => {
                self.refund_news(Provider::Virtual, &refund.number, news).await?;
                Ok(Verdict::Taken(Taken::Settled))
            }
            None if !succeeded => Ok(Verdict::Taken(Taken::Known)),
            None => {
                let by_platform = ByPlatform {
                    provider: Provider::Virtual,
                    number: wx_refund_id.clone(),
                    out_trade_no: order.out_trade_no.clone(),
                    fen: *refund_fee,
                };
                self.platform_refund(by_platform).await
            }
        }
    }

    /// Whether WeChat says itself that a refund failed, where it said nothing of the kind before this one.
    async fn failed(&self, order: &Order, refund: &RefundShown) -> bool {
        let before = refund.before.is_some_and(|before| before.failed);
        match self.query_goods(order).await {
            Ok(Ok(told)) => !before && told.state == XpayState::RefundFailed,
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Whether WeChat says itself that so much more went back than by every other refund we know of.
    async fn went_back(&self, order: &Order, known: &[RefundShown], number: &str, fen: i64) -> bool {
        let others = known.iter().filter(|refund| refund.state != State::Refused && refund.number != number);
        let others: i64 = others.map(|refund| refund.fen.get()).sum();
        match self.query_goods(order).await {
            Ok(Ok(told)) => fen > 0 && told.left_fee >= 0 && order.price.get() - told.left_fee >= others + fen,
            Ok(Err(_)) | Err(_) => false,
        }
    }
}
