//! Which operation the running task works for, so that none takes every connection.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::StoreError;

/// How long a request waits for the end of its transaction. A transaction that takes longer, since
/// the database hangs, ends on its own; what it did is unknown to the client, as after a lost
/// connection.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// What a task works for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Everything with this name shares one share of the connections.
    pub(crate) name: &'static str,
    /// How long it waits for the end of a transaction; `None`: as long as it takes.
    pub(crate) limit: Option<Duration>,
}

impl Operation {
    /// Waits for the database no longer than this operation may.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when that is over.
    pub(crate) async fn within_limit<F: Future>(self, work: F) -> Result<F::Output, StoreError> {
        match self.limit {
            Some(limit) => timeout(limit, work).await.map_err(|_elapsed| {
                StoreError::Unavailable("it did not answer in time".to_owned())
            }),
            None => Ok(work.await),
        }
    }
}

tokio::task_local! {
    static OPERATION: Operation;
}

/// The operation that this task works for; `None` for tests and operators' commands, which may use
/// every connection.
pub(crate) fn current() -> Option<Operation> {
    OPERATION.try_with(|operation| *operation).ok()
}

/// Waits for another task no longer than the running operation may.
///
/// # Errors
/// [`StoreError::Unavailable`] when that is over.
pub async fn within_limit<F: Future>(work: F) -> Result<F::Output, StoreError> {
    match current() {
        Some(operation) => operation.within_limit(work).await,
        None => Ok(work.await),
    }
}

/// Runs a request. All requests of this name together take at most a share of the connections, and
/// none waits longer than ten seconds for the database.
pub async fn run_request<F: Future>(name: &'static str, request: F) -> F::Output {
    let limit = Some(REQUEST_LIMIT);
    OPERATION.scope(Operation { name, limit }, request).await
}

/// Spawns a task that works for the same operation as this one, so that it takes no connection
/// outside of the operation's share.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    match current() {
        Some(operation) => tokio::spawn(OPERATION.scope(operation, work)),
        None => tokio::spawn(work),
    }
}

/// Runs background work. Everything of this name together takes at most a share of the connections.
/// It waits as long as its transactions take.
pub async fn run_background<F: Future>(name: &'static str, work: F) -> F::Output {
    OPERATION.scope(Operation { name, limit: None }, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn spawned_task_works_for_the_operation_of_its_parent() {
        let spawned = run_request("GET /", async { spawn(async { current() }).await.unwrap() });
        let expected = Operation {
            name: "GET /",
            limit: Some(REQUEST_LIMIT),
        };
        assert_eq!(spawned.await, Some(expected));
        assert_eq!(spawn(async { current() }).await.unwrap(), None);
    }
}
