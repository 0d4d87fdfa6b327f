//! The store on both engines: transactions, migrations, and the schema.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod catalog;
mod config_rows;
mod constraints;
mod grouped_read;
mod migrating;
mod outages;
mod pooler;
mod schema;
mod sqlite_files;
mod transactions;
