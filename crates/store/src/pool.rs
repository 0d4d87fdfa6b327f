//! The pools of connections.

use std::sync::Arc;
use std::time::Duration;

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

type Connections = r2d2::Pool<ConnectionManager>;
pub(crate) type Connection = r2d2::PooledConnection<ConnectionManager>;

/// A pool of connections and the permits to use them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(crate) permits: Arc<ConnectionPermits>,
    connections: Connections,
}

/// Opens the connections of a pool.
pub(crate) struct ConnectionManager {
    address: DatabaseAddress,
    access: Access,
}

impl r2d2::ManageConnection for ConnectionManager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        connect(&self.address, self.access)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.batch_execute("SELECT 1")
            .map_err(diesel::r2d2::Error::QueryError)
    }

    /// Closes a connection that a panic dropped or that is still in a transaction; closing it
    /// rolls the transaction back.
    fn has_broken(&self, conn: &mut Conn) -> bool {
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
    let connections = r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(address.engine == Engine::Postgres)
        .connection_timeout(OPEN_TIMEOUT)
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(ConnectionManager {
            address: address.clone(),
            access,
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(Pool {
        permits: Arc::new(ConnectionPermits::new(size)),
        connections,
    })
}

/// Takes a connection out of the pool. Whoever has a permit finds one, unless it has to be
/// opened; a connection that broke is closed here and replaced.
pub(crate) fn checkout(pool: &Pool) -> Result<Connection, StoreError> {
    pool.connections
        .get_timeout(CHECKOUT_TIMEOUT)
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}
