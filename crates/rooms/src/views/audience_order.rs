//! The order of the viewers of a room as it was a moment ago, for the pages far down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_types::{Gender, LiveId, Tick};

/// The greatest age of an order.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The user ids of a list of viewers, in order.
type Order = Arc<Vec<i64>>;
/// Orders by room and gender, each with the tick at which it was read.
type Orders = HashMap<(i64, i32), (Tick, Order)>;

/// The orders that were read during the last second.
#[derive(Default)]
pub(crate) struct AudienceOrders(Mutex<Orders>);

impl AudienceOrders {
    pub(crate) fn get(&self, live: LiveId, gender: Gender, now: Tick) -> Option<Order> {
        self.lock()
            .get(&(live.get(), gender.number()))
            .filter(|(read_at, _)| now.since(*read_at) < MAX_AGE)
            .map(|(_, order)| Arc::clone(order))
    }

    /// Keeps an order and drops those that are too old.
    pub(crate) fn put(&self, live: LiveId, gender: Gender, read_at: Tick, order: Order) {
        let mut orders = self.lock();
        orders.retain(|_, (at, _)| read_at.since(*at) < MAX_AGE);
        orders.insert((live.get(), gender.number()), (read_at, order));
    }

    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
