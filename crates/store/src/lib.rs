//! The database: one [`Db`] over SQLite and PostgreSQL, chosen by the URL's scheme.
//!
//! Architecture invariants: no domain lives here; every transaction of the
//! house is opened here ([`Db::read`], [`Db::write`]) and nowhere else; the SQL
//! of the domain crates runs on the blocking pool, never on an async thread.

pub mod audit;
mod connection;
mod db;
mod error;
mod migrations;
mod provenance;
pub mod schema;
#[cfg(feature = "testing")]
pub mod testing;

pub use connection::Conn;
pub use db::Db;
pub use error::{Fallible, StoreError, or_contended};

/// So is SQLite.
use libsqlite3_sys as _;
/// PostgreSQL's client library is linked from source by this crate.
use pq_sys as _;
