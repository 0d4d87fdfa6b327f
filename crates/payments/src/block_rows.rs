//! Reading recharge blocks.

use diesel::prelude::*;
use qlive_store::schema::blocks;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Rendered};

use crate::error::PaymentsError;

/// An amount of gold for a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub id: i64,
    pub gold: Coins,
    pub price: Fen,
    /// The product id in WeChat's console. A block without one cannot be bought by virtual payment.
    pub product_id: Option<String>,
    /// Whether it is for sale.
    pub enabled: bool,
}

/// The blocks for sale.
#[derive(Debug)]
pub struct BlockList {
    pub blocks: Vec<Block>,
    /// The answer that shows them.
    pub rendered: Rendered,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = blocks)]
pub(crate) struct BlockRow {
    id: i64,
    gold: i64,
    fen: i64,
    product_id: Option<String>,
    enabled: bool,
}

impl TryFrom<BlockRow> for Block {
    type Error = StoreError;

    fn try_from(row: BlockRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            gold: Coins::new(row.gold)
                .ok()
                .ok_or(StoreError::Corrupt("blocks.gold"))?,
            price: Fen::new(row.fen)
                .ok()
                .ok_or(StoreError::Corrupt("blocks.fen"))?,
            product_id: row.product_id,
            enabled: row.enabled,
        })
    }
}

/// The block with this id, when it is for sale.
pub(crate) fn find_enabled_block(conn: &mut Conn, id: i64) -> Result<Option<Block>, StoreError> {
    let row: Option<BlockRow> = blocks::table
        .find(id)
        .filter(blocks::enabled.eq(true))
        .select(BlockRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The blocks for sale, the cheapest first.
pub(crate) fn read_blocks_for_sale(conn: &mut Conn) -> Result<BlockList, PaymentsError> {
    let rows: Vec<BlockRow> = blocks::table
        .filter(blocks::enabled.eq(true))
        .order((blocks::fen, blocks::id))
        .select(BlockRow::as_select())
        .load(conn)?;
    let blocks: Result<_, StoreError> = rows.into_iter().map(TryInto::try_into).collect();
    Ok(BlockList {
        blocks: blocks?,
        rendered: Rendered::default(),
    })
}
