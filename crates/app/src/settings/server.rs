//! The settings of the process itself: `[server]`, `[database]`, `[sandbox]` and `[limits]`.

use std::net::{IpAddr, SocketAddr};

use secrecy::SecretString;
use serde::Deserialize;

use super::deserialize::{deserialize_addresses, deserialize_list};

/// `[server]`: where the API listens, and what it logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSection {
    pub listen: SocketAddr,
    /// How clients and WeChat reach the server, without a path. Empty: `http://` and `listen`.
    pub public_url: String,
    /// A filter of `tracing`, such as `info` or `qlive_rooms=debug,warn`.
    pub log: String,
    pub log_format: LogFormat,
    /// Proxies whose `X-Forwarded-For` is believed. In the environment separated by commas.
    #[serde(deserialize_with = "deserialize_addresses")]
    pub trusted_proxies: Vec<IpAddr>,
    /// Where `/metrics`, `/openapi.json` and `/docs` are served. Not set: on `listen` while that is
    /// a loopback address, else nowhere.
    pub internal_listen: Option<SocketAddr>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// `[database]`: where the database is. The URL may hold a password.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSection {
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`.
    pub url: SecretString,
    /// Open connections of this instance. SQLite has one more, which writes.
    pub pool_size: u32,
}

/// `[sandbox]`: the sandbox of this process, or of another one on this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSection {
    /// Not set: only when nothing real is configured and the server listens on loopback.
    pub enabled: Option<bool>,
    pub listen: SocketAddr,
    /// The sandbox of another process, which is used instead of one in this process.
    pub join: Option<SocketAddr>,
    /// Whether server and sandbox may listen on private addresses, for a front end on another
    /// machine of the same network.
    pub private_addresses: bool,
    /// Origins whose pages may call the API and the sandbox. In the environment separated by
    /// commas.
    #[serde(deserialize_with = "deserialize_list")]
    pub origins: Vec<String>,
}

/// `[limits]`: rate limits. 0 switches one off.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    pub enabled: bool,
    pub per_user_per_second: u32,
    /// Of an IPv4 address or an IPv6 /64 network.
    pub per_ip_per_second: u32,
    /// Open connections in all. Counts also when `enabled` is false; 0: what the limit of open
    /// files allows.
    pub connections: u32,
    /// Open connections of an address that is not a trusted proxy.
    pub connections_per_ip: u32,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            log: "info".into(),
            log_format: LogFormat::Text,
            trusted_proxies: Vec::new(),
            internal_listen: None,
        }
    }
}

impl Default for DatabaseSection {
    fn default() -> Self {
        Self {
            url: "sqlite://qlive.db".to_owned().into(),
            pool_size: 8,
        }
    }
}

impl Default for SandboxSection {
    fn default() -> Self {
        Self {
            enabled: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            join: None,
            private_addresses: false,
            origins: Vec::new(),
        }
    }
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            enabled: true,
            per_user_per_second: 20,
            per_ip_per_second: 200,
            connections: 4_096,
            connections_per_ip: 256,
        }
    }
}
