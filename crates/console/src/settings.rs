//! [`ConsoleSettings`].

use std::net::IpAddr;

/// How the console runs.
#[derive(Debug, Clone, Default)]
pub struct ConsoleSettings {
    /// Whether the money and the people are a sandbox's: the pages say so, and a one-time link
    /// logs in.
    pub is_sandbox: bool,
    /// How operators reach it, without a path; empty: as their browsers name it.
    pub public_url: String,
    /// The proxies that name the address of an operator in `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpAddr>,
}
