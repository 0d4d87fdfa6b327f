//! `orders`: recharges, refunds, complaints, and WeChat's bill.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use qlive_app::Services;
use qlive_operators::Action;
use qlive_payments::{
    Complaint, Difference, Order, OrderFilter, OrderRefund, OrderState, Payments, RefundState,
    decode_bill,
};
use qlive_store::audit_log::Operator;
use qlive_types::{Fen, Moment};
use serde_json::{Value, json};

use super::arguments::{parse_counted_page, parse_user_id, with_reason};

/// The states by which orders can be listed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ListedState {
    Created,
    Paid,
    Closed,
}

#[derive(Subcommand)]
pub(crate) enum OrdersCommand {
    /// A page of orders, the latest first.
    List {
        #[arg(long)]
        user: Option<String>,
        #[arg(long)]
        state: Option<ListedState>,
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// One order and its refunds.
    Show { out_trade_no: String },
    /// Query the provider about an order, and settle what it answers.
    Query {
        out_trade_no: String,
        /// The number at WeChat of a refund that the platform made and whose push was lost.
        #[arg(long)]
        refund: Option<String>,
    },
    /// Refund an order, or a part of it. The coins are taken back at once; the server calls the
    /// provider.
    Refund {
        out_trade_no: String,
        /// Yuan. Default: all that is not refunded yet.
        #[arg(long)]
        amount: Option<String>,
        #[arg(long)]
        reason: String,
    },
    /// Compare a day in Shanghai with WeChat's bill of that day. Nothing is changed.
    Reconcile {
        /// YYYY-MM-DD
        #[arg(long)]
        date: String,
        /// A bill that was downloaded before. Default: it is fetched.
        #[arg(long)]
        bill: Option<PathBuf>,
    },
    /// A page of the complaints that users made at WeChat.
    Complaints {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
}

impl OrdersCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List { .. } | Self::Show { .. } => Action::ViewOrders,
            Self::Query {
                refund: Some(_), ..
            } => Action::ImportRefund,
            Self::Query { .. } => Action::QueryOrder,
            Self::Refund { .. } => Action::RefundOrder,
            Self::Reconcile { .. } => Action::Reconcile,
            Self::Complaints { .. } => Action::ViewComplaints,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let payments = &services.payments;
        match self {
            Self::List { user, state, page } => {
                let user = user.as_deref().map(parse_user_id).transpose()?;
                let state = state.map(order_state);
                let page = parse_counted_page(page)?;
                let orders = payments.orders(OrderFilter { user, state }, page).await?;
                Ok(orders.iter().map(order_json).collect())
            }
            Self::Show { out_trade_no } => show_order(payments, &out_trade_no).await,
            Self::Query {
                out_trade_no,
                refund: None,
            } => Ok(order_json(&payments.query_order(by, &out_trade_no).await?)),
            Self::Query {
                out_trade_no,
                refund: Some(number),
            } => {
                payments
                    .import_platform_refund(by, &out_trade_no, &number)
                    .await?;
                Ok(order_json(&payments.order(&out_trade_no).await?))
            }
            Self::Refund {
                out_trade_no,
                amount,
                reason,
            } => {
                let by = with_reason(by, reason)?;
                let amount = amount.as_deref().map(parse_amount).transpose()?;
                let number = payments.request_refund(by, &out_trade_no, amount).await?;
                Ok(match number {
                    Some(number) => json!({"out_refund_no": number}),
                    None => {
                        json!({"waiting": "another operator must ask for the same within a day"})
                    }
                })
            }
            Self::Reconcile { date, bill } => {
                let bill = bill.as_deref().map(read_bill).transpose()?;
                let differences = payments.reconcile(&date, bill).await?;
                Ok(differences.iter().map(difference_json).collect())
            }
            Self::Complaints { page } => {
                let complaints = payments.complaints(parse_counted_page(page)?).await?;
                Ok(complaints.iter().map(complaint_json).collect())
            }
        }
    }
}

async fn show_order(payments: &Payments, out_trade_no: &str) -> anyhow::Result<Value> {
    let mut shown = order_json(&payments.order(out_trade_no).await?);
    let refunds = payments.refunds_of(out_trade_no).await?;
    if let Some(fields) = shown.as_object_mut() {
        let refunds = refunds.iter().map(refund_json).collect();
        fields.insert("refunds".into(), refunds);
    }
    Ok(shown)
}

const fn order_state(state: ListedState) -> OrderState {
    match state {
        ListedState::Created => OrderState::Created,
        ListedState::Paid => OrderState::Paid,
        ListedState::Closed => OrderState::Closed,
    }
}

fn parse_amount(yuan: &str) -> anyhow::Result<Fen> {
    Fen::parse_yuan(yuan).context("an amount is in yuan: 6.00")
}

fn read_bill(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(decode_bill(&bytes))
}

fn order_json(order: &Order) -> Value {
    json!({
        "out_trade_no": order.out_trade_no,
        "user_id": order.user.to_string(),
        "provider": order.provider.name(),
        "state": order.state_name(),
        "gold": order.gold,
        "price": order.price.yuan(),
        "refunded": order.refunded.yuan(),
        "transaction_id": order.transaction_id,
        "created_at": order.created_at.shanghai(),
        "paid_at": order.paid_at.map(Moment::shanghai),
    })
}

fn refund_json(refund: &OrderRefund) -> Value {
    let state = match refund.state {
        RefundState::Requested => "asked",
        RefundState::Done => "done",
        RefundState::Refused => "refused",
    };
    json!({
        "number": refund.number,
        "ours": refund.requested_by_us,
        "amount": refund.fen.yuan(),
        "state": state,
        "from_bought": refund.coins.bought,
        "from_granted": refund.coins.granted,
        "owed": refund.coins.debt,
        "created_at": refund.created_at.shanghai(),
        "done_at": refund.done_at.map(Moment::shanghai),
    })
}

fn difference_json(difference: &Difference) -> Value {
    json!({
        "kind": difference.kind.name(),
        "number": difference.number,
        "bill": difference.bill.map(Fen::yuan),
        "ours": difference.recorded.map(Fen::yuan),
        "do": difference.kind.advice(),
    })
}

fn complaint_json(complaint: &Complaint) -> Value {
    json!({
        "request_id": complaint.wechat_request_id,
        "out_trade_no": complaint.out_trade_no,
        "openid": complaint.openid,
        "complained_at": complaint.complained_at,
    })
}
