//! Rate limits: per user, per address, and for callbacks that fail verification.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use actix_web::HttpRequest;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use qlive_types::UserId;

use crate::settings::Settings;

/// Forged callbacks that an address may send in a minute.
const FORGERIES_PER_MINUTE: u32 = 60;
/// Keys kept before idle ones are thrown out.
const KEYS: usize = 100_000;

/// The limiters of an instance.
pub(crate) struct Limits {
    users: Option<DefaultKeyedRateLimiter<i64>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    forgeries: DefaultKeyedRateLimiter<IpAddr>,
    trusted_proxies: Vec<IpAddr>,
}

impl Limits {
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
            trusted_proxies: settings.server.trusted_proxies.clone(),
        }
    }

    pub(crate) fn allows_user(&self, user: UserId) -> bool {
        self.users
            .as_ref()
            .is_none_or(|limiter| allows(limiter, &user.get()))
    }

    /// Whether the address behind this request may go on. A private peer that
    /// is no trusted proxy may be one all the same: then there is no limit.
    pub(crate) fn allows_address(&self, request: &HttpRequest) -> bool {
        let Some(limiter) = &self.addresses else {
            return true;
        };
        match self.address(request) {
            Some(address) if !is_private(address) => allows(limiter, &sender(address)),
            Some(_) | None => true,
        }
    }

    /// Whether another callback of this sender that does not verify is even looked at.
    pub(crate) fn allows_forgery(&self, request: &HttpRequest) -> bool {
        self.address(request)
            .is_none_or(|address| allows(&self.forgeries, &sender(address)))
    }

    /// The address of the client: the peer, or the last hop before our trusted proxies.
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
                // What stands further left is anybody's claim.
                None => return Some(peer),
            }
        }
        Some(peer)
    }
}

fn allows<K: Clone + Eq + std::hash::Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> bool {
    if limiter.len() > KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(key).is_ok()
}

/// The address of a hop, with or without a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let address = hop
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// What is counted as one sender: an address, or the network that an IPv6 host has to itself.
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
