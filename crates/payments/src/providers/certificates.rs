//! When WeChat Pay's platform certificates are downloaded, for merchants that verify with them.
//!
//! Page: 下载平台证书 (download the platform certificates).

use std::time::Duration;

use qlive_tencent::pay::PayClient;
use qlive_types::{Clock, Tick};
use tokio::sync::Mutex;

/// The least time between two attempts, since a forged callback can name an unknown certificate.
const MIN_INTERVAL: Duration = Duration::from_secs(60);
/// How old the certificates may get.
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// Downloads certificates, one attempt at a time.
#[derive(Debug, Default)]
pub(crate) struct CertificateRefresher(Mutex<Attempts>);

#[derive(Debug, Default)]
struct Attempts {
    last_success: Option<Tick>,
    last: Option<Tick>,
}

impl CertificateRefresher {
    /// Downloads them when they are old, unless another task is doing so.
    pub(crate) async fn refresh_if_old(&self, pay: &PayClient, clock: &Clock) {
        if let Ok(mut attempts) = self.0.try_lock()
            && attempts
                .last_success
                .is_none_or(|at| clock.tick().since(at) >= MAX_AGE)
        {
            attempts.download(pay, clock).await;
        }
    }

    /// Downloads them because a callback named one that is not known.
    pub(crate) async fn refresh_unknown(&self, pay: &PayClient, clock: &Clock) {
        self.0.lock().await.download(pay, clock).await;
    }
}

impl Attempts {
    /// Downloads the certificates, unless that was attempted a moment ago.
    async fn download(&mut self, pay: &PayClient, clock: &Clock) {
        let now = clock.tick();
        if self.last.is_some_and(|at| now.since(at) < MIN_INTERVAL) {
            return;
        }
        self.last = Some(now);
        match pay.refresh_certificates(clock.now().secs()).await {
            Ok(()) => self.last_success = Some(now),
            Err(error) => tracing::warn!(%error, "the certificates cannot be downloaded"),
        }
    }
}
