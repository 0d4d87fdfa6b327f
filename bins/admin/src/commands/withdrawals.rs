//! `withdrawals`: the review of withdrawals of income.

use clap::Subcommand;
use qlive_app::Services;
use qlive_operators::Action;
use qlive_payments::{RefundedGiver, ReviewSummary, Withdrawal};
use qlive_store::audit_log::Operator;
use qlive_types::Moment;
use serde_json::{Value, json};

use super::arguments::{done, parse_counted_page, with_reason};

#[derive(Subcommand)]
pub(crate) enum WithdrawalsCommand {
    /// A page of withdrawals, those under review first, each with what a review should know: ban,
    /// debt, age of the account, what was requested within the week, and refunds of the givers.
    List {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// Approve a withdrawal, and show what the list shows of it. Above the limit of a week it needs
    /// a second operator; of a user who is banned or has a debt it is refused.
    Approve { id: i64 },
    /// Reject a withdrawal; the income is returned. An approved one can be rejected while WeChat
    /// knows no transfer of it.
    Reject {
        id: i64,
        #[arg(long)]
        reason: String,
    },
}

impl WithdrawalsCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List { .. } => Action::ViewWithdrawals,
            Self::Approve { .. } => Action::ApproveWithdrawal,
            Self::Reject { .. } => Action::RejectWithdrawal,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let payments = &services.payments;
        match self {
            Self::List { page } => {
                let withdrawals = payments.withdrawals(parse_counted_page(page)?).await?;
                let rows = withdrawals.iter();
                Ok(rows
                    .map(|(withdrawal, summary)| withdrawal_json(withdrawal, summary.as_ref()))
                    .collect())
            }
            Self::Approve { id } => {
                // First, since a failed read must not report an approval as failed.
                let (before, summary) = payments.withdrawal_to_review(id).await?;
                let is_approved = payments.approve_withdrawal(by, id).await?;
                let result = if is_approved {
                    "approved: the server asks WeChat to pay it"
                } else {
                    "approved once: it needs a second operator (--as)"
                };
                let approved = payments.withdrawal_to_review(id).await;
                let withdrawal = approved.map_or(before, |(withdrawal, _)| withdrawal);
                let mut answer = withdrawal_json(&withdrawal, Some(&summary));
                merge(&mut answer, json!({"result": result}));
                Ok(answer)
            }
            Self::Reject { id, reason } => {
                payments
                    .reject_withdrawal(with_reason(by, reason)?, id)
                    .await?;
                Ok(done())
            }
        }
    }
}

/// A withdrawal; one that has not ended with the summary for its review.
fn withdrawal_json(withdrawal: &Withdrawal, summary: Option<&ReviewSummary>) -> Value {
    let mut shown = json!({
        "id": withdrawal.id,
        "user_id": withdrawal.user.to_string(),
        "income": withdrawal.income,
        "amount": withdrawal.amount.yuan(),
        "state": withdrawal.state.name(),
        "first_approval": withdrawal.first_approval,
        "out_bill_no": withdrawal.out_bill_no,
        "created_at": withdrawal.created_at.shanghai(),
        "expires_at": withdrawal.expires_at.map(Moment::shanghai),
        "done_at": withdrawal.done_at.map(Moment::shanghai),
        "detail": withdrawal.detail,
    });
    if let Some(summary) = summary {
        merge(&mut shown, summary_json(summary));
    }
    shown
}

fn summary_json(summary: &ReviewSummary) -> Value {
    json!({
        "banned_at": summary.banned_at.map(Moment::shanghai),
        "debt": summary.debt,
        "account_created_at": summary.account_created_at.shanghai(),
        "amount_of_week": summary.amount_of_week.yuan(),
        "refunded_givers": summary.refunded_givers.iter().map(giver_json).collect::<Value>(),
    })
}

fn giver_json(giver: &RefundedGiver) -> Value {
    json!({
        "user_id": giver.giver.to_string(),
        "orders": giver.orders,
        "refunded": giver.refunded.yuan(),
        "refunded_coins": giver.refunded_coins,
        "income": giver.income,
    })
}

/// Adds the fields of an object to another one.
fn merge(into: &mut Value, fields: Value) {
    if let (Value::Object(into), Value::Object(fields)) = (into, fields) {
        into.extend(fields);
    }
}
