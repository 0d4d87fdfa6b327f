//! Operators: their accounts and roles, what each role may do ([`Action`]), their logins and
//! sessions in the console, and the audit log.
//!
//! Architecture invariant: nothing here knows users, rooms or money. The console asks this crate
//! whether an operator may do something, and the crate of the domain does it.

mod account;
mod account_rows;
mod action;
mod audit_list;
mod error;
mod forms;
mod link;
mod link_rows;
mod lockout;
mod login;
mod password;
mod role;
mod secrets;
mod service;
mod session;
mod session_rows;
mod terminal;
mod totp;

pub use account_rows::OperatorAccount;
pub use action::{Action, Confirmation};
pub use audit_list::{AuditFilter, AuditRecord};
pub use error::OperatorsError;
pub use login::Login;
pub use role::Role;
pub use service::Operators;
pub use session::{OperatorSession, Session};
pub use totp::NewAuthenticator;
