//! `withdrawals`: income on its way out.

use anyhow::bail;
use clap::Subcommand;
use qlive_payments::Withdrawal;
use qlive_server::Parts;
use qlive_store::audit::Operator;
use qlive_types::Moment;
use serde_json::{Value, json};

use super::{done, page};

#[derive(Subcommand)]
pub(crate) enum Withdrawals {
    /// A page of withdrawals, those under review first.
    List {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// Approve one; above the limit it takes a second operator.
    Approve { id: i64 },
    /// Reject one; the income comes back. One that was approved only while WeChat knows nothing of it.
    Reject {
        id: i64,
        #[arg(long)]
        reason: String,
    },
}

impl Withdrawals {
    pub(super) async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        let payments = &parts.payments;
        match self {
            Self::List { page: number } => Ok(payments
                .withdrawals(page(number)?)
                .await?
                .iter()
                .map(shown)
                .collect()),
            Self::Approve { id } => match payments.approve(by, id).await? {
                true => Ok(json!("approved: the server asks WeChat to pay it")),
                false => Ok(json!("approved once: it takes a second operator (--as)")),
            },
            Self::Reject { id, reason } => {
                if reason.trim().is_empty() {
                    bail!("give a reason");
                }
                payments.reject(Operator { reason, ..by }, id).await?;
                Ok(done())
            }
        }
    }
}

fn shown(one: &Withdrawal) -> Value {
    json!({"id": one.id, "user_id": one.user.to_string(), "income": one.income, "amount": one.amount.yuan(),
        "state": one.state.name(), "first_approval": one.first_approval, "out_bill_no": one.out_bill_no,
        "created_at": one.created_at.shanghai(), "expires_at": one.expires_at.map(Moment::shanghai),
        "done_at": one.done_at.map(Moment::shanghai), "detail": one.detail})
}
