//! [`ConnectionPermits`]: transactions wait for a permit, asynchronously and first come first
//! served, so that no thread waits for a connection and no operation takes every connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::StoreError;
use crate::operation::Operation;

/// How long a transaction waits for a connection before it fails with
/// [`StoreError::Unavailable`].
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Counts the connections that are in use, in all and by operation.
pub(crate) struct ConnectionPermits {
    connections: Arc<Semaphore>,
    /// The most connections that one operation may use.
    share: usize,
    shares: Mutex<HashMap<&'static str, Arc<Semaphore>>>,
    timeout: Duration,
}

/// The right to use one connection. It belongs to the thread that uses the connection, also when
/// nobody waits for that thread any longer.
pub(crate) struct Permit {
    _share: Option<OwnedSemaphorePermit>,
    _connection: OwnedSemaphorePermit,
}

impl ConnectionPermits {
    /// The permits for `size` connections. An operation may use half of them, at least one.
    pub(crate) fn new(size: u32) -> Self {
        let size = usize::try_from(size).unwrap_or(1).max(1);
        Self {
            connections: Arc::new(Semaphore::new(size)),
            share: (size / 2).max(1),
            shares: Mutex::default(),
            timeout: ACQUIRE_TIMEOUT,
        }
    }

    /// Waits for a connection that `operation` may use.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] after five seconds.
    pub(crate) async fn acquire(&self, operation: Option<Operation>) -> Result<Permit, StoreError> {
        let unavailable = || {
            let name = operation.map_or("", |operation| operation.name);
            StoreError::Unavailable(format!("all connections that {name} may use are in use"))
        };
        match timeout(self.timeout, self.wait_for_permit(operation)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(unavailable()),
        }
    }

    async fn wait_for_permit(&self, operation: Option<Operation>) -> Result<Permit, AcquireError> {
        // The share first: a transaction that waits for its share holds no connection.
        let share = match operation {
            Some(operation) => Some(self.share_of(operation.name).acquire_owned().await?),
            None => None,
        };
        Ok(Permit {
            _share: share,
            _connection: Arc::clone(&self.connections).acquire_owned().await?,
        })
    }

    /// The share of an operation. Names come from the program, so the map stays small.
    fn share_of(&self, name: &'static str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares
            .entry(name)
            .or_insert_with(|| Arc::new(Semaphore::new(self.share)));
        Arc::clone(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn named(name: &'static str) -> Option<Operation> {
        Some(Operation { name, limit: None })
    }

    /// The permits that many attempts get at once.
    async fn acquired(permits: &ConnectionPermits, operation: Option<Operation>) -> Vec<Permit> {
        let mut held = Vec::new();
        for _ in 0..20 {
            match timeout(Duration::from_millis(5), permits.acquire(operation)).await {
                Ok(Ok(permit)) => held.push(permit),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        held
    }

    #[tokio::test]
    async fn operation_gets_half_of_the_connections_and_at_least_one() {
        for (size, share) in [(1, 1), (2, 1), (3, 1), (8, 4)] {
            let permits = ConnectionPermits::new(size);
            let gifts = acquired(&permits, named("gifts")).await;
            assert_eq!(gifts.len(), share, "of {size}");
            drop(gifts);
            assert_eq!(acquired(&permits, named("gifts")).await.len(), share);
        }
    }

    #[tokio::test]
    async fn others_use_what_an_operation_leaves() {
        let permits = ConnectionPermits::new(8);
        let gifts = acquired(&permits, named("gifts")).await;
        let wallets = acquired(&permits, named("wallets")).await;
        assert_eq!((gifts.len(), wallets.len()), (4, 4));
        assert!(acquired(&permits, None).await.is_empty());
        drop(gifts);
        assert_eq!(acquired(&permits, None).await.len(), 4, "no name, no share");
    }

    #[tokio::test]
    async fn waiting_for_a_connection_ends_as_unavailable() {
        let mut permits = ConnectionPermits::new(1);
        permits.timeout = Duration::from_millis(20);
        let held = permits.acquire(named("gifts")).await.unwrap();
        let waited = permits.acquire(named("wallets")).await;
        assert!(matches!(waited, Err(StoreError::Unavailable(_))));
        drop(held);
        assert!(permits.acquire(named("wallets")).await.is_ok());
    }
}
