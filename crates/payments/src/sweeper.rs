//! The sweeper: settles what nobody told us of. Every instance may run one:
//! each question is claimed in the database first.

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio_util::sync::CancellationToken;

use crate::schedule::{AT_ONCE, BATCH};
use crate::{Order, Payments, PaymentsError, RefundShown, Withdrawal, refunds, store, withdrawals};

/// How often it looks.
const TICK: Duration = Duration::from_secs(1);

/// The background worker of an instance.
pub struct Sweeper {
    payments: Payments,
}

impl Sweeper {
    #[must_use]
    pub fn new(payments: Payments) -> Self {
        Self { payments }
    }

    /// Works until it is told to stop; what it has claimed by then is still asked about, since nobody
    /// else takes that up before the claim runs out.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.look(&stop).await {
                // There may be more that is due.
                Ok(true) => continue,
                Ok(false) => {}
                Err(fault) => tracing::warn!(%fault, "the sweeper failed and looks again"),
            }
            stop.run_until_cancelled(tokio::time::sleep(TICK)).await;
        }
    }

    /// One look at what is due; true when a batch was full.
    async fn look(&self, stop: &CancellationToken) -> Result<bool, PaymentsError> {
        let now = self.payments.clock.now();
        self.payments.keep_certificates().await;
        let (orders, refunds, withdrawals) = self
            .payments
            .db
            .read(move |conn| {
                let orders = store::due(conn, now, BATCH)?;
                let refunds = refunds::due(conn, now, BATCH)?;
                Ok::<_, PaymentsError>((orders, refunds, withdrawals::due(conn, now, BATCH)?))
            })
            .await?;
        let full = [orders.len(), refunds.len(), withdrawals.len()]
            .iter()
            .any(|found| i64::try_from(*found) == Ok(BATCH));
        each(orders, stop, |order| self.payments.clone().order_due(order)).await;
        each(refunds, stop, |refund| {
            self.payments.clone().refund_due(refund)
        })
        .await;
        each(withdrawals, stop, |withdrawal| {
            self.payments.clone().withdrawal_due(withdrawal)
        })
        .await;
        Ok(full)
    }
}

impl Payments {
    async fn order_due(self, order: Order) -> Result<(), PaymentsError> {
        // A lease counts from when it is taken, not from when the batch was read.
        let now = self.clock.now();
        let (no, named) = (order.out_trade_no.clone(), order.out_trade_no);
        if self
            .db
            .write(move |conn| Ok::<_, PaymentsError>(store::claim(conn, &no, now)?))
            .await?
        {
            let order = self.order(&named).await?;
            self.resolve(&order).await?;
        }
        Ok(())
    }

    async fn refund_due(self, refund: RefundShown) -> Result<(), PaymentsError> {
        let (now, asked) = (self.clock.now(), refund.clone());
        if self
            .db
            .write(move |conn| Ok::<_, PaymentsError>(refunds::claim(conn, &asked, now)?))
            .await?
        {
            self.pursue(&refund).await?;
        }
        Ok(())
    }

    async fn withdrawal_due(self, withdrawal: Withdrawal) -> Result<(), PaymentsError> {
        let (now, asked) = (self.clock.now(), withdrawal.clone());
        if self
            .db
            .write(move |conn| Ok::<_, PaymentsError>(withdrawals::claim(conn, &asked, now)?))
            .await?
        {
            self.transfer(&withdrawal).await?;
        }
        Ok(())
    }
}

/// Works through a batch, several at once, and begins no more when all stops. What fails stays due.
async fn each<T, F>(batch: Vec<T>, stop: &CancellationToken, work: impl Fn(T) -> F)
where
    F: Future<Output = Result<(), PaymentsError>>,
{
    let begun = stream::iter(batch.into_iter().map(work)).take_until(stop.cancelled());
    let mut works = pin!(begun.buffer_unordered(AT_ONCE));
    while let Some(done) = works.next().await {
        if let Err(fault) = done {
            tracing::warn!(%fault, "a matter of money stays due");
        }
    }
}
