//! Waiting for work that the server does in the background.

use std::time::Duration;

use crate::test_app::TestApp;

/// How long [`wait_until`] waits: long enough for a busy machine, but shorter than the lease of a
/// lane, so that no test passes by waiting for the lease of a stopped instance to expire.
const WAIT_TIMEOUT: Duration = Duration::from_secs(20);
/// How often it checks.
const INTERVAL: Duration = Duration::from_millis(25);

/// Waits until `check` is true. The server's clock keeps its normal speed.
///
/// # Panics
/// After twenty seconds, with `what` in the message.
pub async fn wait_until<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    for _ in 0..WAIT_TIMEOUT.as_millis() / INTERVAL.as_millis() {
        if check().await {
            return;
        }
        tokio::time::sleep(INTERVAL).await;
    }
    panic!("not in time: {what}");
}

impl TestApp {
    /// Waits until `check` is true and moves the clock forward by a minute per second meanwhile.
    ///
    /// It moves in small steps, so that a signature made by one side is not too old when the other
    /// side verifies it.
    ///
    /// # Panics
    /// After thirty minutes on the server's clock, with `what` in the message.
    pub async fn wait_and_advance<F: Future<Output = bool>>(
        &self,
        what: &str,
        mut check: impl FnMut() -> F,
    ) {
        for _ in 0..60 {
            if check().await {
                return;
            }
            self.advance(30);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("not in time: {what}");
    }

    /// Waits until the outbox worker has delivered, skipped or parked every delivery.
    pub async fn wait_for_outbox(&self) {
        wait_until("the outbox is empty", || async {
            self.services.outbox.stats().await.unwrap().waiting == 0
        })
        .await;
    }
}
