//! [`PaymentPoller`]: queries the providers about whatever is due. Each instance may run one, since
//! a row is claimed in the database before it is queried.

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;
use tokio_util::sync::CancellationToken;

use crate::error::PaymentsError;
use crate::orders::row::{Order, claim_order, due_orders};
use crate::refunds::row::{OrderRefund, claim_refund, due_refunds};
use crate::service::Payments;
use crate::withdrawals::row::{Withdrawal, claim_withdrawal, due_withdrawals};

/// How often due rows are looked for.
const INTERVAL: Duration = Duration::from_secs(1);
/// The most rows of one table that are handled in one pass.
const BATCH: i64 = 40;
/// The most rows that are handled at the same time.
const CONCURRENCY: usize = 8;

/// The background worker that queries the providers.
pub struct PaymentPoller {
    payments: Payments,
}

impl BackgroundWorker for PaymentPoller {
    const NAME: &'static str = "payment poller";
    const INTERVAL: Duration = INTERVAL;
    type Error = PaymentsError;

    async fn run_round(&mut self, stop: &CancellationToken) -> Result<RoundOutcome, PaymentsError> {
        self.poll_once(stop).await
    }
}

impl PaymentPoller {
    /// Makes a worker; it does nothing until [`PaymentPoller::run`].
    #[must_use]
    pub fn new(payments: Payments) -> Self {
        Self { payments }
    }

    /// Works until `stop` is cancelled. Rows that were claimed by then are still handled, since
    /// nobody else handles them before their lease ends.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
    }

    /// Handles what is due now.
    async fn poll_once(&self, stop: &CancellationToken) -> Result<RoundOutcome, PaymentsError> {
        let payments = &self.payments;
        let now = payments.clock.now();
        if let Some(pay) = &payments.providers.wechat_pay
            && pay.uses_certificates()
        {
            payments
                .certificates
                .refresh_if_old(pay, &payments.clock)
                .await;
        }
        let (orders, refunds, withdrawals) = payments
            .db
            .read(move |conn| {
                let orders = due_orders(conn, now, BATCH)?;
                let refunds = due_refunds(conn, now, BATCH)?;
                Ok::<_, PaymentsError>((orders, refunds, due_withdrawals(conn, now, BATCH)?))
            })
            .await?;
        let is_full = [orders.len(), refunds.len(), withdrawals.len()]
            .iter()
            .any(|count| i64::try_from(*count) == Ok(BATCH));
        for_each(orders, stop, |order| payments.clone().poll_order(order)).await;
        for_each(refunds, stop, |refund| payments.clone().poll_refund(refund)).await;
        for_each(withdrawals, stop, |withdrawal| {
            payments.clone().poll_withdrawal(withdrawal)
        })
        .await;
        Ok(if is_full {
            RoundOutcome::MoreDue
        } else {
            RoundOutcome::Done
        })
    }
}

impl Payments {
    async fn poll_order(self, order: Order) -> Result<(), PaymentsError> {
        let number = order.out_trade_no.clone();
        if self
            .claim(move |conn, now| claim_order(conn, &number, now))
            .await?
        {
            // It may have been paid since it was read.
            let order = self.order(&order.out_trade_no).await?;
            self.query_and_settle(&order).await?;
        }
        Ok(())
    }

    async fn poll_refund(self, refund: OrderRefund) -> Result<(), PaymentsError> {
        let to_claim = refund.clone();
        if self
            .claim(move |conn, now| claim_refund(conn, &to_claim, now))
            .await?
        {
            self.advance_refund(&refund).await?;
        }
        Ok(())
    }

    async fn poll_withdrawal(self, withdrawal: Withdrawal) -> Result<(), PaymentsError> {
        let to_claim = withdrawal.clone();
        if self
            .claim(move |conn, now| claim_withdrawal(conn, &to_claim, now))
            .await?
        {
            self.advance_withdrawal(&withdrawal).await?;
        }
        Ok(())
    }

    /// Claims a row in a transaction of its own. The lease counts from now, not from when the batch
    /// was read.
    async fn claim(
        &self,
        claim: impl Fn(&mut Conn, Moment) -> Result<bool, StoreError> + Send + 'static,
    ) -> Result<bool, PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| Ok::<_, PaymentsError>(claim(conn, now)?))
            .await
    }
}

/// Handles the rows of a batch, several at the same time. Begins no more once `stop` is cancelled.
/// A row whose handling fails stays due.
async fn for_each<T, F>(batch: Vec<T>, stop: &CancellationToken, handle: impl Fn(T) -> F)
where
    F: Future<Output = Result<(), PaymentsError>>,
{
    let begun = stream::iter(batch.into_iter().map(handle)).take_until(stop.cancelled());
    let mut handled = pin!(begun.buffer_unordered(CONCURRENCY));
    while let Some(result) = handled.next().await {
        if let Err(error) = result {
            tracing::warn!(%error, "an order, refund or withdrawal stays due");
        }
    }
}
