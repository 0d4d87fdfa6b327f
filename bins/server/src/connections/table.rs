//! Which connections are open: bounded in all and for each address.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use super::sender::{Sender, SenderNetwork};
use crate::metrics::Metrics;

/// A /48 network of IPv6 may have this many times the connections of one /64 in it.
const WIDE_FACTOR: usize = 4;

/// How many connections may be open.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) total: usize,
    /// For each IPv4 address and each /64 of IPv6. None: not bounded.
    pub(crate) per_address: Option<usize>,
    /// Proxies: many clients come from their addresses.
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

/// The open connections of this process.
pub(crate) struct ConnectionTable {
    bounds: Bounds,
    metrics: Metrics,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    next_id: u64,
    total: usize,
    /// By network, then by age. Those of proxies are only in `total`.
    networks: HashMap<SenderNetwork, BTreeMap<u64, Row>>,
}

struct Row {
    sender: Sender,
    slot: Arc<Slot>,
}

/// What the table and a connection know of each other.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    is_serving: AtomicBool,
    is_evicted: AtomicBool,
    waker: AtomicWaker,
}

impl Slot {
    /// Notes whether a request of the connection is being served.
    pub(crate) fn set_serving(&self, is_serving: bool) {
        self.is_serving.store(is_serving, Ordering::Relaxed);
    }

    /// Whether the connection must end. If not yet, `waker` is woken when it must.
    pub(crate) fn is_evicted(&self, waker: &Waker) -> bool {
        self.waker.register(waker);
        self.is_evicted.load(Ordering::Acquire)
    }

    fn evict(&self) {
        self.is_evicted.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its address has as many as it may.
    Address,
    /// There are as many as there may be in all.
    Full,
}

impl Refusal {
    const fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Full => "full",
        }
    }
}

impl ConnectionTable {
    pub(crate) fn new(bounds: Bounds, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            metrics,
            rows: Mutex::default(),
        })
    }

    /// How many connections may be open in all.
    pub(crate) fn total(&self) -> usize {
        self.bounds.total
    }

    /// Lets a connection in. When all places are taken, the address with the most connections
    /// loses its oldest one that waits for its client, unless the newcomer has as many.
    ///
    /// # Errors
    /// When the connection must be closed at once.
    pub(crate) fn add(self: &Arc<Self>, peer: IpAddr) -> Result<Admission, Refusal> {
        let admitted = self.insert(peer.to_canonical());
        match &admitted {
            Ok(_) => self.metrics.add_connections(1),
            Err(refusal) => {
                self.metrics.count_refused_connection(refusal.label());
                tracing::info!(%peer, reason = refusal.label(), "a connection is refused");
            }
        }
        admitted
    }

    fn insert(self: &Arc<Self>, address: IpAddr) -> Result<Admission, Refusal> {
        let mut rows = self.rows();
        let is_proxy = self.bounds.trusted_proxies.contains(&address);
        let (sender, network) = (Sender::of(address), SenderNetwork::of(address));
        let held = rows.networks.get(&network).map_or(0, BTreeMap::len);
        if let Some(bound) = self.bounds.per_address.filter(|_| !is_proxy) {
            let of_sender = rows.networks.get(&network).map_or(0, |network| {
                let same = network.values().filter(|row| row.sender == sender);
                same.count()
            });
            if of_sender >= bound || held >= bound.saturating_mul(WIDE_FACTOR) {
                return Err(Refusal::Address);
            }
        }
        let own = if is_proxy { 0 } else { held.saturating_add(1) };
        if rows.total >= self.bounds.total && !self.evict_one(&mut rows, own) {
            return Err(Refusal::Full);
        }
        rows.total = rows.total.saturating_add(1);
        let id = rows.next_id;
        rows.next_id = id.wrapping_add(1);
        let slot = Arc::<Slot>::default();
        if !is_proxy {
            let slot = slot.clone();
            let network = rows.networks.entry(network).or_default();
            network.insert(id, Row { sender, slot });
        }
        Ok(Admission {
            table: self.clone(),
            place: (!is_proxy).then_some((network, id)),
            slot,
        })
    }

    /// Ends the oldest connection that waits for its client, of the largest network that has one
    /// and has more than `own`. Returns whether there was one.
    fn evict_one(&self, rows: &mut Rows, own: usize) -> bool {
        let waits = |row: &Row| !row.slot.is_serving.load(Ordering::Relaxed);
        let larger = rows.networks.iter().filter(|(_, rows)| rows.len() > own);
        let found = larger.filter_map(|(network, rows)| {
            let (id, _) = rows.iter().find(|(_, row)| waits(row))?;
            Some((rows.len(), *network, *id))
        });
        let Some((_, network, id)) = found.max_by_key(|(held, ..)| *held) else {
            return false;
        };
        let row = rows.networks.get_mut(&network);
        let Some(row) = row.and_then(|rows| rows.remove(&id)) else {
            return false;
        };
        rows.total = rows.total.saturating_sub(1);
        row.slot.evict();
        self.metrics.count_closed_connection("evicted");
        true
    }

    fn remove(&self, place: Option<(SenderNetwork, u64)>) {
        let mut rows = self.rows();
        let Some((address, id)) = place else {
            rows.total = rows.total.saturating_sub(1);
            return;
        };
        let Some(network) = rows.networks.get_mut(&address) else {
            return;
        };
        // One that was evicted is not counted any more.
        let was_counted = network.remove(&id).is_some();
        if network.is_empty() {
            rows.networks.remove(&address);
        }
        if was_counted {
            rows.total = rows.total.saturating_sub(1);
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of an open connection in the table. Dropping it gives the place back.
pub(crate) struct Admission {
    table: Arc<ConnectionTable>,
    /// None: the connection of a proxy.
    place: Option<(SenderNetwork, u64)>,
    slot: Arc<Slot>,
}

impl Admission {
    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// Counts that the server ended the connection.
    pub(crate) fn count_closed(&self, reason: &'static str) {
        self.table.metrics.count_closed_connection(reason);
        tracing::info!(reason, "a connection is closed");
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.table.remove(self.place);
        self.table.metrics.add_connections(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(total: usize, per_address: usize) -> Arc<ConnectionTable> {
        let bounds = Bounds {
            total,
            per_address: Some(per_address),
            trusted_proxies: vec![[192, 0, 2, 1].into()],
        };
        ConnectionTable::new(bounds, Metrics::new().unwrap())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn address_above_its_bound_is_refused_until_one_ends() {
        let table = table(100, 2);
        let open = || table.add(ip("198.51.100.1"));
        let (first, _second) = (open().unwrap(), open().unwrap());
        assert_eq!(open().err(), Some(Refusal::Address));
        table.add(ip("198.51.100.2")).unwrap();
        drop(first);
        open().unwrap();
    }

    #[test]
    fn ipv4_address_within_ipv6_is_the_same_address() {
        let table = table(100, 1);
        let _held = table.add(ip("198.51.100.1")).unwrap();
        let mapped = table.add(ip("::ffff:198.51.100.1"));
        assert_eq!(mapped.err(), Some(Refusal::Address));
    }

    #[test]
    fn ipv6_is_bounded_by_its_64_and_by_its_48() {
        let table = table(100, 1);
        let mut held = vec![table.add(ip("2001:db8:1:1::1")).unwrap()];
        let same_64 = table.add(ip("2001:db8:1:1:ffff::2"));
        assert_eq!(same_64.err(), Some(Refusal::Address));
        for subnet in 2..=4 {
            let address = format!("2001:db8:1:{subnet}::1");
            held.push(table.add(ip(&address)).unwrap());
        }
        let same_48 = table.add(ip("2001:db8:1:5::1"));
        assert_eq!(same_48.err(), Some(Refusal::Address));
        table.add(ip("2001:db8:2:5::1")).unwrap();
    }

    #[test]
    fn proxy_is_bounded_by_the_total_only() {
        let table = table(3, 1);
        let open = || table.add(ip("192.0.2.1"));
        let _held = [open().unwrap(), open().unwrap(), open().unwrap()];
        assert_eq!(open().err(), Some(Refusal::Full));
    }

    #[test]
    fn full_table_takes_from_the_address_with_the_most() {
        let table = table(4, 4);
        let attacker = || table.add(ip("198.51.100.1"));
        let held: Vec<_> = (0..4).map(|_| attacker().unwrap()).collect();
        held[0].slot.set_serving(true);
        assert_eq!(attacker().err(), Some(Refusal::Address));
        let user = table.add(ip("198.51.100.2")).unwrap();
        let is_evicted = |at: usize| held[at].slot.is_evicted(Waker::noop());
        assert!(!is_evicted(0), "a request is being served on it");
        assert!(is_evicted(1), "the oldest one that waits for its client");
        assert!(!is_evicted(2) && !is_evicted(3));
        drop(held);
        drop(user);
        assert_eq!(table.rows().total, 0);
        assert!(table.rows().networks.is_empty());
    }

    #[test]
    fn full_table_refuses_the_address_that_has_as_many_as_others() {
        let table = table(2, 4);
        let _held = [
            table.add(ip("198.51.100.1")).unwrap(),
            table.add(ip("198.51.100.2")).unwrap(),
        ];
        let refused = table.add(ip("198.51.100.1"));
        assert_eq!(refused.err(), Some(Refusal::Full));
    }
}
