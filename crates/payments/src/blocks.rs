//! What can be bought: gold for a price.

use diesel::prelude::*;
use qlive_store::audit::{self, Operator};
use qlive_store::schema::blocks;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen};

use crate::{Payments, PaymentsError};

/// The most characters of a product id.
const PRODUCT_LIMIT: usize = 64;

/// Gold for a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub id: i64,
    pub gold: Coins,
    pub price: Fen,
    /// The product's id in WeChat's console; virtual payment sells nothing without one.
    pub product_id: Option<String>,
    pub enabled: bool,
}

/// A block to be added.
#[derive(Debug, Clone)]
pub struct NewBlock {
    pub gold: Coins,
    pub price: Fen,
    pub product_id: Option<String>,
}

type Columns = (i64, i64, i64, Option<String>, bool);
const COLUMNS: (
    blocks::id,
    blocks::gold,
    blocks::fen,
    blocks::product_id,
    blocks::enabled,
) = (
    blocks::id,
    blocks::gold,
    blocks::fen,
    blocks::product_id,
    blocks::enabled,
);

fn block((id, gold, fen, product_id, enabled): Columns) -> Result<Block, StoreError> {
    let gold = Coins::new(gold)
        .ok()
        .ok_or(StoreError::Corrupt("blocks.gold"))?;
    let price = Fen::new(fen)
        .ok()
        .ok_or(StoreError::Corrupt("blocks.fen"))?;
    Ok(Block {
        id,
        gold,
        price,
        product_id,
        enabled,
    })
}

/// A block that is on sale.
pub(crate) fn find(conn: &mut Conn, id: i64) -> Result<Option<Block>, StoreError> {
    let row: Option<Columns> = blocks::table
        .find(id)
        .filter(blocks::enabled.eq(true))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(block).transpose()
}

impl Payments {
    /// What is on sale, cheapest first.
    pub async fn blocks(&self) -> Result<Vec<Block>, PaymentsError> {
        let mut blocks = self.all_blocks().await?;
        blocks.retain(|block| block.enabled);
        blocks.sort_by_key(|block| (block.price, block.id));
        Ok(blocks)
    }

    /// Every block, for operators.
    pub async fn all_blocks(&self) -> Result<Vec<Block>, PaymentsError> {
        self.db
            .read(|conn| {
                let rows: Vec<Columns> =
                    blocks::table.order(blocks::id).select(COLUMNS).load(conn)?;
                Ok(rows.into_iter().map(block).collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Adds a block; answers its number.
    pub async fn add_block(&self, by: Operator, new: NewBlock) -> Result<i64, PaymentsError> {
        let legal = |id: &String| {
            (1..=PRODUCT_LIMIT).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
        };
        if new.gold.is_zero() {
            return Err(PaymentsError::BadField("gold"));
        }
        if new.price.get() == 0 {
            return Err(PaymentsError::BadField("price"));
        }
        if !new.product_id.as_ref().is_none_or(legal) {
            return Err(PaymentsError::BadField("product_id"));
        }
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let id: i64 = diesel::insert_into(blocks::table)
                    .values((
                        blocks::gold.eq(new.gold.get()),
                        blocks::fen.eq(new.price.get()),
                        blocks::product_id.eq(&new.product_id),
                        blocks::enabled.eq(true),
                        blocks::created_at.eq(now.millis()),
                    ))
                    .returning(blocks::id)
                    .get_result(conn)?;
                audit::record(conn, now, &by, "blocks add", &id.to_string())?;
                Ok(id)
            })
            .await
    }

    /// Takes a block off sale. Orders made of it stay as they are.
    pub async fn disable_block(&self, by: Operator, id: i64) -> Result<(), PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let found = blocks::table.find(id).filter(blocks::enabled.eq(true));
                if diesel::update(found)
                    .set(blocks::enabled.eq(false))
                    .execute(conn)?
                    == 0
                {
                    return Err(PaymentsError::UnknownBlock);
                }
                Ok(audit::record(
                    conn,
                    now,
                    &by,
                    "blocks disable",
                    &id.to_string(),
                )?)
            })
            .await
    }
}
