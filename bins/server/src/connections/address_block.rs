//! Address blocks: the addresses that the limits count as one client.

use std::net::{IpAddr, Ipv6Addr};

/// The addresses that count as one client: an IPv4 address, or the /64 network of an IPv6 address,
/// which one host may have to itself. An IPv4 address that is written as IPv6 is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AddressBlock(IpAddr);

/// The addresses that one customer may have: an IPv4 address, or the /48 network of an IPv6
/// address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WideBlock(IpAddr);

impl AddressBlock {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(network(address, 4))
    }
}

impl WideBlock {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(network(address, 3))
    }

    /// Whether it holds one address block only.
    pub(crate) const fn is_one_block(self) -> bool {
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
    fn block_is_an_ipv4_address_or_an_ipv6_64_within_a_48() {
        let block = |text: &str| AddressBlock::of(text.parse().unwrap());
        let wide = |text: &str| WideBlock::of(text.parse().unwrap());
        assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff::9"));
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
        assert_eq!(wide("2001:db8:1:2::1"), wide("2001:db8:1:ffff::1"));
        assert_ne!(wide("2001:db8:1:2::1"), wide("2001:db8:2:2::1"));
        assert_eq!(block("::ffff:203.0.113.7"), block("203.0.113.7"));
        assert_ne!(block("::ffff:203.0.113.7"), block("::ffff:203.0.113.8"));
        assert!(wide("::ffff:203.0.113.7").is_one_block());
        assert!(!wide("2001:db8::").is_one_block());
    }
}
