//! `[console]`: the operators' pages.

use std::net::SocketAddr;

use serde::Deserialize;

/// `[console]`: the operators' pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleSection {
    /// Where the console listens. Not set: 127.0.0.1:8082, and in sandbox mode a free port when
    /// that one is in use.
    pub listen: Option<SocketAddr>,
    /// How operators reach the console, without a path: `https://console.example.com`. Invitations
    /// name it. Empty: as the browser of whoever invites names it.
    pub public_url: String,
}

impl ConsoleSection {
    /// The address when none is set.
    pub const DEFAULT: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8082);
}
