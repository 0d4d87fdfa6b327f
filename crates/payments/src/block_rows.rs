//! Reading recharge blocks.

use diesel::prelude::*;
use qlive_store::schema::blocks;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment, Period, Rendered};

use crate::error::PaymentsError;

/// An amount of gold for a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub id: i64,
    pub gold: Coins,
    pub price: Fen,
    /// The product id in WeChat's console. A block without one cannot be bought by virtual payment.
    pub product_id: Option<String>,
    pub enabled: bool,
    /// When it is for sale.
    pub sold: Period,
}

impl Block {
    /// Whether it is for sale at a moment.
    #[must_use]
    pub fn is_sold(&self, at: Moment) -> bool {
        self.enabled && self.sold.contains(at)
    }
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
    sold_from: Option<i64>,
    sold_until: Option<i64>,
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
            sold: Period::from_millis(row.sold_from, row.sold_until),
        })
    }
}

/// The block with this id, when it is not disabled.
pub(crate) fn find_enabled_block(conn: &mut Conn, id: i64) -> Result<Option<Block>, StoreError> {
    let row: Option<BlockRow> = blocks::table
        .find(id)
        .filter(blocks::enabled.eq(true))
        .select(BlockRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The block with this id, when it is for sale.
pub(crate) fn find_block_for_sale(
    conn: &mut Conn,
    now: Moment,
    id: i64,
) -> Result<Option<Block>, StoreError> {
    let found = find_enabled_block(conn, id)?;
    Ok(found.filter(|block| block.is_sold(now)))
}

/// The blocks for sale, the cheapest first.
pub(crate) fn read_blocks_for_sale(
    conn: &mut Conn,
    now: Moment,
) -> Result<BlockList, PaymentsError> {
    let rows: Vec<BlockRow> = blocks::table
        .filter(blocks::enabled.eq(true))
        .order((blocks::fen, blocks::id))
        .select(BlockRow::as_select())
        .load(conn)?;
    let blocks: Result<Vec<Block>, StoreError> = rows.into_iter().map(TryInto::try_into).collect();
    let mut blocks = blocks?;
    blocks.retain(|block| block.is_sold(now));
    Ok(BlockList {
        blocks,
        rendered: Rendered::default(),
    })
}
