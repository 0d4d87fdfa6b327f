//! The loop of the background workers that look in the database for work that is due.

use std::fmt::Display;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::operation::run_background;

/// A background worker. [`run_worker`] repeats its rounds until the process stops.
pub trait BackgroundWorker: Send {
    /// The name in log lines.
    const NAME: &'static str;
    /// The pause between two rounds.
    const INTERVAL: Duration;
    /// The error of a round that failed as a whole.
    type Error: Display;

    /// Runs one round: finds what is due and handles it. A round that takes long watches `stop`
    /// and begins nothing new when it is cancelled.
    ///
    /// # Errors
    /// A failure of the whole round. It is logged, and the next round runs after the pause.
    fn run_round(
        &mut self,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<RoundOutcome, Self::Error>> + Send;

    /// Waits for the next round: [`Self::INTERVAL`], or shorter when the worker is woken.
    fn pause(&self) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(Self::INTERVAL)
    }
}

/// What a round of a [`BackgroundWorker`] left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundOutcome {
    /// Everything that was due is handled.
    Done,
    /// A batch was full, so more may be due: the next round follows without a pause.
    MoreDue,
}

/// Runs the rounds of `worker` until `stop` is cancelled. A round that has begun is finished; a
/// pause is cut short.
pub async fn run_worker<W: BackgroundWorker>(worker: &mut W, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        match run_background(W::NAME, worker.run_round(stop)).await {
            Ok(RoundOutcome::MoreDue) => continue,
            Ok(RoundOutcome::Done) => {}
            Err(error) => {
                tracing::warn!(%error, worker = W::NAME, "a round failed and is repeated");
            }
        }
        stop.run_until_cancelled(worker.pause()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the prepared outcomes one after the other, then cancels the token.
    struct Scripted {
        outcomes: Vec<Result<RoundOutcome, &'static str>>,
        rounds: usize,
    }

    impl BackgroundWorker for Scripted {
        const NAME: &'static str = "scripted";
        const INTERVAL: Duration = Duration::from_secs(10);
        type Error = &'static str;

        async fn run_round(
            &mut self,
            stop: &CancellationToken,
        ) -> Result<RoundOutcome, &'static str> {
            let outcome = self.outcomes[self.rounds];
            self.rounds += 1;
            if self.rounds == self.outcomes.len() {
                stop.cancel();
            }
            outcome
        }

        async fn pause(&self) {
            tokio::task::yield_now().await;
        }
    }

    async fn rounds(outcomes: Vec<Result<RoundOutcome, &'static str>>) -> usize {
        let mut worker = Scripted {
            outcomes,
            rounds: 0,
        };
        run_worker(&mut worker, &CancellationToken::new()).await;
        worker.rounds
    }

    #[tokio::test]
    async fn failed_round_is_followed_by_another() {
        let outcomes = vec![Err("failed"), Ok(RoundOutcome::Done), Err("failed again")];
        assert_eq!(rounds(outcomes).await, 3);
    }

    #[tokio::test]
    async fn stopped_worker_runs_no_other_round() {
        assert_eq!(rounds(vec![Ok(RoundOutcome::MoreDue)]).await, 1);
        let mut worker = Scripted {
            outcomes: Vec::new(),
            rounds: 0,
        };
        let stop = CancellationToken::new();
        stop.cancel();
        run_worker(&mut worker, &stop).await;
        assert_eq!(worker.rounds, 0);
    }

    /// Finds more due in its first two rounds, and uses the default pause.
    struct Busy {
        rounds: usize,
    }

    impl BackgroundWorker for Busy {
        const NAME: &'static str = "busy";
        const INTERVAL: Duration = Duration::from_secs(3_600);
        type Error = &'static str;

        async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, &'static str> {
            self.rounds += 1;
            Ok(match self.rounds {
                1 | 2 => RoundOutcome::MoreDue,
                _ => RoundOutcome::Done,
            })
        }
    }

    #[tokio::test]
    async fn full_round_is_followed_without_pause_and_a_pause_ends_with_the_worker() {
        let stop = CancellationToken::new();
        let mut worker = Busy { rounds: 0 };
        let canceller = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stop.cancel();
        };
        tokio::join!(run_worker(&mut worker, &stop), canceller);
        assert_eq!(worker.rounds, 3);
    }
}
