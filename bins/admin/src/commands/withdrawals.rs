//! `withdrawals`: the review of withdrawals of income.

use clap::Subcommand;
use qlive_app::Services;
use qlive_payments::Withdrawal;
use qlive_store::audit_log::Operator;
use qlive_types::Moment;
use serde_json::{Value, json};

use super::arguments::{done, parse_counted_page, with_reason};

#[derive(Subcommand)]
pub(crate) enum WithdrawalsCommand {
    /// A page of withdrawals, those under review first.
    List {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// Approve a withdrawal. Above the limit it needs a second operator.
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
    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let payments = &services.payments;
        match self {
            Self::List { page } => {
                let withdrawals = payments.withdrawals(parse_counted_page(page)?).await?;
                Ok(withdrawals.iter().map(withdrawal_json).collect())
            }
            Self::Approve { id } => {
                let is_approved = payments.approve_withdrawal(by, id).await?;
                Ok(json!(if is_approved {
                    "approved: the server asks WeChat to pay it"
                } else {
                    "approved once: it needs a second operator (--as)"
                }))
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

fn withdrawal_json(withdrawal: &Withdrawal) -> Value {
    json!({
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
    })
}
