//! Ending a withdrawal: its final state, and the entry that moves the held income.

use diesel::prelude::*;
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, IdempotencyKey, SystemAccount, TransferCode,
    post_entry, store_outcome,
};
use qlive_store::schema::withdrawals;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;

use crate::error::PaymentsError;
use crate::withdrawals::row::Withdrawal;
use crate::withdrawals::state::{HeldIncome, WithdrawalDecision};

/// Writes a decision that ends a withdrawal: the held income is paid out or returned.
pub(crate) fn end_withdrawal(
    conn: &mut Conn,
    now: Moment,
    withdrawal: &Withdrawal,
    decision: WithdrawalDecision,
    detail: &str,
) -> Result<(), PaymentsError> {
    let unchanged = withdrawals::table
        .find(withdrawal.id)
        .filter(withdrawals::state.eq(withdrawal.state.number()));
    let changed = diesel::update(unchanged)
        .set((
            withdrawals::state.eq(decision.state.number()),
            withdrawals::done_at.eq(Some(now.millis())),
            withdrawals::next_query_at.eq(None::<i64>),
            withdrawals::detail.eq(detail),
            // Neither is needed any more.
            withdrawals::real_name.eq(""),
            withdrawals::package_info.eq(None::<String>),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(StoreError::Contended.into());
    }
    let user = |kind| Account::User(withdrawal.user, kind);
    let (kind, to, code) = match decision.held {
        HeldIncome::StaysHeld => return Ok(()),
        HeldIncome::PaidOut => (
            EntryKind::Payout,
            Account::System(SystemAccount::PaidOut),
            TransferCode::Payout,
        ),
        HeldIncome::Returned => (
            EntryKind::PayoutReturned,
            user(BalanceKind::Income),
            TransferCode::PayoutReturned,
        ),
    };
    let entry = Entry::new(kind, withdrawal.id.to_string()).with_transfer(
        user(BalanceKind::Held),
        to,
        withdrawal.income,
        code,
    );
    let entry_id = post_entry(conn, now, &entry)?;
    let outcome = decision.state.name();
    let key = IdempotencyKey::new(format!("withdrawal:{}", withdrawal.id), outcome);
    store_outcome(conn, now, &key, outcome, Some(entry_id))?;
    Ok(())
}
