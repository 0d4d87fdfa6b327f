//! Querying a provider about an order, and what follows: settling the answer, closing an expired
//! order, and notifying WeChat that goods were delivered.
//!
//! Pages: 商户订单号查询订单 (query an order), 关闭订单 (close an order), and for virtual payment
//! `query_order` and `notify_provide_goods`.

use std::time::Duration;

use qlive_store::audit_log::{self, Operator};
use qlive_tencent::xpay::XpayOrderState;

use crate::error::PaymentsError;
use crate::orders::report::OrderReport;
use crate::orders::row::{
    Order, claim_order_early, postpone_delivery_notice, set_delivery_notice_due,
};
use crate::orders::settle::SettleOutcome;
use crate::orders::state::{NextStep, OrderState};
use crate::providers::answer::UnusableAnswer;
use crate::providers::provider::Provider;
use crate::service::Payments;

/// The least time between two early queries of one order.
const EARLY_QUERY_INTERVAL: Duration = Duration::from_secs(2);

impl Payments {
    /// Queries an order that is not due and settles the answer, unless it was queried a moment ago.
    /// For clients and callbacks that do not want to wait for the poller. Returns whether there was
    /// a clear answer.
    pub(crate) async fn query_early(&self, order: &Order) -> Result<bool, PaymentsError> {
        let (now, number) = (self.clock.now(), order.out_trade_no.clone());
        let claimed = self
            .db
            .write(move |conn| {
                Ok::<_, PaymentsError>(claim_order_early(conn, &number, now, EARLY_QUERY_INTERVAL)?)
            })
            .await?;
        Ok(claimed && self.query_and_settle(order).await?)
    }

    /// Queries an order that the caller has claimed, and settles the answer. A paid order is not
    /// queried; WeChat is notified of its delivery instead. Returns whether there was a clear
    /// answer.
    pub(crate) async fn query_and_settle(&self, order: &Order) -> Result<bool, PaymentsError> {
        if order.state == OrderState::Paid {
            self.send_delivery_notice(order).await?;
            return Ok(false);
        }
        let number = &order.out_trade_no;
        let report = self.query_provider(order).await;
        let is_clear = !matches!(report, OrderReport::Unclear);
        match self.settle_report(number, report).await? {
            SettleOutcome::Settled {
                next: NextStep::Close,
                ..
            } => {
                let report = self.close_order(order).await;
                self.settle_report(number, report).await?;
            }
            SettleOutcome::Mismatch(mismatch) => {
                tracing::error!(order = number, %mismatch, "a payment does not match its order");
                // A later answer will not match either; an operator must look at it.
                self.settle_report(number, OrderReport::Unclear).await?;
            }
            SettleOutcome::Settled { .. } | SettleOutcome::UnknownOrder => {}
        }
        Ok(is_clear)
    }

    /// Queries the provider. Whatever is not a clear answer is [`OrderReport::Unclear`].
    pub(crate) async fn query_provider(&self, order: &Order) -> OrderReport {
        let answer = match order.provider {
            Provider::WechatPay => self.query_wechat_pay_order(order).await,
            Provider::Virtual => self.query_virtual_order(order).await,
        };
        match answer {
            Ok(report) => report,
            Err(UnusableAnswer::NotConfigured) => OrderReport::Unclear,
            Err(error) => {
                tracing::warn!(
                    order = order.out_trade_no,
                    %error,
                    "no clear answer about an order"
                );
                OrderReport::Unclear
            }
        }
    }

    /// Closes an expired order at its provider. Virtual payment has no such call; its orders are
    /// only no longer offered.
    async fn close_order(&self, order: &Order) -> OrderReport {
        let pay = match (order.provider, &self.providers.wechat_pay) {
            (Provider::Virtual, _) => return OrderReport::NotFound,
            (Provider::WechatPay, None) => return OrderReport::Unclear,
            (Provider::WechatPay, Some(pay)) => pay,
        };
        let now = self.clock.now().secs();
        match pay.close_order(&order.out_trade_no, now).await {
            Ok(()) => OrderReport::Closed,
            Err(error) => {
                // It may just have been paid: the next query will show that.
                tracing::warn!(order = order.out_trade_no, %error, "an order was not closed");
                OrderReport::Unclear
            }
        }
    }

    /// Notifies WeChat that the goods of a paid order were delivered, when that is still due.
    async fn send_delivery_notice(&self, order: &Order) -> Result<(), PaymentsError> {
        let is_known_to_wechat = if order.delivery_notice_due {
            let Ok(xpay) = self.xpay() else {
                return Ok(());
            };
            let number = &order.out_trade_no;
            let notify = |token| async move { xpay.notify_provide_goods(&token, number).await };
            match self.call_xpay(&order.app_id, notify).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(order = number, %error, "WeChat was not notified of a delivery");
                    !matches!(error, UnusableAnswer::AccessToken(_))
                        && !self.waits_for_delivery(order).await
                }
            }
        } else {
            // The order was paid after it had become due for a query; nothing is due any more.
            true
        };
        let (now, number) = (self.clock.now(), order.out_trade_no.clone());
        self.db
            .write(move |conn| {
                if is_known_to_wechat {
                    set_delivery_notice_due(conn, &number, None)?;
                } else {
                    postpone_delivery_notice(conn, &number, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Whether WeChat still waits for the delivery: not when it knows of it, or has refunded the
    /// order.
    async fn waits_for_delivery(&self, order: &Order) -> bool {
        match self.fetch_xpay_order(order).await {
            Ok(answer) => matches!(answer.state, XpayOrderState::Paid | XpayOrderState::Unknown),
            Err(_) => true,
        }
    }

    /// Queries the provider about an order for an operator, and settles the answer.
    ///
    /// WeChat Pay does not report how much of an order was refunded. A refund of the platform that
    /// was never reported shows here only while no refund of the order is recorded; after that only
    /// the bill shows it.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`]; [`PaymentsError::ProviderSilent`] when the answer is not
    /// clear, does not match the order, contradicts what is recorded here, or reports a refund that
    /// is not recorded; else when the database fails.
    pub async fn query_order(&self, by: Operator, number: &str) -> Result<Order, PaymentsError> {
        let before = self.order(number).await?;
        if before.state != OrderState::Paid {
            let (now, number) = (self.clock.now(), number.to_owned());
            self.db
                .write(move |conn| {
                    Ok::<_, PaymentsError>(claim_order_early(conn, &number, now, Duration::ZERO)?)
                })
                .await?;
        }
        let report = self.query_provider(&before).await;
        let problem = find_problem(&before, &report);
        if let SettleOutcome::Mismatch(mismatch) = self.settle_report(number, report).await? {
            return Err(PaymentsError::ProviderSilent(format!(
                "the payment does not match the order: {mismatch}"
            )));
        }
        if let Some(problem) = problem {
            return Err(PaymentsError::ProviderSilent(problem.to_owned()));
        }
        let after = self.order(number).await?;
        if after.state != before.state {
            let (now, change) = (
                self.clock.now(),
                format!("{number} is {}", after.state_name()),
            );
            self.db
                .write(move |conn| {
                    Ok::<_, PaymentsError>(audit_log::record(
                        conn,
                        now,
                        &by,
                        "orders query",
                        &change,
                    )?)
                })
                .await?;
        }
        Ok(after)
    }
}

/// What an operator must know about a report, besides what it changes.
fn find_problem(order: &Order, report: &OrderReport) -> Option<&'static str> {
    match (report, order.state) {
        (OrderReport::Unclear, _) => Some("it gave no clear answer"),
        (OrderReport::Paid(payment), _) if payment.has_unrecorded_refund(order) => Some(
            "it refunded a part of the order, and nothing is on record about that here; \
             import that refund by its number",
        ),
        (
            OrderReport::Unpaid
            | OrderReport::Closed
            | OrderReport::NotFound
            | OrderReport::Refused,
            OrderState::Paid,
        ) => Some("the order is paid here, but not there"),
        _ => None,
    }
}
