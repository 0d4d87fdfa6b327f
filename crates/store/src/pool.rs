//! The pools of connections.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;

use crate::address::DatabaseAddress;
use crate::connection::{Access, connect};
use crate::connection_permits::ConnectionPermits;
use crate::transaction::transaction_depth;
use crate::{Conn, Engine, StoreError};

/// How long the first connection is awaited when a pool is opened.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection is awaited that must be opened.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);
/// After how long without use a connection is tested before it is used again. Proxies and firewalls
/// end connections that are idle for longer.
const IDLE_TEST: Duration = Duration::from_secs(30);

type Connections = r2d2::Pool<ConnectionManager>;
pub(crate) type Connection = r2d2::PooledConnection<ConnectionManager>;

/// A pool of connections and the permits to use them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(crate) permits: Arc<ConnectionPermits>,
    connections: Connections,
    /// Connections that were last used before this time are tested before they are used again: one
    /// of them turned out to be dead.
    doubted: Arc<Mutex<Option<Instant>>>,
}

/// A connection of a pool.
pub(crate) struct PoolConnection {
    conn: Conn,
    /// When a statement on it last succeeded, as far as that is known.
    proven_at: Instant,
}

impl Deref for PoolConnection {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for PoolConnection {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Opens the connections of a pool.
pub(crate) struct ConnectionManager {
    address: DatabaseAddress,
    access: Access,
    doubted: Arc<Mutex<Option<Instant>>>,
}

impl r2d2::ManageConnection for ConnectionManager {
    type Connection = PoolConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<PoolConnection, Self::Error> {
        Ok(PoolConnection {
            conn: connect(&self.address, self.access)?,
            proven_at: Instant::now(),
        })
    }

    /// Tests a connection, unless it was in use a moment ago.
    fn is_valid(&self, conn: &mut PoolConnection) -> Result<(), Self::Error> {
        let doubted = *self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_doubted = doubted.is_some_and(|since| conn.proven_at < since);
        if !is_doubted && conn.proven_at.elapsed() < IDLE_TEST {
            return Ok(());
        }
        conn.batch_execute("SELECT 1")
            .map_err(diesel::r2d2::Error::QueryError)?;
        conn.proven_at = Instant::now();
        Ok(())
    }

    /// Closes a connection that a panic dropped or that is still in a transaction; closing it
    /// rolls the transaction back.
    fn has_broken(&self, conn: &mut PoolConnection) -> bool {
        std::thread::panicking() || transaction_depth(conn) != Some(0)
    }
}

/// Opens a pool of at most `size` connections, and its first connection.
pub(crate) fn open(
    address: &DatabaseAddress,
    access: Access,
    size: u32,
) -> Result<Pool, StoreError> {
    let size = size.max(1);
    let doubted = Arc::default();
    let connections = r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(address.engine == Engine::Postgres)
        .connection_timeout(OPEN_TIMEOUT)
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(ConnectionManager {
            address: address.clone(),
            access,
            doubted: Arc::clone(&doubted),
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(Pool {
        permits: Arc::new(ConnectionPermits::new(size)),
        connections,
        doubted,
    })
}

impl Pool {
    /// Takes a connection out of the pool. Whoever has a permit finds one, unless it has to be
    /// opened; a connection that broke is closed here and replaced.
    pub(crate) fn checkout(&self) -> Result<Connection, StoreError> {
        self.connections
            .get_timeout(CHECKOUT_TIMEOUT)
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Puts a connection back on which a statement has just succeeded.
    pub(crate) fn put_back(mut conn: Connection) {
        conn.proven_at = Instant::now();
    }

    /// Puts a connection back that may be dead. It is tested before it is used again, and so are
    /// all that were last used before now: whatever ended this one may have ended them.
    pub(crate) fn put_back_doubted(&self, conn: Connection) {
        let mut doubted = self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        *doubted = Some(Instant::now());
        drop(doubted);
        drop(conn);
    }
}
