//! Calls of virtual payment (xpay), and what its answers mean for orders.
//!
//! Page: 虚拟支付服务端接口 (server API of virtual payment), `query_order`.

use qlive_tencent::wechat::WechatError;
use qlive_tencent::xpay::{XpayClient, XpayConfig, XpayOrder, XpayOrderState, xpay_errcode};
use qlive_types::Moment;
use secrecy::SecretString;

use crate::orders::report::{OrderReport, Payment, ReportedRefunds};
use crate::orders::row::Order;
use crate::providers::answer::UnusableAnswer;
use crate::providers::provider::Provider;
use crate::refunds::virtual_outcome::OrderBalance;
use crate::service::Payments;

impl Payments {
    /// The client of virtual payment.
    pub(crate) fn xpay(&self) -> Result<&XpayClient, UnusableAnswer> {
        self.providers
            .xpay
            .as_ref()
            .ok_or(UnusableAnswer::NotConfigured)
    }

    /// Calls xpay with the access token of an app.
    pub(crate) async fn call_xpay<T, F: Future<Output = Result<T, WechatError>>>(
        &self,
        app_id: &str,
        call: impl Fn(SecretString) -> F,
    ) -> Result<T, UnusableAnswer> {
        Ok(self.users.call_wechat(app_id, call).await?)
    }

    /// Queries an order of virtual payment and returns the answer as it came.
    pub(crate) async fn fetch_xpay_order(
        &self,
        order: &Order,
    ) -> Result<XpayOrder, UnusableAnswer> {
        let xpay = self.xpay()?;
        let query = |token| async move {
            xpay.query_order(&token, &order.openid, &order.out_trade_no)
                .await
        };
        self.call_xpay(&order.app_id, query).await
    }

    /// Queries an order of virtual payment.
    pub(crate) async fn query_virtual_order(
        &self,
        order: &Order,
    ) -> Result<OrderReport, UnusableAnswer> {
        match self.fetch_xpay_order(order).await {
            Ok(answer) => Ok(xpay_order_report(&self.xpay()?.config, &answer)),
            Err(UnusableAnswer::Virtual(WechatError::Refused {
                code: xpay_errcode::INVALID_PARAMETER,
                ..
            })) => Ok(OrderReport::NotFound),
            Err(error) => Err(error),
        }
    }

    /// Queries how much of an order is left to refund.
    pub(crate) async fn query_order_balance(
        &self,
        order: &Order,
    ) -> Result<OrderBalance, UnusableAnswer> {
        let answer = self.fetch_xpay_order(order).await?;
        if answer.left_fee < 0 {
            return Err(UnusableAnswer::NoBalance);
        }
        Ok(OrderBalance {
            left: answer.left_fee,
            failed: answer.state == XpayOrderState::RefundFailed,
        })
    }

    /// Queries how many fen of an order were refunded.
    pub(crate) async fn query_refunded_fen(&self, order: &Order) -> Result<i64, UnusableAnswer> {
        let answer = self.fetch_xpay_order(order).await?;
        answer.refunded_fee().ok_or(UnusableAnswer::NoBalance)
    }
}

/// What an order of xpay reports. Unclear when it is of another environment.
fn xpay_order_report(account: &XpayConfig, answer: &XpayOrder) -> OrderReport {
    let is_production = account.env == 0;
    if answer
        .production
        .is_some_and(|production| production != is_production)
    {
        return OrderReport::Unclear;
    }
    let refunded = match (answer.refunded_fee(), answer.state) {
        (Some(fen), _) => ReportedRefunds::Fen(fen),
        (None, XpayOrderState::Refunded) => ReportedRefunds::Some,
        (None, _) => ReportedRefunds::NotReported,
    };
    let paid = |delivery_notice_due| {
        OrderReport::Paid(Payment {
            provider: Provider::Virtual,
            app_id: account.app_id.clone(),
            transaction_id: answer.transaction_id.clone(),
            fen: answer.order_fee,
            currency: "CNY".into(),
            paid_at: parse_unix_secs(answer.paid_time),
            delivery_notice_due,
            refunded,
        })
    };
    match answer.state {
        XpayOrderState::Unpaid => OrderReport::Unpaid,
        XpayOrderState::Paid => paid(true),
        XpayOrderState::Delivered | XpayOrderState::RefundFailed | XpayOrderState::Refunded => {
            paid(false)
        }
        XpayOrderState::Closed => OrderReport::Closed,
        XpayOrderState::Unknown => OrderReport::Unclear,
    }
}

/// Reads a time in Unix seconds. 0 or less: it was not reported.
pub(crate) fn parse_unix_secs(secs: i64) -> Option<Moment> {
    (secs > 0).then(|| Moment::from_millis(secs.saturating_mul(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use qlive_tencent::NonEmptySecret;

    fn account(env: i64) -> XpayConfig {
        XpayConfig {
            app_id: "wx1".into(),
            offer_id: "1".into(),
            app_key: NonEmptySecret::new("key").unwrap(),
            env,
        }
    }

    fn answer(state: XpayOrderState, production: Option<bool>, left_fee: i64) -> XpayOrder {
        XpayOrder {
            order_id: "Q1".into(),
            state,
            production,
            order_fee: 600,
            paid_fee: 600,
            left_fee,
            transaction_id: "4300".into(),
            paid_time: 7,
        }
    }

    #[test]
    fn xpay_state_decides_the_report() {
        for (state, left, expected) in [
            (
                XpayOrderState::Paid,
                600,
                Some((true, ReportedRefunds::Fen(0))),
            ),
            (
                XpayOrderState::Delivered,
                -1,
                Some((false, ReportedRefunds::NotReported)),
            ),
            (
                XpayOrderState::RefundFailed,
                400,
                Some((false, ReportedRefunds::Fen(200))),
            ),
            (
                XpayOrderState::Refunded,
                0,
                Some((false, ReportedRefunds::Fen(600))),
            ),
            (
                XpayOrderState::Refunded,
                -1,
                Some((false, ReportedRefunds::Some)),
            ),
            (XpayOrderState::Unpaid, 600, None),
            (XpayOrderState::Unknown, 600, None),
        ] {
            let report = xpay_order_report(&account(1), &answer(state, Some(false), left));
            let paid = match report {
                OrderReport::Paid(payment) => Some((payment.delivery_notice_due, payment.refunded)),
                _ => None,
            };
            assert_eq!(paid, expected, "{state:?}");
        }
        assert_eq!(
            xpay_order_report(&account(1), &answer(XpayOrderState::Closed, None, -1)),
            OrderReport::Closed
        );
    }

    #[test]
    fn order_of_another_environment_is_unclear() {
        for (env, production, is_clear) in [
            (0, Some(true), true),
            (0, Some(false), false),
            (1, Some(true), false),
            (1, Some(false), true),
            (1, None, true),
        ] {
            let answer = answer(XpayOrderState::Paid, production, 600);
            let report = xpay_order_report(&account(env), &answer);
            assert_eq!(
                report != OrderReport::Unclear,
                is_clear,
                "{env} {production:?}"
            );
        }
    }
}
