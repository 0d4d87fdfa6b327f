//! Operators' decisions on withdrawals.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::withdrawals;
use qlive_store::{Conn, OperatorName, StoreError};
use qlive_types::Fen;

use crate::error::PaymentsError;
use crate::service::Payments;
use crate::withdrawals::obstacle::{PayoutObstacle, find_obstacle};
use crate::withdrawals::row::{Withdrawal, find_withdrawal, sum_of_week};
use crate::withdrawals::rules::WithdrawalRules;
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

/// The event that the approval of this operator is.
fn approval(
    conn: &mut Conn,
    withdrawal: &Withdrawal,
    rules: &WithdrawalRules,
    by: &Operator,
) -> Result<WithdrawalEvent, StoreError> {
    let of_week = sum_of_week(
        conn,
        withdrawal.user,
        withdrawal.created_at,
        Some(withdrawal.id),
    )?;
    let first = withdrawal.first_approval.as_deref();
    Ok(WithdrawalEvent::Approve {
        second_required: of_week > rules.second_approval_above,
        same_operator: first.is_some_and(|name| OperatorName::parse(name).as_ref() == Ok(&by.name)),
    })
}

impl Payments {
    /// What a user may ask for within seven days before a second operator must approve it too;
    /// `None`: nothing is paid out here.
    #[must_use]
    pub fn second_approval_above(&self) -> Option<Fen> {
        let rules = self.withdrawal_rules.as_ref();
        rules.map(|rules| rules.second_approval_above)
    }

    /// Approves a withdrawal. True when the transfer will now be requested, false when a second
    /// operator must approve.
    ///
    /// # Errors
    /// [`PaymentsError::WithdrawalsOff`], [`PaymentsError::UnknownWithdrawal`],
    /// [`PaymentsError::AlreadyDecided`], [`PaymentsError::SameOperator`],
    /// [`PaymentsError::Banned`] and [`PaymentsError::InDebt`] while the user is banned or has a
    /// debt; else when the database fails.
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
                let event = approval(conn, &withdrawal, &rules, &by)?;
                let decision = decide_withdrawal(withdrawal.state, event)?;
                match find_obstacle(conn, withdrawal.user)? {
                    Some(PayoutObstacle::Banned) => return Err(PaymentsError::Banned),
                    Some(PayoutObstacle::Debt) => return Err(PaymentsError::InDebt),
                    None => {}
                }
                let is_approved = decision.state == WithdrawalState::Approved;
                let first_approval = withdrawal.first_approval.as_deref();
                let first_approval = first_approval.unwrap_or(by.name.as_str());
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
