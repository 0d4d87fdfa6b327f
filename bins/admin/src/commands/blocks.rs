//! `blocks`: the blocks of gold that can be bought.

use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;
use qlive_app::Services;
use qlive_operators::Action;
use qlive_payments::{Block, NewBlock};
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, Fen, Moment, Period};
use serde_json::{Value, json};

use super::arguments::{done, parse_day};

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Subcommand)]
pub(crate) enum BlocksCommand {
    /// Every block, disabled ones too.
    List,
    /// Add a block. Prints its number.
    Add {
        /// Coins.
        #[arg(long)]
        gold: i64,
        /// Yuan: 6.00
        #[arg(long)]
        price: String,
        /// The product's id in WeChat's console. Virtual payment sells no block without one.
        #[arg(long)]
        product_id: Option<String>,
    },
    /// Change a block; what is not named stays. Other coins or another price make a new block and
    /// disable this one. Prints the number that it has now.
    Edit {
        id: i64,
        /// Coins.
        #[arg(long)]
        gold: Option<i64>,
        /// Yuan: 6.00
        #[arg(long)]
        price: Option<String>,
        /// The product's id in WeChat's console.
        #[arg(long)]
        product_id: Option<String>,
        /// The first day of the sale, in Shanghai: 2026-11-01
        #[arg(long, value_parser = parse_day)]
        from: Option<Moment>,
        /// The last day of the sale.
        #[arg(long, value_parser = parse_day)]
        until: Option<Moment>,
        /// For sale on all days.
        #[arg(long, conflicts_with_all = ["from", "until"])]
        always: bool,
    },
    /// Take a block off sale.
    Disable { id: i64 },
    /// Put a block on sale again.
    Enable { id: i64 },
}

impl BlocksCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List => Action::ViewGifts,
            Self::Add { .. } => Action::AddBlock,
            Self::Edit { .. } => Action::EditBlock,
            Self::Disable { .. } => Action::DisableBlock,
            Self::Enable { .. } => Action::EnableBlock,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let payments = &services.payments;
        match self {
            Self::List => {
                let blocks = payments.all_blocks().await?;
                Ok(blocks.iter().map(block_json).collect())
            }
            Self::Add {
                gold,
                price,
                product_id,
            } => {
                let block = NewBlock {
                    gold: Coins::new(gold)?,
                    price: parse_price(&price)?,
                    product_id,
                };
                Ok(json!({"id": payments.add_block(by, block).await?}))
            }
            Self::Edit {
                id,
                gold,
                price,
                product_id,
                from,
                until,
                always,
            } => {
                let blocks = payments.all_blocks().await?;
                let present = blocks.into_iter().find(|block| block.id == id);
                let present = present.context("there is no such block")?;
                let price = price.as_deref().map(parse_price).transpose()?;
                let block = NewBlock {
                    gold: gold.map_or(Ok(present.gold), Coins::new)?,
                    price: price.unwrap_or(present.price),
                    product_id: product_id.or(present.product_id),
                };
                let sold = if always {
                    Period::default()
                } else {
                    Period {
                        from: from.or(present.sold.from),
                        until: until.map(|day| day.after(DAY)).or(present.sold.until),
                    }
                };
                Ok(json!({"id": payments.edit_block(by, id, block, sold).await?}))
            }
            Self::Disable { id } => {
                payments.disable_block(by, id).await?;
                Ok(done())
            }
            Self::Enable { id } => {
                payments.enable_block(by, id).await?;
                Ok(done())
            }
        }
    }
}

fn parse_price(price: &str) -> anyhow::Result<Fen> {
    Fen::parse_yuan(price).context("a price is in yuan, with at most two places: 6.00")
}

fn block_json(block: &Block) -> Value {
    json!({
        "id": block.id,
        "gold": block.gold,
        "price": block.price.yuan(),
        "product_id": block.product_id,
        "enabled": block.enabled,
        "sold_from": block.sold.from.map(Moment::rfc3339),
        "sold_until": block.sold.until.map(Moment::rfc3339),
    })
}
