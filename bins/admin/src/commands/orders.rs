//! `orders`: recharges, refunds, complaints, and WeChat's bill.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use qlive_payments::order::State;
use qlive_payments::{Order, Ordered, RefundShown, refund};
use qlive_server::Parts;
use qlive_store::audit::Operator;
use qlive_types::{Fen, Moment};
use serde_json::{Value, json};

use super::{page, user};

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Which {
    Created,
    Paid,
    Closed,
}

#[derive(Subcommand)]
pub(crate) enum Orders {
    /// A page of orders, the latest first.
    List {
        #[arg(long)]
        user: Option<String>,
        #[arg(long)]
        state: Option<Which>,
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// One order and its refunds.
    Show { out_trade_no: String },
    /// Ask the provider what became of an order, and settle what it says.
    Query {
        out_trade_no: String,
        /// Ask about a refund that the platform made, whose news got lost: its number at WeChat.
        #[arg(long)]
        refund: Option<String>,
    },
    /// Give an order's money back, or a part of it: the coins are taken at once, the server asks the provider.
    Refund {
        out_trade_no: String,
        /// Yuan; all that is left when not given.
        #[arg(long)]
        amount: Option<String>,
        #[arg(long)]
        reason: String,
    },
    /// Compare a day in Shanghai with WeChat's bill of it. Differences are shown, never mended.
    Reconcile {
        /// YYYY-MM-DD
        #[arg(long)]
        date: String,
        /// A bill downloaded before; else it is fetched.
        #[arg(long)]
        bill: Option<PathBuf>,
    },
    /// A page of what users complained of to WeChat.
    Complaints {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
}

impl Orders {
    pub(super) async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        let payments = &parts.payments;
        match self {
            Self::List { user: id, state, page: number } => {
                let state = state.map(|state| match state {
                    Which::Created => State::Created,
                    Which::Paid => State::Paid,
                    Which::Closed => State::Closed,
                });
                let user = id.as_deref().map(user).transpose()?;
                let orders = payments.orders(Ordered { user, state }, page(number)?).await?;
                Ok(orders.iter().map(order).collect())
            }
            Self::Show { out_trade_no } => {
                let mut shown = order(&payments.order(&out_trade_no).await?);
                let refunds = payments.refunds_of(&out_trade_no).await?;
                if let Some(fields) = shown.as_object_mut() {
                    fields.insert("refunds".into(), refunds.iter().map(refunded).collect());
                }
                Ok(shown)
            }
            Self::Query { out_trade_no, refund: None } => Ok(order(&payments.query(by, &out_trade_no).await?)),
            Self::Query { out_trade_no, refund: Some(number) } => {
                payments.query_refund(by, &out_trade_no, &number).await?;
                Ok(order(&payments.order(&out_trade_no).await?))
            }
            Self::Refund { out_trade_no, amount, reason } => {
                if reason.trim().is_empty() {
                    bail!("give a reason");
                }
                let amount = match amount {
                    None => None,
                    Some(yuan) => Some(Fen::parse_yuan(&yuan).context("an amount is in yuan: 6.00")?),
                };
                let number = payments.refund(Operator { reason, ..by }, &out_trade_no, amount).await?;
                Ok(json!({"out_refund_no": number}))
            }
            Self::Reconcile { date, bill } => {
                let read = |path: PathBuf| {
                    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
                };
                let bill = bill.map(read).transpose()?;
                let differences = payments.reconcile(&date, bill).await?;
                Ok(differences
                    .iter()
                    .map(|one| {
                        json!({"kind": one.kind.name(), "number": one.number, "bill": one.bill.map(Fen::yuan),
                            "ours": one.ours.map(Fen::yuan), "do": one.kind.advice()})
                    })
                    .collect())
            }
            Self::Complaints { page: number } => Ok(payments
                .complaints(page(number)?)
                .await?
                .iter()
                .map(|one| {
                    json!({"request_id": one.request_id, "out_trade_no": one.out_trade_no, "openid": one.openid,
                        "complained_at": one.complained_at})
                })
                .collect()),
        }
    }
}

fn order(order: &Order) -> Value {
    json!({"out_trade_no": order.out_trade_no, "user_id": order.user.to_string(), "provider": order.provider.name(),
        "state": order.shown_state(), "gold": order.gold, "price": order.price.yuan(),
        "refunded": order.refunded.yuan(), "transaction_id": order.transaction_id,
        "created_at": order.created_at.shanghai(), "paid_at": order.paid_at.map(Moment::shanghai)})
}

fn refunded(one: &RefundShown) -> Value {
    let state = match one.state {
        refund::State::Asked => "asked",
        refund::State::Done => "done",
        refund::State::Refused => "refused",
    };
    json!({"number": one.number, "ours": one.ours, "amount": one.fen.yuan(), "state": state,
        "from_bought": one.taken.bought, "from_granted": one.taken.granted, "owed": one.taken.owed,
        "created_at": one.created_at.shanghai(), "done_at": one.done_at.map(Moment::shanghai)})
}
