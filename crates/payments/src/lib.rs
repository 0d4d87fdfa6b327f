//! Money that comes and goes: gold is bought with yuan, bought gold is
//! refunded, income is paid out.
//!
//! Each of the three is a pure machine ([`order`], [`refund`], [`payout`])
//! that is told what a provider said and decides what is so; around it stand a
//! store and the calls. Whoever brings the news (a notice, the sweeper, a
//! client that asks, an operator), it goes the same way into the machine.
//!
//! Architecture invariants: no call to a provider while a transaction is open;
//! an unclear answer decides nothing; coins are moved by the ledger alone; no
//! room is known here.

mod ask;
mod blocks;
mod books;
mod certificates;
mod complaints;
mod error;
mod listing;
mod notices;
pub mod order;
pub mod payout;
mod payouts;
mod provider;
mod pushes;
mod recharge;
mod reconcile;
pub mod refund;
mod refunding;
mod refunds;
mod schedule;
mod settle;
mod store;
mod sweeper;
mod transfers;
mod withdrawals;

pub use blocks::{Block, NewBlock};
pub use books::audit;
pub use complaints::Complaint;
pub use error::PaymentsError;
pub use listing::Ordered;
pub use notices::{Taken, Verdict};
pub use payouts::{PayoutRules, Wish};
pub use provider::{Provider, Providers};
pub use recharge::Recharge;
pub use reconcile::{Difference, DifferenceKind};
pub use refunds::RefundShown;
pub use settle::Payments;
pub use store::Order;
pub use sweeper::Sweeper;
pub use withdrawals::Withdrawal;
