//! Payments: blocks, orders, refunds, withdrawals, the payment poller, the audit and the
//! comparison with WeChat's bill.

mod audit;
mod bill_forms;
mod blocks;
mod create_order;
mod payment_poller;
mod platform_refunds;
mod provider_faults;
mod reconcile;
mod refund_notices;
mod refund_outcomes;
mod refunds;
mod show_orders;
mod transfer_notices;
mod transfers;
mod virtual_refund_outcomes;
mod virtual_refunds;
mod wallet;
mod withdrawal_limits;
mod withdrawal_review;
mod withdrawals;
