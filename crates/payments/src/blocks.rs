//! Recharge blocks: amounts of gold that can be bought for a price.

use std::sync::Arc;

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::blocks;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment, Period};

use crate::block_rows::{Block, BlockList, BlockRow, find_enabled_block, read_blocks_for_sale};
use crate::error::PaymentsError;
use crate::service::Payments;

/// The most characters of a product id.
const PRODUCT_ID_LIMIT: usize = 64;

/// A block to be added.
#[derive(Debug, Clone)]
pub struct NewBlock {
    pub gold: Coins,
    pub price: Fen,
    /// 1 to 64 visible ASCII characters.
    pub product_id: Option<String>,
}

fn check_new_block(new: &NewBlock) -> Result<(), PaymentsError> {
    let is_valid = |id: &String| {
        (1..=PRODUCT_ID_LIMIT).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
    };
    if new.gold.is_zero() {
        return Err(PaymentsError::BadField("gold"));
    }
    if new.price.get() == 0 {
        return Err(PaymentsError::BadField("price"));
    }
    if !new.product_id.as_ref().is_none_or(is_valid) {
        return Err(PaymentsError::BadField("product_id"));
    }
    Ok(())
}

/// Inserts a block and returns its id.
fn insert(conn: &mut Conn, now: Moment, new: &NewBlock, sold: Period) -> Result<i64, StoreError> {
    Ok(diesel::insert_into(blocks::table)
        .values((
            blocks::gold.eq(new.gold.get()),
            blocks::fen.eq(new.price.get()),
            blocks::product_id.eq(&new.product_id),
            blocks::enabled.eq(true),
            blocks::created_at.eq(now.millis()),
            blocks::sold_from.eq(sold.from.map(Moment::millis)),
            blocks::sold_until.eq(sold.until.map(Moment::millis)),
        ))
        .returning(blocks::id)
        .get_result(conn)?)
}

fn edit(
    conn: &mut Conn,
    now: Moment,
    by: &Operator,
    id: i64,
    new: &NewBlock,
    sold: Period,
) -> Result<i64, PaymentsError> {
    let before = find_enabled_block(conn, id)?.ok_or(PaymentsError::UnknownBlock)?;
    let is_same_offer = before.gold == new.gold && before.price == new.price;
    let enabled = blocks::table.find(id).filter(blocks::enabled.eq(true));
    let updated = if is_same_offer {
        diesel::update(enabled)
            .set((
                blocks::product_id.eq(&new.product_id),
                blocks::sold_from.eq(sold.from.map(Moment::millis)),
                blocks::sold_until.eq(sold.until.map(Moment::millis)),
            ))
            .execute(conn)?
    } else {
        diesel::update(enabled)
            .set(blocks::enabled.eq(false))
            .execute(conn)?
    };
    if updated == 0 {
        // Another operator was faster: one new version is enough.
        return Err(PaymentsError::UnknownBlock);
    }
    let edited = if is_same_offer {
        id
    } else {
        insert(conn, now, new, sold)?
    };
    let old = NewBlock {
        gold: before.gold,
        price: before.price,
        product_id: before.product_id,
    };
    let changed = (
        &*summary(id, &old, before.sold),
        &*summary(edited, new, sold),
    );
    audit_log::record_change(conn, now, by, ("blocks edit", &id.to_string()), changed)?;
    Ok(edited)
}

/// A block as the audit log shows it.
fn summary(id: i64, block: &NewBlock, sold: Period) -> String {
    let time = |at: Option<Moment>| at.map_or_else(|| "-".to_owned(), Moment::shanghai);
    format!(
        "block {id}: {} coins for {} fen, {}, {} to {}",
        block.gold,
        block.price.get(),
        block.product_id.as_deref().unwrap_or("-"),
        time(sold.from),
        time(sold.until)
    )
}

impl Payments {
    /// The blocks for sale, the cheapest first, at most one second old.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn blocks(&self) -> Result<Arc<BlockList>, PaymentsError> {
        let (db, now) = (self.db.clone(), self.clock.now());
        let read = || async move {
            db.read_one(move |conn| read_blocks_for_sale(conn, now))
                .await
        };
        self.blocks.get(read).await
    }

    /// Every block, for operators.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_blocks(&self) -> Result<Vec<Block>, PaymentsError> {
        self.db
            .read_one(|conn| {
                let rows: Vec<BlockRow> = blocks::table
                    .order(blocks::id)
                    .select(BlockRow::as_select())
                    .load(conn)?;
                let blocks: Result<Vec<Block>, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok(blocks?)
            })
            .await
    }

    /// Adds a block and returns its id.
    ///
    /// # Errors
    /// [`PaymentsError::BadField`] when gold or price is zero or the product id is not valid; else
    /// when the database fails.
    pub async fn add_block(&self, by: Operator, new: NewBlock) -> Result<i64, PaymentsError> {
        check_new_block(&new)?;
        let now = self.clock.now();
        let id = self
            .db
            .write(move |conn| {
                let id = insert(conn, now, &new, Period::default())?;
                audit_log::record(conn, now, &by, "blocks add", &id.to_string())?;
                Ok::<_, PaymentsError>(id)
            })
            .await?;
        self.blocks.forget();
        Ok(id)
    }

    /// Changes a block that is not disabled. A block keeps what it was shown with: another amount
    /// or price makes a new version, and the one before is disabled. Returns the id that it now
    /// has.
    ///
    /// # Errors
    /// [`PaymentsError::BadField`] as when one is added, or when it ends before it begins;
    /// [`PaymentsError::UnknownBlock`]; else when the database fails.
    pub async fn edit_block(
        &self,
        by: Operator,
        id: i64,
        new: NewBlock,
        sold: Period,
    ) -> Result<i64, PaymentsError> {
        check_new_block(&new)?;
        if !sold.is_valid() {
            return Err(PaymentsError::BadField("until"));
        }
        let now = self.clock.now();
        let edited = self
            .db
            .write(move |conn| edit(conn, now, &by, id, &new, sold))
            .await?;
        self.blocks.forget();
        Ok(edited)
    }

    /// Takes a block off sale. Its orders stay as they are.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownBlock`] when no block with this id is for sale; else when the
    /// database fails.
    pub async fn disable_block(&self, by: Operator, id: i64) -> Result<(), PaymentsError> {
        self.set_enabled(by, id, false).await
    }

    /// Puts a block on sale again that was taken off.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownBlock`] when no block with this id is off sale; else when the
    /// database fails.
    pub async fn enable_block(&self, by: Operator, id: i64) -> Result<(), PaymentsError> {
        self.set_enabled(by, id, true).await
    }

    async fn set_enabled(&self, by: Operator, id: i64, enabled: bool) -> Result<(), PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let other = blocks::table.find(id).filter(blocks::enabled.ne(enabled));
                let updated = diesel::update(other)
                    .set(blocks::enabled.eq(enabled))
                    .execute(conn)?;
                if updated == 0 {
                    return Err(PaymentsError::UnknownBlock);
                }
                let action = if enabled {
                    "blocks enable"
                } else {
                    "blocks disable"
                };
                audit_log::record(conn, now, &by, action, &id.to_string())?;
                Ok(())
            })
            .await?;
        self.blocks.forget();
        Ok(())
    }
}
