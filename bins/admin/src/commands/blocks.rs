//! `blocks`: what can be bought.

use anyhow::Context as _;
use clap::Subcommand;
use qlive_payments::NewBlock;
use qlive_server::Parts;
use qlive_store::audit::Operator;
use qlive_types::{Coins, Fen};
use serde_json::{Value, json};

use super::done;

#[derive(Subcommand)]
pub(crate) enum Blocks {
    /// Every block, disabled ones too.
    List,
    /// Add a block; its number is answered.
    Add {
        /// Coins.
        #[arg(long)]
        gold: i64,
        /// Yuan: 6.00
        #[arg(long)]
        price: String,
        /// The product's id in WeChat's console; virtual payment sells nothing without one.
        #[arg(long)]
        product_id: Option<String>,
    },
    /// Take a block off sale.
    Disable { id: i64 },
}

impl Blocks {
    pub(super) async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::List => Ok(parts
                .payments
                .all_blocks()
                .await?
                .iter()
                .map(|block| {
                    json!({"id": block.id, "gold": block.gold, "price": block.price.yuan(),
                        "product_id": block.product_id, "enabled": block.enabled})
                })
                .collect()),
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
                Ok(json!({"id": parts.payments.add_block(by, block).await?}))
            }
            Self::Disable { id } => {
                parts.payments.disable_block(by, id).await?;
                Ok(done())
            }
        }
    }
}
