//! The rows of the catalogue.

use std::collections::HashMap;

use diesel::prelude::*;
use qlive_store::schema::gifts;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Moment, Period};

use crate::CatalogueGift;

/// A row of `gifts`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = gifts)]
pub(crate) struct GiftRow {
    id: i64,
    name: String,
    image: String,
    price: i64,
    effect: String,
    enabled: bool,
    place: i64,
    sold_from: Option<i64>,
    sold_until: Option<i64>,
}

impl TryFrom<GiftRow> for CatalogueGift {
    type Error = StoreError;

    fn try_from(row: GiftRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            name: row.name,
            image: row.image,
            price: Coins::new(row.price)
                .ok()
                .ok_or(StoreError::Corrupt("gifts.price"))?,
            effect: row.effect,
            enabled: row.enabled,
            place: row.place,
            sold: Period::from_millis(row.sold_from, row.sold_until),
        })
    }
}

/// Those of these gifts that are for sale now, by id.
pub(crate) fn find_sold(
    conn: &mut Conn,
    now: Moment,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, CatalogueGift>, StoreError> {
    let ids: Vec<i64> = ids.into_iter().collect();
    let enabled = gifts::table
        .filter(gifts::id.eq_any(ids))
        .filter(gifts::enabled.eq(true));
    // One array on PostgreSQL, whatever the number of gifts.
    let rows: Vec<GiftRow> = match conn {
        Conn::Pg(conn) => enabled.select(GiftRow::as_select()).load(conn)?,
        Conn::Sqlite(conn) => enabled.select(GiftRow::as_select()).load(conn)?,
    };
    let found = catalogue_gifts(rows)?.into_iter();
    let sold = found.filter(|gift| gift.is_sold(now));
    Ok(sold.map(|gift| (gift.id, gift)).collect())
}

/// The gifts of these rows.
pub(crate) fn catalogue_gifts(rows: Vec<GiftRow>) -> Result<Vec<CatalogueGift>, StoreError> {
    rows.into_iter().map(TryInto::try_into).collect()
}
