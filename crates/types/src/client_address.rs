//! The address that a request is counted for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The address of the client of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddress {
    /// A client.
    Limited(IpAddr),
    /// The trusted proxy of a client that the proxy's header does not name. Many clients may share
    /// it.
    UnnamedBehind(IpAddr),
    /// A private peer that is no trusted proxy. It may be a proxy that is not configured as one.
    PrivatePeer(IpAddr),
}

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpAddr>);

impl ClientAddress {
    /// The address itself.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        match self {
            Self::Limited(ip) | Self::UnnamedBehind(ip) | Self::PrivatePeer(ip) => ip,
        }
    }
}

impl TrustedProxies {
    /// These proxies.
    #[must_use]
    pub fn new(addresses: &[IpAddr]) -> Self {
        Self(addresses.iter().map(IpAddr::to_canonical).collect())
    }

    /// The client of a request: the peer, or the last hop before the trusted proxies. `peer` is
    /// `None` when the connection is gone already; all such clients are one. `lines` are the lines
    /// of `X-Forwarded-For`, from the first to the last.
    pub fn client_address<'a>(
        &self,
        peer: Option<IpAddr>,
        lines: impl Iterator<Item = &'a [u8]>,
    ) -> ClientAddress {
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let peer = peer.to_canonical();
        if !self.0.contains(&peer) {
            return if may_be_unlisted_proxy(peer) {
                ClientAddress::PrivatePeer(peer)
            } else {
                ClientAddress::Limited(peer)
            };
        }
        let hops: Vec<&[u8]> = lines
            .flat_map(|line| line.split(|byte| *byte == b','))
            .collect();
        for hop in hops.into_iter().rev() {
            match hop_address(hop) {
                Some(address) if self.0.contains(&address) => {}
                // A private address is a client in the proxy's own network.
                Some(address) => return ClientAddress::Limited(address),
                // Hops further left were written by the client, who may write anything.
                None => break,
            }
        }
        ClientAddress::UnnamedBehind(peer)
    }
}

/// The address of an entry of `X-Forwarded-For`, with or without a port.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let without_brackets = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(hop);
    let address = without_brackets
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Whether a peer may be a proxy that `server.trusted_proxies` does not list: its address is
/// private.
fn may_be_unlisted_proxy(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The client of a request through the proxy 10.0.0.1 with these lines of the header.
    fn client(peer: &str, lines: &[&[u8]]) -> ClientAddress {
        let trusted = ["10.0.0.1", "::ffff:10.0.0.2"].map(address);
        let proxies = TrustedProxies::new(&trusted);
        proxies.client_address(Some(address(peer)), lines.iter().copied())
    }

    #[test]
    fn client_is_the_last_hop_before_the_trusted_proxies() {
        let limited = |text: &str| ClientAddress::Limited(address(text));
        let cases: [(&[&[u8]], &str); 10] = [
            (&[b"203.0.113.7"], "203.0.113.7"),
            (&[b"9.9.9.9, 203.0.113.7"], "203.0.113.7"),
            (&[b"9.9.9.9", b"203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&[b"203.0.113.7:4711"], "203.0.113.7"),
            (&[b"::ffff:203.0.113.7"], "203.0.113.7"),
            (&[b"[2001:db8::1]:4711"], "2001:db8::1"),
            (&[b"[2001:db8::1]"], "2001:db8::1"),
            // Other bytes of the client do not hide what the proxy added.
            (&[b"\xff\xfe, 203.0.113.7"], "203.0.113.7"),
            // A private hop is limited too.
            (&[b"203.0.113.7, 10.9.9.9"], "10.9.9.9"),
            (&[b"127.0.0.1"], "127.0.0.1"),
        ];
        for (lines, expected) in cases {
            assert_eq!(client("10.0.0.1", lines), limited(expected), "{lines:?}");
        }
    }

    #[test]
    fn unreadable_or_missing_hop_names_no_client() {
        let cases: [&[&[u8]]; 4] = [
            &[b"203.0.113.7, unknown"],
            &[b"203.0.113.7, \xff"],
            &[b"10.0.0.2"],
            &[],
        ];
        let unnamed = ClientAddress::UnnamedBehind(address("10.0.0.1"));
        for lines in cases {
            assert_eq!(client("10.0.0.1", lines), unnamed, "{lines:?}");
        }
    }

    #[test]
    fn header_of_a_peer_that_is_not_trusted_is_not_read() {
        let forged: &[&[u8]] = &[b"203.0.113.7"];
        assert_eq!(
            client("198.51.100.1", forged),
            ClientAddress::Limited(address("198.51.100.1"))
        );
        let mapped = client("::ffff:198.51.100.1", forged);
        assert_eq!(mapped, ClientAddress::Limited(address("198.51.100.1")));
        for private in [
            "10.0.0.9",
            "127.0.0.1",
            "::1",
            "fd00::1",
            "::ffff:192.168.1.1",
        ] {
            let expected = ClientAddress::PrivatePeer(address(private).to_canonical());
            assert_eq!(client(private, forged), expected);
        }
    }
}
