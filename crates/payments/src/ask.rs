//! Asking a provider what became of an order.

use std::time::Duration;

use qlive_tencent::pay::{PayError, TradeState, Transaction};
use qlive_tencent::wechat::WechatError;
use qlive_tencent::xpay::{XpayAccount, XpayOrder, XpayState, code};
use qlive_types::Moment;

use crate::order::{Next, State};
use crate::settle::{Payment, Seen, Settled, provide_later, provided};
use crate::store::{self, Order};
use crate::{Payments, PaymentsError, Provider};

/// How often a client's impatience may ask the provider about one order.
const ASKED_EVERY: Duration = Duration::from_secs(2);

impl Payments {
    /// Asks about an order now, unless that was just done, and settles the answer.
    /// For those who will not wait for the sweeper.
    pub(crate) async fn look_into(&self, order: &Order) -> Result<(), PaymentsError> {
        let (now, no) = (self.clock.now(), order.out_trade_no.clone());
        let free = now.before(ASKED_EVERY);
        let claimed = self
            .db
            .write(move |conn| Ok::<_, PaymentsError>(store::claim_early(conn, &no, now, free)?))
            .await?;
        if claimed {
            self.resolve(order).await.map(drop)
        } else {
            Ok(())
        }
    }

    /// Asks about an order that the caller has claimed, and settles the answer.
    pub(crate) async fn resolve(&self, order: &Order) -> Result<Settled, PaymentsError> {
        if order.state == State::Paid {
            return self.provide(order).await;
        }
        let seen = self.ask(order).await;
        let settled = self.settle(&order.out_trade_no, seen).await?;
        match settled {
            Settled::So {
                next: Next::Close, ..
            } => {
                let seen = self.close(order).await;
                self.settle(&order.out_trade_no, seen).await
            }
            Settled::Unfit(why) => {
                tracing::error!(
                    order = order.out_trade_no,
                    why,
                    "a payment does not fit its order"
                );
                // It will not fit better later: a person must look.
                self.settle(&order.out_trade_no, Seen::Unclear).await
            }
            other => Ok(other),
        }
    }

    /// What the provider says of an order.
    pub(crate) async fn ask(&self, order: &Order) -> Seen {
        let now = self.clock.now();
        let answer = match order.provider {
            Provider::WechatPay => {
                let Some(pay) = &self.providers.wechat_pay else {
                    return Seen::Unclear;
                };
                match pay.query(&order.out_trade_no, now.secs()).await {
                    Ok(told)
                        if told.out_trade_no != order.out_trade_no || told.mchid != pay.mchid() =>
                    {
                        Err("the answer is about another order".to_owned())
                    }
                    Ok(told) => Ok(transaction(&told)),
                    Err(error) if error.is_not_found() => Ok(Seen::Missing),
                    Err(error) => Err(error.to_string()),
                }
            }
            Provider::Virtual => match self.query_goods(order).await {
                Ok(Ok(told)) => Ok(self
                    .providers
                    .xpay
                    .as_ref()
                    .map_or(Seen::Unclear, |xpay| goods(&xpay.account, &told))),
                Ok(Err(WechatError::Refused {
                    code: code::BAD_PARAMETER,
                    ..
                })) => Ok(Seen::Missing),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            },
        };
        answer.unwrap_or_else(|why| {
            tracing::warn!(
                order = order.out_trade_no,
                why,
                "no clear answer about an order"
            );
            Seen::Unclear
        })
    }

    /// What xpay says of an order. The outer error is about the access token.
    pub(crate) async fn query_goods(
        &self,
        order: &Order,
    ) -> Result<Result<XpayOrder, WechatError>, PaymentsError> {
        let xpay = self
            .providers
            .xpay
            .as_ref()
            .ok_or(PaymentsError::ProviderUnavailable)?;
        let query = |token| async move {
            xpay.query_order(&token, &order.openid, &order.out_trade_no)
                .await
        };
        Ok(self.users.call(&order.app_id, query).await?)
    }

    /// Has an expired order closed. Virtual payment has no call for that: there we only stop offering it.
    async fn close(&self, order: &Order) -> Seen {
        match (order.provider, &self.providers.wechat_pay) {
            (Provider::Virtual, _) => Seen::Missing,
            (Provider::WechatPay, None) => Seen::Unclear,
            (Provider::WechatPay, Some(pay)) => match pay
                .close(&order.out_trade_no, self.clock.now().secs())
                .await
            {
                Ok(()) => Seen::Closed,
                Err(error) => {
                    // It may have been paid this very moment: the next question tells.
                    tracing::warn!(order = order.out_trade_no, %error, "an order is not closed");
                    Seen::Unclear
                }
            },
        }
    }

    /// Whether WeChat still waits for the goods; not when it has heard of them, or gave the money back.
    async fn awaits_goods(&self, order: &Order) -> bool {
        match self.query_goods(order).await {
            Ok(Ok(told)) => matches!(told.state, XpayState::Paid | XpayState::Unknown),
            Ok(Err(_)) | Err(_) => true,
        }
    }

    /// Tells WeChat that a paid order's goods were provided.
    async fn provide(&self, order: &Order) -> Result<Settled, PaymentsError> {
        let settled = Settled::So {
            state: State::Paid,
            credited: false,
            next: Next::Rest,
        };
        if !order.provision_due {
            // It was paid while somebody took it up: nothing is due any more.
            let no = order.out_trade_no.clone();
            self.db
                .write(move |conn| Ok::<_, PaymentsError>(provided(conn, &no)?))
                .await?;
            return Ok(settled);
        }
        let Some(xpay) = &self.providers.xpay else {
            return Ok(settled);
        };
        let tell =
            |token| async move { xpay.notify_provide_goods(&token, &order.out_trade_no).await };
        let told = match self.users.call(&order.app_id, tell).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(order = order.out_trade_no, %error, "WeChat does not hear that goods were provided");
                !self.awaits_goods(order).await
            }
            Err(error) => {
                tracing::warn!(order = order.out_trade_no, %error, "no token to tell that goods were provided");
                false
            }
        };
        let no = order.out_trade_no.clone();
        self.db
            .write(move |conn| match told {
                true => Ok::<_, PaymentsError>(provided(conn, &no)?),
                false => Ok(provide_later(conn, &no)?),
            })
            .await?;
        Ok(settled)
    }
}

/// What a transaction of WeChat Pay says.
pub(crate) fn transaction(told: &Transaction) -> Seen {
    match told.state {
        TradeState::Success | TradeState::Refund => Seen::Paid(Payment {
            provider: Provider::WechatPay,
            app_id: told.app_id.clone(),
            transaction_id: told.transaction_id.clone(),
            fen: told.total,
            currency: told.currency.clone(),
            at: Moment::parse_rfc3339(&told.success_time),
            provision_due: false,
            // It does not tell how much.
            gone: i64::from(told.state == TradeState::Refund),
        }),
        TradeState::NotPay => Seen::Unpaid,
        TradeState::Closed => Seen::Closed,
        TradeState::Unknown => Seen::Unclear,
    }
}

/// What an order of virtual payment says; nothing clear when it is another environment's.
fn goods(account: &XpayAccount, told: &XpayOrder) -> Seen {
    if told
        .production
        .is_some_and(|production| production != (account.env == 0))
    {
        return Seen::Unclear;
    }
    let gone = if told.left_fee < 0 {
        i64::from(told.state == XpayState::Refunded)
    } else {
        told.order_fee - told.left_fee
    };
    let paid = |provision_due| {
        Seen::Paid(Payment {
            provider: Provider::Virtual,
            app_id: account.app_id.clone(),
            transaction_id: told.transaction_id.clone(),
            fen: told.order_fee,
            currency: "CNY".into(),
            at: moment(told.paid_time),
            provision_due,
            gone,
        })
    };
    match told.state {
        XpayState::Unpaid => Seen::Unpaid,
        XpayState::Paid => paid(true),
        XpayState::Provided | XpayState::RefundFailed | XpayState::Refunded => paid(false),
        XpayState::Closed => Seen::Closed,
        XpayState::Unknown => Seen::Unclear,
    }
}

/// A time in Unix seconds, when one was told.
pub(crate) fn moment(secs: i64) -> Option<Moment> {
    (secs > 0).then(|| Moment::from_millis(secs.saturating_mul(1000)))
}

/// Whether a refusal of WeChat Pay is its word, not a passing trouble.
pub(crate) const fn is_word(error: &PayError) -> bool {
    matches!(error, PayError::Refused { status, .. } if *status < 500 && *status != 429)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_of_virtual_payment_says_what_it_is() {
        let account = |env| XpayAccount {
            app_id: "wx1".into(),
            offer_id: "1".into(),
            app_key: String::new().into(),
            env,
        };
        let told = |state, production, left_fee| XpayOrder {
            order_id: "Q1".into(),
            state,
            production,
            order_fee: 600,
            left_fee,
            transaction_id: "4300".into(),
            paid_time: 7,
        };
        let paid = |told| match goods(&account(1), &told) {
            Seen::Paid(payment) => Some((payment.provision_due, payment.gone)),
            _ => None,
        };
        for (state, left, expected) in [
            (XpayState::Paid, 600, Some((true, 0))),
            (XpayState::Provided, -1, Some((false, 0))),
            (XpayState::RefundFailed, 400, Some((false, 200))),
            (XpayState::Refunded, 0, Some((false, 600))),
            (XpayState::Refunded, -1, Some((false, 1))),
            (XpayState::Unpaid, 600, None),
            (XpayState::Unknown, 600, None),
        ] {
            assert_eq!(paid(told(state, Some(false), left)), expected, "{state:?}");
        }
        assert_eq!(
            goods(&account(1), &told(XpayState::Closed, None, -1)),
            Seen::Closed
        );
        for (env, production, clear) in [
            (0, Some(true), true),
            (0, Some(false), false),
            (1, Some(true), false),
            (1, Some(false), true),
            (1, None, true),
        ] {
            let seen = goods(&account(env), &told(XpayState::Paid, production, 600));
            assert_eq!(seen != Seen::Unclear, clear, "{env} {production:?}");
        }
    }
}
