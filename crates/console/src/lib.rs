//! The console: everything that an operator does in a day, as pages.
//!
//! Architecture invariants: it calls the domain crates, and holds no SQL and no rule. Every page
//! works without JavaScript. Nothing changes by a GET. What a role may do is in
//! [`qlive_operators::Action`]; buttons, guards and tests are made from that table.

mod actions;
mod assets;
mod csv;
mod explain;
mod format;
mod http;
mod ledger_audits;
mod pages;
mod review;
mod roles_table;
mod server;
mod settings;
mod state;
mod texts;
mod view;

pub use http::SESSION_COOKIE;
pub use roles_table::roles_table;
pub use server::Console;
pub use settings::ConsoleSettings;
