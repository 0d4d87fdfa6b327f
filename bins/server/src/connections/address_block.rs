//! What counts as one sender, and which senders may be one customer.

use std::net::{IpAddr, Ipv6Addr};

/// What counts as one sender: an IPv4 address, or the /64 network of an IPv6 address, which one
/// host may have to itself. An IPv4 address that is written as IPv6 is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sender(IpAddr);

/// What one customer may have: an IPv4 address, or the /48 network of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SenderNetwork(IpAddr);

impl Sender {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(network(address, 4))
    }
}

impl SenderNetwork {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(network(address, 3))
    }

    /// Whether it holds one sender only.
    pub(crate) const fn is_one_sender(self) -> bool {
        self.0.is_ipv4()
    }
}

/// The address if it is IPv4, else its first `segments` segments.
fn network(address: IpAddr, segments: usize) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let mut network = v6.segments();
            network.iter_mut().skip(segments).for_each(|rest| *rest = 0);
            Ipv6Addr::from(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_is_an_ipv4_address_or_an_ipv6_64_within_a_48() {
        let sender = |text: &str| Sender::of(text.parse().unwrap());
        let network = |text: &str| SenderNetwork::of(text.parse().unwrap());
        assert_eq!(sender("2001:db8:1:2::1"), sender("2001:db8:1:2:ffff::9"));
        assert_ne!(sender("2001:db8:1:2::1"), sender("2001:db8:1:3::1"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:2:2::1"));
        assert_eq!(sender("::ffff:203.0.113.7"), sender("203.0.113.7"));
        assert_ne!(sender("::ffff:203.0.113.7"), sender("::ffff:203.0.113.8"));
        assert!(network("::ffff:203.0.113.7").is_one_sender());
        assert!(!network("2001:db8::").is_one_sender());
    }
}
