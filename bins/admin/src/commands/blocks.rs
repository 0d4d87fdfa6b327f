//! `blocks`: the blocks of gold that can be bought.

use anyhow::Context as _;
use clap::Subcommand;
use qlive_app::Services;
use qlive_operators::Action;
use qlive_payments::{Block, NewBlock};
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, Fen};
use serde_json::{Value, json};

use super::arguments::done;

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
                let price = Fen::parse_yuan(&price)
                    .context("a price is in yuan, with at most two places: 6.00")?;
                let block = NewBlock {
                    gold: Coins::new(gold)?,
                    price,
                    product_id,
                };
                Ok(json!({"id": payments.add_block(by, block).await?}))
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

fn block_json(block: &Block) -> Value {
    json!({
        "id": block.id,
        "gold": block.gold,
        "price": block.price.yuan(),
        "product_id": block.product_id,
        "enabled": block.enabled,
    })
}
