//! `blocks`: the blocks of gold that can be bought.

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use qlive_app::Services;
use qlive_operators::Action;
use qlive_payments::{Block, NewBlock, Payments};
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, DAY, Fen, Moment, Period};
use serde_json::{Value, json};

use super::arguments::{done, parse_day};

/// What is changed of a block.
#[derive(Args)]
pub(crate) struct EditBlock {
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
    /// None: virtual payment no longer sells it.
    #[arg(long, conflicts_with = "product_id")]
    no_product_id: bool,
    /// The first day of the sale, in Shanghai: 2026-11-01
    #[arg(long, value_parser = parse_day)]
    from: Option<Moment>,
    /// The last day of the sale.
    #[arg(long, value_parser = parse_day)]
    until: Option<Moment>,
    /// For sale on all days.
    #[arg(long, conflicts_with_all = ["from", "until"])]
    always: bool,
}

impl EditBlock {
    async fn run(self, payments: &Payments, by: Operator) -> anyhow::Result<Value> {
        let blocks = payments.all_blocks().await?;
        let present = blocks.into_iter().find(|block| block.id == self.id);
        let present = present.context("there is no such block")?;
        let price = self.price.as_deref().map(parse_price).transpose()?;
        // A product has a price of its own at WeChat.
        let is_repriced = price.is_some_and(|price| price != present.price);
        let is_named = self.product_id.is_some() || self.no_product_id;
        ensure!(
            !is_repriced || is_named || present.product_id.is_none(),
            "name the product of the new price: --product-id ID, or --no-product-id"
        );
        let kept = present.product_id.filter(|_| !self.no_product_id);
        let block = NewBlock {
            gold: self.gold.map_or(Ok(present.gold), Coins::new)?,
            price: price.unwrap_or(present.price),
            product_id: self.product_id.or(kept),
        };
        let sold = if self.always {
            Period::default()
        } else {
            let until = self.until.map(|day| day.after(DAY));
            Period {
                from: self.from.or(present.sold.from),
                until: until.or(present.sold.until),
            }
        };
        let edited = payments.edit_block(by, self.id, block, sold).await?;
        Ok(json!({"id": edited}))
    }
}

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
    Edit(EditBlock),
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
            Self::Edit(_) => Action::EditBlock,
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
            Self::Edit(edit) => edit.run(payments, by).await,
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
