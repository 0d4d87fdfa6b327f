//! [`GroupedRead`]: reads of single rows that come at the same time become one statement.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::operation::{run_background, within_limit};
use crate::{Conn, Db, StoreError};

/// The most keys in one statement.
const MAX_KEYS: usize = 64;
/// How many statements run at the same time.
const MAX_RUNNING: usize = 2;

/// Reads rows by their keys, one statement for all keys that wait.
type Query<K, V> = fn(&mut Conn, &[K]) -> Result<Found<K, V>, StoreError>;
/// The values that were found, with their keys.
pub type Found<K, V> = Vec<(K, V)>;
/// Where the value of a key goes.
type Waiting<K, V> = (K, oneshot::Sender<Result<Option<V>, StoreError>>);

/// Reads of one kind. A read that is alone is made at once; those that come while others run are
/// made together afterwards, so that a busy database is asked less. Every read sees what was
/// committed before it was called. Cheap to clone.
pub struct GroupedRead<K, V>(Arc<Shared<K, V>>);

struct Shared<K, V> {
    name: &'static str,
    db: Db,
    query: Query<K, V>,
    queue: Mutex<Queue<K, V>>,
}

struct Queue<K, V> {
    waiting: Vec<Waiting<K, V>>,
    running: usize,
}

impl<K, V> Clone for GroupedRead<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> GroupedRead<K, V>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + 'static,
{
    /// `query` returns the values of those keys that have one, in any order, by one statement.
    /// `name` is the operation to which its connections count.
    #[must_use]
    pub fn new(name: &'static str, db: Db, query: Query<K, V>) -> Self {
        Self(Arc::new(Shared {
            name,
            db,
            query,
            queue: Mutex::new(Queue {
                waiting: Vec::new(),
                running: 0,
            }),
        }))
    }

    /// The value of a key; `None` when there is none.
    ///
    /// # Errors
    /// As [`Db::read_one`].
    pub async fn get(&self, key: K) -> Result<Option<V>, StoreError> {
        let (sender, value) = oneshot::channel();
        if self.0.push((key, sender)) {
            let reads = self.clone();
            tokio::spawn(run_background(self.0.name, async move {
                reads.read_waiting().await;
            }));
        }
        let dropped = |_| StoreError::Unavailable("a read was dropped".to_owned());
        within_limit(value).await?.map_err(dropped)?
    }

    /// Reads until nothing waits.
    async fn read_waiting(&self) {
        let mut running = Running {
            shared: &self.0,
            has_ended: false,
        };
        while let Some(mut group) = running.next_group() {
            let keys: Vec<K> = group.iter().map(|(key, _)| *key).collect();
            match self.read(keys).await {
                Ok(values) => answer(group, &values),
                Err(error) if group.len() == 1 => {
                    let last = group.pop();
                    // The request may wait no longer.
                    last.map(|(_, sender)| sender.send(Err(error)));
                }
                Err(StoreError::Unavailable(why)) => fail(group, &why),
                // What fails for one key must not fail for the others.
                Err(_) => self.read_one_by_one(group).await,
            }
        }
    }

    async fn read_one_by_one(&self, group: Vec<Waiting<K, V>>) {
        for (key, sender) in group {
            let value = self.read(vec![key]).await;
            // The request may wait no longer.
            let _ = sender.send(value.map(|mut values| values.remove(&key)));
        }
    }

    async fn read(&self, keys: Vec<K>) -> Result<HashMap<K, V>, StoreError> {
        let query = self.0.query;
        let rows = self.0.db.read_one(move |conn| query(conn, &keys));
        Ok(rows.await?.into_iter().collect())
    }
}

impl<K, V> Shared<K, V> {
    /// Adds a key. Returns whether the caller is to start a task, which counts as running.
    fn push(&self, waiting: Waiting<K, V>) -> bool {
        let mut queue = self.lock();
        queue.waiting.push(waiting);
        let starts = queue.running < MAX_RUNNING;
        queue.running += usize::from(starts);
        starts
    }

    fn lock(&self) -> MutexGuard<'_, Queue<K, V>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that reads.
struct Running<'a, K, V> {
    shared: &'a Shared<K, V>,
    has_ended: bool,
}

impl<K, V> Running<'_, K, V> {
    /// The keys that wait. `None` when none does: the next to come starts another task.
    fn next_group(&mut self) -> Option<Vec<Waiting<K, V>>> {
        let mut queue = self.shared.lock();
        // Requests that wait no longer are not read for.
        queue.waiting.retain(|(_, sender)| !sender.is_closed());
        let count = queue.waiting.len().min(MAX_KEYS);
        if count == 0 {
            queue.running -= 1;
            self.has_ended = true;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}

impl<K, V> Drop for Running<'_, K, V> {
    /// A task that ends by a panic, or with its runtime, leaves what waits to the other task, or
    /// fails it.
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let mut queue = self.shared.lock();
        queue.running -= 1;
        if queue.running == 0 {
            queue.waiting.clear();
        }
    }
}

fn answer<K: Eq + Hash, V: Clone>(group: Vec<Waiting<K, V>>, values: &HashMap<K, V>) {
    for (key, sender) in group {
        // The request may wait no longer.
        let _ = sender.send(Ok(values.get(&key).cloned()));
    }
}

/// The database is not available: nobody of the group waits for another attempt.
fn fail<K, V>(group: Vec<Waiting<K, V>>, why: &str) {
    for (_, sender) in group {
        // The request may wait no longer.
        let _ = sender.send(Err(StoreError::Unavailable(why.to_owned())));
    }
}
