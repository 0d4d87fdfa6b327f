//! Which operation the running task works for, so that none takes every connection.

use std::time::Duration;

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

tokio::task_local! {
    static OPERATION: Operation;
}

/// The operation that this task works for; `None` for tests and operators' commands, which may use
/// every connection.
pub(crate) fn current() -> Option<Operation> {
    OPERATION.try_with(|operation| *operation).ok()
}

/// Runs a request. All requests of this name together take at most a share of the connections, and
/// none waits longer than ten seconds for the database.
pub async fn run_request<F: Future>(name: &'static str, request: F) -> F::Output {
    let limit = Some(REQUEST_LIMIT);
    OPERATION.scope(Operation { name, limit }, request).await
}

/// Runs background work. Everything of this name together takes at most a share of the connections.
/// It waits as long as its transactions take.
pub async fn run_background<F: Future>(name: &'static str, work: F) -> F::Output {
    OPERATION.scope(Operation { name, limit: None }, work).await
}
