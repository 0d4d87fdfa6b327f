//! Rate limits: by user, by address, and for callbacks that fail verification.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Once;

use actix_web::HttpRequest;
use governor::Quota;
use qlive_app::Settings;
use qlive_types::{ClientAddress, TrustedProxies, UserId};

use super::bounded_limiter::BoundedLimiter;
use super::client_address::client_address;
use super::refused_senders::RefusedSenders;
use crate::connections::{AddressBlock, WideBlock};

/// How many callbacks that fail verification an address may send in a minute.
const FORGERIES_PER_MINUTE: u32 = 60;
/// How many times the limit of one address block the wide block around it has. One customer may
/// have a whole /48 of IPv6, which is 65,536 address blocks.
const REQUESTS_PER_WIDE_BLOCK: u32 = 10;

/// The rate limiters of this instance.
pub(crate) struct RateLimits {
    users: Option<BoundedLimiter<i64>>,
    addresses: Option<AddressLimiter>,
    forgeries: AddressLimiter,
    refused_senders: RefusedSenders,
    trusted_proxies: TrustedProxies,
    /// Reports the first request of a proxy that is not trusted.
    unknown_proxy: Once,
}

impl RateLimits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limits = &settings.limits;
        let limit = |per_second: u32| NonZeroU32::new(per_second).filter(|_| limits.enabled);
        let forgeries = NonZeroU32::new(FORGERIES_PER_MINUTE).unwrap_or(NonZeroU32::MIN);
        let users = limit(limits.per_user_per_second).map(Quota::per_second);
        let addresses = limit(limits.per_ip_per_second);
        Self {
            users: users.map(BoundedLimiter::new),
            addresses: addresses.map(|rate| AddressLimiter::new(rate, Quota::per_second)),
            forgeries: AddressLimiter::new(forgeries, Quota::per_minute),
            refused_senders: RefusedSenders::default(),
            trusted_proxies: TrustedProxies::new(&settings.server.trusted_proxies),
            unknown_proxy: Once::new(),
        }
    }

    /// Counts a request of a user. Returns whether it is within the limit.
    pub(crate) fn allows_user(&self, user: UserId) -> bool {
        self.users
            .as_ref()
            .is_none_or(|limiter| limiter.allows(user.get()))
    }

    /// Counts a request of the address that it comes from. Returns whether it is within the limit.
    ///
    /// A private peer that is no trusted proxy is not limited: it may be a proxy that is not
    /// configured as one, and all clients would share its limit.
    pub(crate) fn allows_address(&self, request: &HttpRequest) -> bool {
        let Some(limiter) = &self.addresses else {
            return true;
        };
        match client_address(&self.trusted_proxies, request) {
            ClientAddress::Limited(address) | ClientAddress::UnnamedBehind(address) => {
                limiter.allows(address)
            }
            ClientAddress::PrivatePeer(address) => {
                self.report_unknown_proxy(request, address);
                true
            }
        }
    }

    /// Counts a callback that fails verification. Returns whether its sender is within the limit.
    /// Above it, the sender's callbacks are refused unread for a minute.
    ///
    /// Those of a private address are always read: it may be a proxy that is not configured as
    /// trusted, through which genuine ones come too. So are those of a trusted proxy that names no
    /// client.
    pub(crate) fn count_forgery(&self, request: &HttpRequest) -> bool {
        match client_address(&self.trusted_proxies, request) {
            ClientAddress::PrivatePeer(address) | ClientAddress::UnnamedBehind(address) => {
                self.forgeries.allows(address)
            }
            ClientAddress::Limited(address) => {
                let is_allowed = self.forgeries.allows(address);
                if !is_allowed {
                    self.refused_senders.add(AddressBlock::of(address));
                }
                is_allowed
            }
        }
    }

    /// Whether a callback is refused unread, because of what its sender sent before.
    pub(crate) fn is_refused_unread(&self, request: &HttpRequest) -> bool {
        if self.refused_senders.is_empty() {
            return false;
        }
        match client_address(&self.trusted_proxies, request) {
            ClientAddress::PrivatePeer(_) | ClientAddress::UnnamedBehind(_) => false,
            ClientAddress::Limited(address) => {
                self.refused_senders.contains(AddressBlock::of(address))
            }
        }
    }

    fn report_unknown_proxy(&self, request: &HttpRequest, address: IpAddr) {
        if request.headers().contains_key("X-Forwarded-For") {
            self.unknown_proxy.call_once(|| {
                tracing::warn!(
                    %address,
                    "a proxy that is not in server.trusted_proxies: \
                     its requests are not limited by address"
                );
            });
        }
    }
}

/// A limiter of addresses: by address block, and by the wide block around it.
struct AddressLimiter {
    blocks: BoundedLimiter<AddressBlock>,
    wide_blocks: BoundedLimiter<WideBlock>,
}

impl AddressLimiter {
    fn new(rate: NonZeroU32, quota: fn(NonZeroU32) -> Quota) -> Self {
        let factor = NonZeroU32::new(REQUESTS_PER_WIDE_BLOCK).unwrap_or(NonZeroU32::MIN);
        Self {
            blocks: BoundedLimiter::new(quota(rate)),
            wide_blocks: BoundedLimiter::new(quota(rate.saturating_mul(factor))),
        }
    }

    /// Counts one event of an address. The wide block is asked first, so that the blocks of one
    /// that is refused take no memory.
    fn allows(&self, address: IpAddr) -> bool {
        let wide_block = WideBlock::of(address);
        (wide_block.is_one_block() || self.wide_blocks.allows(wide_block))
            && self.blocks.allows(AddressBlock::of(address))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn blocks_of_a_refused_wide_block_take_no_memory() {
        let rate = NonZeroU32::new(2).unwrap();
        let limiter = AddressLimiter::new(rate, Quota::per_hour);
        let subnet = |number| Ipv6Addr::new(0x2001, 0xdb8, 1, number, 0, 0, 0, 1).into();
        let allowed = (0..1_000).filter(|number| limiter.allows(subnet(*number)));
        assert_eq!(allowed.count(), 20);
        assert_eq!(limiter.blocks.len(), 20);
        assert!(limiter.allows([198, 51, 100, 1].into()));
    }
}
