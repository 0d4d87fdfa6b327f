//! When WeChat's certificates are fetched anew, where it signs with them.

use std::time::Duration;

use qlive_tencent::pay::Pay;
use qlive_types::Moment;

use crate::Payments;

/// The least time between two tries, since anybody can name a certificate that is not known.
const TRY_EVERY: Duration = Duration::from_secs(60);
/// How old they may get.
const FETCH_EVERY: Duration = Duration::from_secs(3_600);

/// When they were fetched, and when that was tried last.
#[derive(Debug, Default)]
pub(crate) struct Refreshed {
    done: Option<Moment>,
    tried: Option<Moment>,
}

impl Payments {
    /// Fetches them when they are old. Left alone while somebody else does.
    pub(crate) async fn keep_certificates(&self) {
        let Some(pay) = self
            .providers
            .wechat_pay
            .as_ref()
            .filter(|pay| pay.uses_certificates())
        else {
            return;
        };
        let now = self.clock.now();
        if let Ok(mut refreshed) = self.refreshed.try_lock()
            && refreshed.done.is_none_or(|at| now.since(at) >= FETCH_EVERY)
        {
            refresh(&mut refreshed, pay, now).await;
        }
    }

    /// Fetches them because one was named that is not known.
    pub(crate) async fn look_for_certificate(&self, pay: &Pay) {
        let mut refreshed = self.refreshed.lock().await;
        refresh(&mut refreshed, pay, self.clock.now()).await;
    }
}

/// Fetches them, unless that was tried a moment ago.
async fn refresh(refreshed: &mut Refreshed, pay: &Pay, now: Moment) {
    if refreshed.tried.is_some_and(|at| now.since(at) < TRY_EVERY) {
        return;
    }
    refreshed.tried = Some(now);
    match pay.refresh_certificates(now.secs()).await {
        Ok(()) => refreshed.done = Some(now),
        Err(error) => tracing::warn!(%error, "the certificates cannot be fetched"),
    }
}
