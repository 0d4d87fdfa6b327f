//! Which connections are open: bounded in all and for each address.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use super::address_block::{AddressBlock, WideBlock};
use crate::metrics::Metrics;

/// How many times the connections of one /64 of IPv6 the /48 around it may have.
const CONNECTIONS_PER_WIDE_BLOCK: usize = 4;

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
    /// By wide block, then by age. Those of proxies are only in `total`.
    wide_blocks: HashMap<WideBlock, BTreeMap<u64, Row>>,
}

struct Row {
    block: AddressBlock,
    signals: Arc<ConnectionSignals>,
}

/// Shared by the table and one connection: whether a request is being served, and whether the
/// connection must end.
#[derive(Debug, Default)]
pub(crate) struct ConnectionSignals {
    is_serving: AtomicBool,
    is_evicted: AtomicBool,
    waker: AtomicWaker,
}

impl ConnectionSignals {
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

    /// Registers a connection. When the table is full, the wide block with the most connections
    /// loses its oldest one that waits for its client, unless the block of the new connection has
    /// as many.
    ///
    /// # Errors
    /// When the connection must be closed at once.
    pub(crate) fn register(self: &Arc<Self>, peer: IpAddr) -> Result<OpenConnection, Refusal> {
        let registered = self.insert(peer.to_canonical());
        match &registered {
            Ok(_) => self.metrics.add_connections(1),
            Err(refusal) => {
                self.metrics.count_refused_connection(refusal.label());
                tracing::info!(%peer, reason = refusal.label(), "a connection is refused");
            }
        }
        registered
    }

    fn insert(self: &Arc<Self>, address: IpAddr) -> Result<OpenConnection, Refusal> {
        let mut rows = self.rows();
        let is_proxy = self.bounds.trusted_proxies.contains(&address);
        let (block, wide_block) = (AddressBlock::of(address), WideBlock::of(address));
        let held = rows.wide_blocks.get(&wide_block).map_or(0, BTreeMap::len);
        if let Some(bound) = self.bounds.per_address.filter(|_| !is_proxy) {
            let of_block = rows.wide_blocks.get(&wide_block).map_or(0, |wide_block| {
                let same = wide_block.values().filter(|row| row.block == block);
                same.count()
            });
            if of_block >= bound || held >= bound.saturating_mul(CONNECTIONS_PER_WIDE_BLOCK) {
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
        let signals = Arc::<ConnectionSignals>::default();
        if !is_proxy {
            let signals = signals.clone();
            let wide_block = rows.wide_blocks.entry(wide_block).or_default();
            wide_block.insert(id, Row { block, signals });
        }
        Ok(OpenConnection {
            table: self.clone(),
            key: (!is_proxy).then_some((wide_block, id)),
            signals,
        })
    }

    /// Ends the oldest connection that waits for its client, of the largest wide block that has one
    /// and has more than `own`. Returns whether there was one.
    fn evict_one(&self, rows: &mut Rows, own: usize) -> bool {
        let waits = |row: &Row| !row.signals.is_serving.load(Ordering::Relaxed);
        let larger = rows.wide_blocks.iter().filter(|(_, rows)| rows.len() > own);
        let found = larger.filter_map(|(wide_block, rows)| {
            let (id, _) = rows.iter().find(|(_, row)| waits(row))?;
            Some((rows.len(), *wide_block, *id))
        });
        let Some((_, wide_block, id)) = found.max_by_key(|(held, ..)| *held) else {
            return false;
        };
        let row = rows.wide_blocks.get_mut(&wide_block);
        let Some(row) = row.and_then(|rows| rows.remove(&id)) else {
            return false;
        };
        rows.total = rows.total.saturating_sub(1);
        row.signals.evict();
        self.metrics.count_closed_connection("evicted");
        true
    }

    fn remove(&self, key: Option<(WideBlock, u64)>) {
        let mut rows = self.rows();
        let Some((wide_block, id)) = key else {
            rows.total = rows.total.saturating_sub(1);
            return;
        };
        let Some(of_block) = rows.wide_blocks.get_mut(&wide_block) else {
            return;
        };
        // An evicted connection was removed from the count when it was evicted.
        let was_counted = of_block.remove(&id).is_some();
        if of_block.is_empty() {
            rows.wide_blocks.remove(&wide_block);
        }
        if was_counted {
            rows.total = rows.total.saturating_sub(1);
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open connection that the table counts. Dropping it removes it from the table.
pub(crate) struct OpenConnection {
    table: Arc<ConnectionTable>,
    /// None: the connection of a proxy.
    key: Option<(WideBlock, u64)>,
    signals: Arc<ConnectionSignals>,
}

impl OpenConnection {
    pub(crate) fn signals(&self) -> &Arc<ConnectionSignals> {
        &self.signals
    }

    /// Counts that the server ended the connection.
    pub(crate) fn count_closed(&self, reason: &'static str) {
        self.table.metrics.count_closed_connection(reason);
        tracing::info!(reason, "a connection is closed");
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.table.remove(self.key);
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
        let open = || table.register(ip("198.51.100.1"));
        let (first, _second) = (open().unwrap(), open().unwrap());
        assert_eq!(open().err(), Some(Refusal::Address));
        table.register(ip("198.51.100.2")).unwrap();
        drop(first);
        open().unwrap();
    }

    #[test]
    fn ipv4_address_within_ipv6_is_the_same_address() {
        let table = table(100, 1);
        let _held = table.register(ip("198.51.100.1")).unwrap();
        let mapped = table.register(ip("::ffff:198.51.100.1"));
        assert_eq!(mapped.err(), Some(Refusal::Address));
    }

    #[test]
    fn ipv6_is_bounded_by_its_64_and_by_its_48() {
        let table = table(100, 1);
        let mut held = vec![table.register(ip("2001:db8:1:1::1")).unwrap()];
        let same_64 = table.register(ip("2001:db8:1:1:ffff::2"));
        assert_eq!(same_64.err(), Some(Refusal::Address));
        for subnet in 2..=4 {
            let address = format!("2001:db8:1:{subnet}::1");
            held.push(table.register(ip(&address)).unwrap());
        }
        let same_48 = table.register(ip("2001:db8:1:5::1"));
        assert_eq!(same_48.err(), Some(Refusal::Address));
        table.register(ip("2001:db8:2:5::1")).unwrap();
    }

    #[test]
    fn proxy_is_bounded_by_the_total_only() {
        let table = table(3, 1);
        let open = || table.register(ip("192.0.2.1"));
        let _held = [open().unwrap(), open().unwrap(), open().unwrap()];
        assert_eq!(open().err(), Some(Refusal::Full));
    }

    #[test]
    fn full_table_takes_from_the_address_with_the_most() {
        let table = table(4, 4);
        let attacker = || table.register(ip("198.51.100.1"));
        let held: Vec<_> = (0..4).map(|_| attacker().unwrap()).collect();
        held[0].signals.set_serving(true);
        assert_eq!(attacker().err(), Some(Refusal::Address));
        let user = table.register(ip("198.51.100.2")).unwrap();
        let is_evicted = |at: usize| held[at].signals.is_evicted(Waker::noop());
        assert!(!is_evicted(0), "a request is being served on it");
        assert!(is_evicted(1), "the oldest one that waits for its client");
        assert!(!is_evicted(2) && !is_evicted(3));
        drop(held);
        drop(user);
        assert_eq!(table.rows().total, 0);
        assert!(table.rows().wide_blocks.is_empty());
    }

    #[test]
    fn full_table_refuses_the_address_that_has_as_many_as_others() {
        let table = table(2, 4);
        let _held = [
            table.register(ip("198.51.100.1")).unwrap(),
            table.register(ip("198.51.100.2")).unwrap(),
        ];
        let refused = table.register(ip("198.51.100.1"));
        assert_eq!(refused.err(), Some(Refusal::Full));
    }
}
