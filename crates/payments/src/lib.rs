//! Recharges, refunds and withdrawals: gold bought with yuan, bought gold refunded, income paid
//! out.
//!
//! Each subject has a pure state machine (`orders/state.rs`, `refunds/state.rs`,
//! `withdrawals/state.rs`), a file that maps its table (`row.rs`), and actions that call the
//! providers and write. A report about an order takes one path from every source: a callback, the
//! payment poller, a client that waits, or an operator.
//!
//! Invariants: no call to a provider while a transaction is open; an unclear answer changes
//! nothing; coins are moved by the ledger only; nothing here knows of rooms.

mod audit;
mod block_rows;
mod blocks;
mod callbacks;
mod daily_money;
mod error;
mod mismatch;
mod numbers;
mod orders;
mod polling;
mod providers;
mod refunds;
mod service;
mod withdrawals;

pub use audit::difference::{Difference, DifferenceKind};
pub use audit::ledger_rules::find_ledger_violation;
pub use audit::stored::{Reconciliation, StoredDifference};
pub use block_rows::{Block, BlockList};
pub use blocks::NewBlock;
pub use callbacks::complaints::{Complaint, RecordedComplaint};
pub use callbacks::notices::{NoticeKind, NoticeResult, ReceivedNotice};
pub use callbacks::outcome::{Accepted, CallbackOutcome, Contradiction};
pub use daily_money::{DailyMoney, DailyMoneyWorker};
pub use error::PaymentsError;
pub use mismatch::Mismatch;
pub use orders::create::PaymentParams;
pub use orders::list::{OrderFilter, OrderSearch, OrdersAfter};
pub use orders::provider_record::{Comparison, ProviderRecord, RecordField, RecordedPayment};
pub use orders::report::ReportedRefunds;
pub use orders::row::Order;
pub use orders::state::OrderState;
pub use polling::poller::PaymentPoller;
pub use providers::provider::{Provider, Providers};
pub use qlive_tencent::pay::decode_bill;
pub use refunds::amounts::CoinsTakenBack;
pub use refunds::approval::RefundRequest;
pub use refunds::row::OrderRefund;
pub use refunds::state::RefundState;
pub use service::Payments;
pub use withdrawals::request::WithdrawalRequest;
pub use withdrawals::review_summary::{RefundedGiver, ReviewSummary};
pub use withdrawals::row::Withdrawal;
pub use withdrawals::rules::WithdrawalRules;
pub use withdrawals::state::WithdrawalState;
