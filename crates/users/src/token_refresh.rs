//! Fetching a new access token: one fetch at a time over all instances.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use qlive_store::operation::spawn;
use qlive_store::{Db, StoreError};
use qlive_tencent::NonEmptySecret;
use qlive_tencent::wechat::WechatClient;
use qlive_types::{Clock, random};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use crate::UsersError;
use crate::access_tokens::{
    IssuedToken, RefreshLease, count_forced_refresh, find_access_token, release_refresh_lease,
    take_refresh_lease,
};

/// For how long a caller waits for the fetch of another one.
const WAIT_TIMEOUT: Duration = Duration::from_secs(12);
/// How often a caller looks whether another instance has fetched a token.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Lets one caller of this instance at a time fetch a token of an app. Between the instances the
/// database decides; this only keeps all other callers of an instance from asking it.
#[derive(Default)]
pub(crate) struct LocalRefreshLock {
    fetching: Arc<Mutex<()>>,
    /// How many fetches have ended.
    ended: AtomicU64,
}

/// The locks of the known apps.
pub(crate) type LocalRefreshLocks = Arc<HashMap<String, Arc<LocalRefreshLock>>>;

/// A call that needs a token.
pub(crate) struct TokenRequest {
    pub(crate) wechat: WechatClient,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) app_id: String,
    pub(crate) app_secret: NonEmptySecret,
    /// The token that WeChat has just refused.
    pub(crate) refused: Option<SecretString>,
}

impl TokenRequest {
    /// The stored token, otherwise a new one: fetched here, or by another caller meanwhile.
    ///
    /// # Errors
    /// [`UsersError::WechatUnavailable`] when there is no new token, or not in time; when WeChat
    /// refuses the app's secret; when the database fails.
    pub(crate) async fn run(self, lock: Arc<LocalRefreshLock>) -> Result<SecretString, UsersError> {
        if let Some(token) = self.find_stored().await? {
            return Ok(token);
        }
        let ended = lock.ended.load(Ordering::SeqCst);
        let waiting = tokio::time::timeout(WAIT_TIMEOUT, Arc::clone(&lock.fetching).lock_owned());
        let guard = waiting.await.ok().ok_or_else(no_new_token)?;
        if lock.ended.load(Ordering::SeqCst) != ended {
            // Another caller has fetched meanwhile. If it failed, all who waited have failed.
            return self.find_stored().await?.ok_or_else(no_new_token);
        }
        // In a task of its own: the client of this call may go away, and others wait for it.
        let fetch = spawn(async move {
            let result = self.lease_and_fetch().await;
            lock.ended.fetch_add(1, Ordering::SeqCst);
            drop(guard);
            result
        });
        match fetch.await {
            Ok(result) => result,
            Err(failed) => Err(UsersError::WechatUnavailable(failed.to_string())),
        }
    }

    async fn find_stored(&self) -> Result<Option<SecretString>, StoreError> {
        let (app, refused, now) = (self.app_id.clone(), self.refused.clone(), self.clock.now());
        self.db
            .read(move |conn| find_access_token(conn, &app, refused.as_ref(), now))
            .await
    }

    /// Fetches a token when no other instance does, otherwise waits for it.
    async fn lease_and_fetch(&self) -> Result<SecretString, UsersError> {
        let owner = random::hex(8);
        let mut has_waited = false;
        for _ in 0..WAIT_TIMEOUT.as_millis() / POLL_INTERVAL.as_millis() {
            let (app, refused) = (self.app_id.clone(), self.refused.clone());
            let (as_owner, now) = (owner.clone(), self.clock.now());
            let lease = self
                .db
                .write(move |conn| {
                    take_refresh_lease(conn, &app, refused.as_ref(), &as_owner, has_waited, now)
                })
                .await?;
            match lease {
                RefreshLease::Usable(token) => return Ok(token),
                RefreshLease::Taken => return self.fetch_and_store(owner).await,
                RefreshLease::Busy => has_waited = true,
                RefreshLease::Ended => break,
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Err(no_new_token())
    }

    /// Fetches and stores a token, and releases the lease also when that fails.
    async fn fetch_and_store(&self, owner: String) -> Result<SecretString, UsersError> {
        let fetched = self.fetch(&owner).await;
        let (app, issued, now) = (
            self.app_id.clone(),
            fetched.as_ref().ok().cloned(),
            self.clock.now(),
        );
        self.db
            .write(move |conn| release_refresh_lease(conn, &app, &owner, issued.as_ref(), now))
            .await?;
        Ok(fetched?.token)
    }

    /// The token that WeChat has in force. Only when WeChat has just refused that very token, a new
    /// one is forced, within WeChat's limits.
    async fn fetch(&self, owner: &str) -> Result<IssuedToken, UsersError> {
        let current = self.fetch_from_wechat(false).await?;
        if !self.is_refused(&current.token) {
            return Ok(current);
        }
        let (app, owner, now) = (self.app_id.clone(), owner.to_owned(), self.clock.now());
        let is_allowed = self
            .db
            .write(move |conn| count_forced_refresh(conn, &app, &owner, now))
            .await?;
        if !is_allowed {
            return Err(UsersError::WechatUnavailable(
                "WeChat refuses the access token that it issues, and a new one may not be forced \
                 yet"
                .into(),
            ));
        }
        tracing::warn!(
            app_id = self.app_id,
            "WeChat refuses the access token that it issues: a new one is forced"
        );
        match self.fetch_from_wechat(true).await {
            Ok(forced) if !self.is_refused(&forced.token) => Ok(forced),
            Ok(_) => Err(no_new_token()),
            Err(UsersError::WechatFailed(cause)) => Err(UsersError::WechatUnavailable(cause)),
            Err(error) => Err(error),
        }
    }

    async fn fetch_from_wechat(&self, force_refresh: bool) -> Result<IssuedToken, UsersError> {
        let issued = self
            .wechat
            .fetch_stable_token(&self.app_id, &self.app_secret, force_refresh)
            .await?;
        Ok(IssuedToken {
            token: issued.token,
            life: Duration::from_secs(issued.expires_in),
            was_forced: force_refresh,
        })
    }

    fn is_refused(&self, token: &SecretString) -> bool {
        self.refused
            .as_ref()
            .is_some_and(|refused| refused.expose_secret() == token.expose_secret())
    }
}

fn no_new_token() -> UsersError {
    UsersError::WechatUnavailable("there is no new access token".into())
}
