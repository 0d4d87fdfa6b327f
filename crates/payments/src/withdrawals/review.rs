//! Operators' decisions on withdrawals.

use diesel::prelude::*;
use qlive_ledger::load_balances;
use qlive_store::StoreError;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::withdrawals;

use crate::error::PaymentsError;
use crate::service::Payments;
use crate::withdrawals::row::find_withdrawal;
use crate::withdrawals::settle::end_withdrawal;
use crate::withdrawals::state::{
    ReviewRefusal, WithdrawalEvent, WithdrawalState, decide_withdrawal,
};

impl From<ReviewRefusal> for PaymentsError {
    fn from(refusal: ReviewRefusal) -> Self {
        match refusal {
            ReviewRefusal::AlreadyDecided => Self::AlreadyDecided,
            ReviewRefusal::SameOperator => Self::SameOperator,
        }
    }
}

impl Payments {
    /// Approves a withdrawal. True when the transfer will now be requested, false when a second
    /// operator must approve.
    ///
    /// # Errors
    /// [`PaymentsError::WithdrawalsOff`], [`PaymentsError::UnknownWithdrawal`],
    /// [`PaymentsError::AlreadyDecided`], [`PaymentsError::SameOperator`],
    /// [`PaymentsError::InDebt`] while the user has a debt; else when the database fails.
    pub async fn approve_withdrawal(&self, by: Operator, id: i64) -> Result<bool, PaymentsError> {
        let rules = self
            .withdrawal_rules
            .clone()
            .ok_or(PaymentsError::WithdrawalsOff)?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let withdrawal =
                    find_withdrawal(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)?;
                let event = WithdrawalEvent::Approve {
                    second_required: withdrawal.amount > rules.second_approval_above,
                    same_operator: withdrawal.first_approval.as_ref() == Some(&by.name),
                };
                let decision = decide_withdrawal(withdrawal.state, event)?;
                if !load_balances(conn, withdrawal.user)?.debt.is_zero() {
                    return Err(PaymentsError::InDebt);
                }
                let is_approved = decision.state == WithdrawalState::Approved;
                let first_approval = withdrawal.first_approval.as_ref().unwrap_or(&by.name);
                let unchanged = withdrawals::table
                    .find(id)
                    .filter(withdrawals::state.eq(withdrawal.state.number()));
                let changed = diesel::update(unchanged)
                    .set((
                        withdrawals::first_approval.eq(first_approval),
                        withdrawals::next_query_at.eq(is_approved.then_some(now.millis())),
                        withdrawals::state.eq(decision.state.number()),
                    ))
                    .execute(conn)?;
                if changed == 0 {
                    return Err(StoreError::Contended.into());
                }
                audit_log::record(conn, now, &by, "withdrawals approve", &id.to_string())?;
                Ok(is_approved)
            })
            .await
    }

    /// Rejects a withdrawal and returns its income. A withdrawal that was approved can be rejected
    /// only while WeChat does not have its transfer, which is queried first.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownWithdrawal`], [`PaymentsError::AlreadyDecided`],
    /// [`PaymentsError::QueryUnderWay`], [`PaymentsError::ProviderSilent`] when WeChat gives no
    /// clear answer; else when the database fails.
    pub async fn reject_withdrawal(&self, by: Operator, id: i64) -> Result<(), PaymentsError> {
        let before = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find_withdrawal(conn, id)?))
            .await?
            .ok_or(PaymentsError::UnknownWithdrawal)?;
        let never_accepted = before.state == WithdrawalState::Approved
            && self.claim_and_confirm_never_accepted(&before).await?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let withdrawal =
                    find_withdrawal(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)?;
                // Our own claim counts one query. Whoever has claimed it since may have requested
                // the transfer.
                let only_our_claim =
                    withdrawal.queries.count == before.queries.count.saturating_add(1);
                let event = WithdrawalEvent::Reject {
                    never_accepted: never_accepted && only_our_claim,
                };
                let decision = decide_withdrawal(withdrawal.state, event)?;
                end_withdrawal(conn, now, &withdrawal, decision, &by.reason)?;
                audit_log::record(conn, now, &by, "withdrawals reject", &id.to_string())?;
                Ok(())
            })
            .await
    }
}
