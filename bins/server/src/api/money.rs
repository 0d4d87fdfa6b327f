//! Gold and income: gifts, the wallet, recharges and withdrawals.

pub(super) mod gifts;
pub(super) mod orders;
pub(super) mod wallet;
pub(super) mod withdrawals;
