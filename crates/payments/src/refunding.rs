//! Refunds at the providers: asking for ours, which operators want, and what became of
//! them; and the platform's own, of which we are told.

use qlive_store::audit::{self, Operator};
use qlive_tencent::pay::{Refund, RefundOrder, RefundState};
use qlive_tencent::xpay::{RefundAsked, XpayRefund, XpayState};
use qlive_types::Fen;

use crate::order;
use crate::recharge::number;
use crate::refund::{Again, News, Standing, judge};
use crate::refunds::{New, RefundShown, advance, find, note_before, of_order, record};
use crate::store::{self, Order};
use crate::{Payments, PaymentsError, Provider};

/// A refund of the platform's own, as it tells of it.
#[derive(Debug, Clone)]
pub(crate) struct ByPlatform {
    pub(crate) provider: Provider,
    pub(crate) number: String,
    pub(crate) out_trade_no: String,
    /// Of the payment that it is of, where that is told.
    pub(crate) transaction_id: Option<String>,
    pub(crate) fen: i64,
}

impl Payments {
    /// Asks for a refund of an order, or of what is left of it: the coins are
    /// taken now, the provider is asked by the sweeper. Answers the refund's number.
    pub async fn refund(
        &self,
        by: Operator,
        no: &str,
        fen: Option<Fen>,
    ) -> Result<String, PaymentsError> {
        let (now, no, providers) = (self.clock.now(), no.to_owned(), self.providers.clone());
        self.db
            .write(move |conn| {
                let order = store::find(conn, &no)?.ok_or(PaymentsError::UnknownOrder)?;
                if order.state != order::State::Paid {
                    return Err(PaymentsError::NotPaid);
                }
                if !providers.has(order.provider) {
                    return Err(PaymentsError::ProviderUnavailable);
                }
                let fen = match fen {
                    Some(fen) => fen,
                    None => order.price.minus(order.refunded)?,
                };
                let number = number('R', now);
                record(
                    conn,
                    now,
                    &order,
                    &New {
                        number: &number,
                        fen,
                        ours: true,
                        reason: &by.reason,
                    },
                )?;
                audit::record(
                    conn,
                    now,
                    &by,
                    "orders refund",
                    &format!("{no}: {} fen as {number}", fen.get()),
                )?;
                Ok(number)
            })
            .await
    }

    /// Records a refund that the platform made by itself and whose news got lost, by its own word alone.
    /// `number` is, at WeChat Pay, its `out_refund_no`; at virtual payment, where only the amount can be asked
    /// for, its `wx_refund_id`, on the operator's word. What is on record already stays as it is.
    pub async fn query_refund(
        &self,
        by: Operator,
        no: &str,
        number: &str,
    ) -> Result<(), PaymentsError> {
        let order = self.order(no).await?;
        let told = match order.provider {
            Provider::WechatPay => self.told_by_wechat_pay(&order, number).await?,
            Provider::Virtual => self.told_by_xpay(&order, number).await?,
        };
        if told.number.is_empty() {
            return Err(PaymentsError::NotRefundable("without a number"));
        }
        self.is_free(&told).await?;
        let recorded = format!("{no}: {} fen went back as {}", told.fen, told.number);
        if self.refunded_by_platform(told).await? {
            let now = self.clock.now();
            self.db
                .write(move |conn| {
                    Ok::<_, PaymentsError>(audit::record(
                        conn,
                        now,
                        &by,
                        "orders query",
                        &recorded,
                    )?)
                })
                .await?;
        }
        Ok(())
    }

    async fn told_by_wechat_pay(
        &self,
        order: &Order,
        number: &str,
    ) -> Result<ByPlatform, PaymentsError> {
        let pay = self
            .providers
            .wechat_pay
            .as_ref()
            .ok_or(PaymentsError::ProviderUnavailable)?;
        let told = pay.query_refund(number, self.clock.now().secs()).await;
        let told = told.map_err(|error| PaymentsError::ProviderSilent(error.to_string()))?;
        if told.out_trade_no != order.out_trade_no {
            return Err(PaymentsError::NotRefundable("another order's"));
        }
        if told.state != RefundState::Success {
            return Err(PaymentsError::NotRefundable("not done"));
        }
        let (no, out) = (order.out_trade_no.clone(), told.out_refund_no);
        let ours = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find(conn, Provider::WechatPay, &out)?))
            .await?;
        if ours.is_some() {
            return Err(PaymentsError::NotRefundable(
                "one of ours, which is asked about by itself",
            ));
        }
        let (number, transaction_id) = (told.refund_id, Some(told.transaction_id));
        Ok(ByPlatform {
            provider: Provider::WechatPay,
            number,
            out_trade_no: no,
            transaction_id,
            fen: told.refund,
        })
    }

    /// An error when the number is on record as another refund's.
    async fn is_free(&self, told: &ByPlatform) -> Result<(), PaymentsError> {
        let (provider, number) = (told.provider, told.number.clone());
        let known = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find(conn, provider, &number)?))
            .await?;
        match known {
            Some(known) if known.ours || known.out_trade_no != told.out_trade_no => Err(
                PaymentsError::NotRefundable("that number is another refund's"),
            ),
            _ => Ok(()),
        }
    }

    async fn told_by_xpay(&self, order: &Order, number: &str) -> Result<ByPlatform, PaymentsError> {
        let known = self.refunds_of(&order.out_trade_no).await?;
        let fen = self.unheard_of(order, &known).await;
        let fen = fen.ok_or_else(|| {
            PaymentsError::ProviderSilent("it tells of nothing that went back".into())
        })?;
        let (number, out_trade_no) = (number.to_owned(), order.out_trade_no.clone());
        Ok(ByPlatform {
            provider: Provider::Virtual,
            number,
            out_trade_no,
            transaction_id: None,
            fen,
        })
    }

    /// All refunds of an order.
    pub async fn refunds_of(&self, no: &str) -> Result<Vec<RefundShown>, PaymentsError> {
        let no = no.to_owned();
        self.db.read(move |conn| Ok(of_order(conn, &no)?)).await
    }

    /// Asks the provider for a refund that the caller has claimed, or what became of it.
    pub(crate) async fn pursue(&self, refund: &RefundShown) -> Result<(), PaymentsError> {
        let order = self.order(&refund.out_trade_no).await?;
        let news = match refund.provider {
            Provider::WechatPay => self.at_wechat_pay(refund, &order).await,
            Provider::Virtual => self.at_xpay(refund, &order).await,
        };
        let news = news.unwrap_or_else(|why| {
            tracing::warn!(
                refund = refund.number,
                why,
                "no clear answer about a refund"
            );
            News::Pending
        });
        self.refund_news(refund.provider, &refund.number, news)
            .await
    }

    async fn at_wechat_pay(&self, refund: &RefundShown, order: &Order) -> Result<News, String> {
        let pay = self
            .providers
            .wechat_pay
            .as_ref()
            .ok_or("it is not configured")?;
        let now = self.clock.now().secs();
        if refund.asked.times > 0 {
            match pay.query_refund(&refund.number, now).await {
                Ok(told) => return told_news(refund, &told),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        let asked = RefundOrder {
            out_trade_no: &order.out_trade_no,
            out_refund_no: &refund.number,
            reason: "退款",
            notify_url: &self.notify_url,
            refund_fen: refund.fen.get(),
            total_fen: order.price.get(),
        };
        match pay.refund(&asked, now).await {
            Ok(told) => told_news(refund, &told),
            // A plain no counts only when WeChat then knows nothing of the number: it may answer
            // a second request, of which the first was taken.
            Err(error) if error.is_final() => match pay.query_refund(&refund.number, now).await {
                Ok(told) => told_news(refund, &told),
                Err(query) if query.is_not_found() => {
                    tracing::warn!(refund = refund.number, %error, "a refund is refused");
                    Ok(News::Refused)
                }
                Err(query) => Err(query.to_string()),
            },
            Err(error) => Err(error.to_string()),
        }
    }

    async fn at_xpay(&self, refund: &RefundShown, order: &Order) -> Result<News, String> {
        let standing = self.standing(order).await?;
        let Some(before) = refund.before else {
            let noted = refund.clone();
            let note = self
                .db
                .write(move |conn| Ok::<_, PaymentsError>(note_before(conn, &noted, standing)?));
            if !note.await.map_err(|error| error.to_string())? {
                return Err("somebody else has asked for it first".into());
            }
            return Ok(match self.asked_of_xpay(refund, order, standing).await? {
                // It was never asked for before, so the no is about this one.
                RefundAsked::LessLeft | RefundAsked::Wrong => News::Refused,
                RefundAsked::Now | RefundAsked::UnderWay | RefundAsked::Before => News::Pending,
            });
        };
        if standing.failed && !before.failed {
            return Ok(News::Refused);
        }
        let again = match self.asked_of_xpay(refund, order, before).await? {
            RefundAsked::Now | RefundAsked::UnderWay => Again::UnderWay,
            RefundAsked::Before => Again::TakenUp,
            RefundAsked::LessLeft => Again::LessLeft,
            RefundAsked::Wrong => Again::Wrong,
        };
        // Looked at only now, since it may have gone back just before the answer.
        self.weighed(again, refund, before, order)
            .await?
            .ok_or_else(|| "xpay's answers do not fit".to_owned())
    }

    /// What became of a refund that was asked for, by what xpay says of its order alone.
    pub(crate) async fn standing_of(
        &self,
        refund: &RefundShown,
        order: &Order,
    ) -> Result<Option<News>, String> {
        match refund.before {
            Some(before) => self.weighed(Again::TakenUp, refund, before, order).await,
            None => Ok(None),
        }
    }

    async fn weighed(
        &self,
        again: Again,
        refund: &RefundShown,
        before: Standing,
        order: &Order,
    ) -> Result<Option<News>, String> {
        let all = self
            .refunds_of(&order.out_trade_no)
            .await
            .map_err(|error| error.to_string())?;
        let others = all
            .iter()
            .filter(|other| !other.ours && other.created_at >= refund.created_at);
        let others = others.map(|other| other.fen.get()).sum();
        Ok(judge(
            again,
            refund.fen.get(),
            before,
            self.standing(order).await?,
            others,
        ))
    }

    pub(crate) async fn standing(&self, order: &Order) -> Result<Standing, String> {
        let told = self
            .query_goods(order)
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        if told.left_fee < 0 {
            return Err("xpay does not say what is left of the order".into());
        }
        Ok(Standing {
            left: told.left_fee,
            failed: told.state == XpayState::RefundFailed,
        })
    }

    /// Asks xpay, always in the same words.
    async fn asked_of_xpay(
        &self,
        refund: &RefundShown,
        order: &Order,
        before: Standing,
    ) -> Result<RefundAsked, String> {
        let xpay = self.providers.xpay.as_ref().ok_or("it is not configured")?;
        let asked = &XpayRefund {
            openid: &order.openid,
            order_id: &order.out_trade_no,
            refund_order_id: &refund.number,
            left_fee: before.left,
            refund_fee: refund.fen.get(),
        };
        let ask = |token| async move { xpay.refund_order(&token, asked).await };
        let answer = self
            .users
            .call(&order.app_id, ask)
            .await
            .map_err(|error| error.to_string())?;
        answer.map_err(|error| error.to_string())
    }

    /// Settles news of a refund that we asked for.
    pub(crate) async fn refund_news(
        &self,
        provider: Provider,
        number: &str,
        news: News,
    ) -> Result<(), PaymentsError> {
        let (now, number) = (self.clock.now(), number.to_owned());
        self.db
            .write(move |conn| match find(conn, provider, &number)? {
                Some(refund) => advance(conn, now, &refund, news),
                None => Err(PaymentsError::UnknownOrder),
            })
            .await
    }

    /// Takes the coins of a refund that the platform made by itself, once: false
    /// when that was done before. An error when it does not fit the order.
    pub(crate) async fn refunded_by_platform(
        &self,
        told: ByPlatform,
    ) -> Result<bool, PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                if find(conn, told.provider, &told.number)?.is_some() {
                    return Ok(false);
                }
                let order =
                    store::find(conn, &told.out_trade_no)?.ok_or(PaymentsError::UnknownOrder)?;
                if order.provider != told.provider {
                    return Err(PaymentsError::NotRefundable("another provider's"));
                }
                if order.state != order::State::Paid {
                    return Err(PaymentsError::NotPaid);
                }
                // An order may have been paid twice; only the payment that brought coins takes some along.
                if told.transaction_id.is_some() && told.transaction_id != order.transaction_id {
                    return Err(PaymentsError::NotRefundable("of another payment"));
                }
                let fen = Fen::new(told.fen)
                    .ok()
                    .ok_or(PaymentsError::NotRefundable("the amount"))?;
                record(
                    conn,
                    now,
                    &order,
                    &New {
                        number: &told.number,
                        fen,
                        ours: false,
                        reason: "platform",
                    },
                )?;
                Ok(true)
            })
            .await
    }
}

/// What WeChat Pay says of this very refund.
fn told_news(refund: &RefundShown, told: &Refund) -> Result<News, String> {
    if told.out_refund_no != refund.number || told.refund != refund.fen.get() {
        return Err("the answer is about another refund".into());
    }
    Ok(news(told.state))
}

pub(crate) const fn news(state: RefundState) -> News {
    match state {
        RefundState::Success => News::Done,
        RefundState::Closed => News::Refused,
        RefundState::Pending => News::Pending,
    }
}
