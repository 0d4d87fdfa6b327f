//! Rate limits: by user, by address, and for callbacks that fail verification.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use actix_web::HttpRequest;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use qlive_app::Settings;
use qlive_types::UserId;

use super::forgers::Forgers;

/// How many callbacks that fail verification an address may send in a minute.
const FORGERIES_PER_MINUTE: u32 = 60;
/// How many users or addresses a limiter holds before it drops the idle ones.
const MAX_KEYS: usize = 100_000;

/// The rate limiters of this instance.
pub(crate) struct RateLimits {
    users: Option<DefaultKeyedRateLimiter<i64>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    forgeries: DefaultKeyedRateLimiter<IpAddr>,
    forgers: Forgers,
    trusted_proxies: Vec<IpAddr>,
}

impl RateLimits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limits = &settings.limits;
        let rate = |per_second: u32| {
            NonZeroU32::new(per_second)
                .filter(|_| limits.enabled)
                .map(Quota::per_second)
        };
        let forgeries = NonZeroU32::new(FORGERIES_PER_MINUTE).unwrap_or(NonZeroU32::MIN);
        Self {
            users: rate(limits.per_user_per_second).map(RateLimiter::keyed),
            addresses: rate(limits.per_ip_per_second).map(RateLimiter::keyed),
            forgeries: RateLimiter::keyed(Quota::per_minute(forgeries)),
            forgers: Forgers::default(),
            trusted_proxies: settings.server.trusted_proxies.clone(),
        }
    }

    /// Counts a request of a user. Returns whether it is within the limit.
    pub(crate) fn allows_user(&self, user: UserId) -> bool {
        self.users
            .as_ref()
            .is_none_or(|limiter| check_limit(limiter, &user.get()))
    }

    /// Counts a request of the address that it comes from. Returns whether it is within the limit.
    ///
    /// A private address is not limited: it may be a proxy that is not configured as trusted.
    pub(crate) fn allows_address(&self, request: &HttpRequest) -> bool {
        let Some(limiter) = &self.addresses else {
            return true;
        };
        match self.address(request) {
            Some(address) if !is_private(address) => check_limit(limiter, &sender(address)),
            Some(_) | None => true,
        }
    }

    /// Counts a callback that fails verification. Returns whether its sender is within the limit.
    /// Above it, the sender's callbacks are not even read for a while.
    ///
    /// Those of a private address are always read: it may be a proxy that is not configured as
    /// trusted, through which genuine ones come too.
    pub(crate) fn allows_forgery(&self, request: &HttpRequest) -> bool {
        let Some(address) = self.address(request) else {
            return true;
        };
        let is_allowed = check_limit(&self.forgeries, &sender(address));
        if !is_allowed && !is_private(address) {
            self.forgers.add(sender(address));
        }
        is_allowed
    }

    /// Whether a callback is refused unread, because of what its sender sent before.
    pub(crate) fn refuses_callbacks(&self, request: &HttpRequest) -> bool {
        !self.forgers.is_empty()
            && self
                .address(request)
                .is_some_and(|address| self.forgers.contains(sender(address)))
    }

    /// The address of the client: the peer, or the last hop before the trusted proxies.
    fn address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        if !self.trusted_proxies.contains(&peer) {
            return Some(peer);
        }
        let forwarded = request
            .headers()
            .get_all("X-Forwarded-For")
            .filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|line| line.split(',')).collect();
        for hop in hops.into_iter().rev() {
            match hop_address(hop.trim()) {
                Some(address) if self.trusted_proxies.contains(&address) => {}
                Some(address) => return Some(address),
                // Addresses further left were written by the client, who may write anything.
                None => return Some(peer),
            }
        }
        Some(peer)
    }
}

/// Counts one event of `key`. Returns whether it is within the limit.
fn check_limit<K: Clone + Eq + std::hash::Hash>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> bool {
    if limiter.len() > MAX_KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(key).is_ok()
}

/// The address of an entry of `X-Forwarded-For`, with or without a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let address = hop
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// What counts as one sender: an IPv4 address, or the /64 network of an IPv6 address, which one
/// host may have to itself.
fn sender(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
