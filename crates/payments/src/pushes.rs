//! Message pushes about virtual payment. What came encrypted is believed when
//! it fits; what came plain only sends us to ask.

use qlive_tencent::wechat::push::{Opened, PushEvent, Trust};

use crate::ask::moment;
use crate::complaints::{Complaint, record};
use crate::notices::{in_time, settled};
use crate::refund::{News, State};
use crate::refunding::ByPlatform;
use crate::refunds::{self, RefundShown};
use crate::settle::{Payment, Seen};
use crate::store::{self, Order};
use crate::{Payments, PaymentsError, Provider, Taken, Verdict, order};

impl Payments {
    /// Takes a push that was verified and opened.
    pub async fn push(&self, opened: &Opened) -> Result<Verdict, PaymentsError> {
        if opened.trust == Trust::Secure {
            return self.take_push(opened).await;
        }
        // Whatever a plain one says has to be asked about.
        let (this, opened) = (self.clone(), opened.clone());
        in_time(async move { this.take_push(&opened).await })
            .await
            .unwrap_or(Ok(Verdict::Again))
    }

    async fn take_push(&self, opened: &Opened) -> Result<Verdict, PaymentsError> {
        match &opened.event {
            PushEvent::GoodsPaid { out_trade_no, .. } => {
                match self.goods_order(out_trade_no).await? {
                    None => Ok(Verdict::Taken(Taken::Unknown)),
                    Some(order) => self.goods_paid(&order, &opened.event, opened.trust).await,
                }
            }
            PushEvent::Refunded { mch_order_id, .. } => match self.goods_order(mch_order_id).await?
            {
                None => Ok(Verdict::Taken(Taken::Unknown)),
                Some(order) => {
                    self.goods_refunded(&order, &opened.event, opened.trust)
                        .await
                }
            },
            PushEvent::Complained {
                request_id,
                openid,
                mch_order_id,
                complained_at,
            } => {
                let complaint = Complaint {
                    request_id: request_id.clone(),
                    openid: openid.clone(),
                    out_trade_no: mch_order_id.clone(),
                    complained_at: complained_at.clone(),
                };
                // Anybody may have written a plain one: it counts only about an order of that buyer.
                let order = self.goods_order(mch_order_id).await?;
                if opened.trust == Trust::Plain && order.is_none_or(|order| order.openid != *openid)
                {
                    return Ok(Verdict::Taken(Taken::Unknown));
                }
                let now = self.clock.now();
                let new = self
                    .db
                    .write(move |conn| record(conn, now, &complaint))
                    .await?;
                Ok(Verdict::Taken(if new {
                    Taken::Settled
                } else {
                    Taken::Known
                }))
            }
            PushEvent::Other(event) => {
                tracing::info!(event, "a push that we do not handle");
                Ok(Verdict::Taken(Taken::Unhandled))
            }
        }
    }

    async fn goods_order(&self, no: &str) -> Result<Option<Order>, PaymentsError> {
        let no = no.to_owned();
        let order = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(store::find(conn, &no)?))
            .await?;
        Ok(order.filter(|order| order.provider == Provider::Virtual))
    }

    async fn goods_paid(
        &self,
        order: &Order,
        event: &PushEvent,
        trust: Trust,
    ) -> Result<Verdict, PaymentsError> {
        match trust {
            Trust::Secure => match self.believed(order, event) {
                Ok(payment) => self.paid(&order.out_trade_no, Seen::Paid(payment)).await,
                Err(why) => Ok(Verdict::Unfit(why)),
            },
            Trust::Plain => self.claimed_paid(order).await,
        }
    }

    /// A plain push claims a payment: WeChat is asked, as seldom as any client may have it asked. Whether
    /// it has heard that the goods were provided is not for such a push to say: the sweeper tells it.
    async fn claimed_paid(&self, order: &Order) -> Result<Verdict, PaymentsError> {
        if order.state == order::State::Paid {
            return Ok(Verdict::Taken(Taken::Known));
        }
        self.look_into(order).await?;
        let order = self.order(&order.out_trade_no).await?;
        Ok(if order.state == order::State::Paid {
            Verdict::Taken(Taken::Settled)
        } else {
            Verdict::Again
        })
    }

    /// The payment that an encrypted push tells of, when it is of this order.
    fn believed(&self, order: &Order, event: &PushEvent) -> Result<Payment, &'static str> {
        let account = self
            .providers
            .xpay
            .as_ref()
            .map(|xpay| &xpay.account)
            .ok_or("not configured")?;
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
        let named = [transaction_id, out_trade_no]
            .into_iter()
            .find(|id| !id.is_empty())
            .cloned();
        Ok(Payment {
            provider: Provider::Virtual,
            app_id: account.app_id.clone(),
            transaction_id: named.unwrap_or_default(),
            fen: *actual_price,
            currency: "CNY".into(),
            at: moment(*paid_time),
            provision_due: false,
            gone: 0,
        })
    }

    async fn goods_refunded(
        &self,
        order: &Order,
        event: &PushEvent,
        trust: Trust,
    ) -> Result<Verdict, PaymentsError> {
        let PushEvent::Refunded {
            wx_refund_id,
            mch_refund_id,
            refund_fee,
            succeeded,
            ..
        } = event
        else {
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
        let Some(succeeded) = *succeeded else {
            return Ok(Verdict::Unreadable);
        };
        let news = if succeeded { News::Done } else { News::Refused };
        let plain = trust == Trust::Plain;
        if let Some(refund) = ours {
            if refund.fen.get() != *refund_fee || refund.out_trade_no != order.out_trade_no {
                return Ok(Verdict::Unfit("another amount"));
            }
            if refund.state != State::Asked {
                return Ok(settled(refund.state, news));
            }
            if plain && self.standing_of(&refund, order).await != Ok(Some(news)) {
                return Ok(Verdict::Again);
            }
            self.refund_news(Provider::Virtual, &refund.number, news)
                .await?;
            return Ok(Verdict::Taken(Taken::Settled));
        }
        if !succeeded || before.iter().any(|refund| refund.number == *wx_refund_id) {
            return Ok(Verdict::Taken(Taken::Known));
        }
        // What WeChat says is gone counts, not what a push says that anybody may have written.
        // So it does where a refund is on record under another number, which may be this very one's.
        let doubted = plain || before.iter().any(|refund| !refund.ours);
        let fen = if doubted {
            self.unheard_in_time(order, before).await
        } else {
            Some(*refund_fee)
        };
        let Some(fen) = fen else {
            return Ok(Verdict::Again);
        };
        let by_platform = ByPlatform {
            provider: Provider::Virtual,
            number: wx_refund_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: None,
            fen,
        };
        self.platform_refund(by_platform).await
    }

    async fn unheard_in_time(&self, order: &Order, known: Vec<RefundShown>) -> Option<i64> {
        let (this, order) = (self.clone(), order.clone());
        in_time(async move { this.unheard_of(&order, &known).await })
            .await
            .flatten()
    }

    /// What went back of an order, by WeChat's own word, beyond every refund we know of. `None` when
    /// that is nothing, or does not show: WeChat is silent, or one of ours is under way.
    pub(crate) async fn unheard_of(&self, order: &Order, known: &[RefundShown]) -> Option<i64> {
        if known.iter().any(|refund| refund.state == State::Asked) {
            return None;
        }
        let left = self.standing(order).await.ok()?.left;
        let heard = known
            .iter()
            .filter(|refund| refund.state == State::Done)
            .map(|refund| refund.fen.get());
        let gone = order
            .price
            .get()
            .checked_sub(left)?
            .checked_sub(heard.sum())?;
        (gone > 0).then_some(gone)
    }
}
