//! How long a connection may take, and how many threads serve.

use std::time::Duration;

/// The limits of each connection. Tests use shorter ones.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Threads that serve. None: one for each core.
    pub workers: Option<usize>,
    /// How long a connection may stay open without a request.
    pub idle: Duration,
    /// From the first byte of a request to the last byte of its body.
    pub receive: Duration,
    /// From the moment an answer is ready until the client has taken all of it.
    pub answer: Duration,
    /// How long a connection that the server closes may take to end, so that the client can still
    /// read the last answer.
    pub linger: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            workers: None,
            idle: Duration::from_secs(15),
            receive: Duration::from_secs(15),
            answer: Duration::from_secs(30),
            linger: Duration::from_secs(1),
        }
    }
}
