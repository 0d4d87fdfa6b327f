//! The catalogue: what can be given, and for how much.

use diesel::prelude::*;
use qlive_store::audit::{self, Operator};
use qlive_store::schema::gifts;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Page, text};

use crate::{Gifts, GiftsError};

/// The most characters of a name, and bytes of an address.
const NAME_LIMIT: usize = 40;
const ADDRESS_LIMIT: usize = 512;

/// A gift of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueGift {
    pub id: i64,
    pub name: String,
    pub image: String,
    pub price: Coins,
    /// What the client plays when it is given.
    pub effect: String,
    pub enabled: bool,
}

/// A gift to be added.
#[derive(Debug, Clone)]
pub struct NewGift {
    pub name: String,
    pub price: Coins,
    pub image: String,
    pub effect: String,
}

impl NewGift {
    fn check(&self) -> Result<(), GiftsError> {
        let named = !self.name.trim().is_empty() && self.name.chars().count() <= NAME_LIMIT;
        if !named || text::has_control(&self.name) {
            return Err(GiftsError::BadField("name"));
        }
        for (field, value) in [("image", &self.image), ("effect", &self.effect)] {
            if value.len() > ADDRESS_LIMIT || text::has_control(value) {
                return Err(GiftsError::BadField(field));
            }
        }
        Ok(())
    }
}

type Columns = (i64, String, String, i64, String, bool);
const COLUMNS: (
    gifts::id,
    gifts::name,
    gifts::image,
    gifts::price,
    gifts::effect,
    gifts::enabled,
) = (
    gifts::id,
    gifts::name,
    gifts::image,
    gifts::price,
    gifts::effect,
    gifts::enabled,
);

fn gift((id, name, image, price, effect, enabled): Columns) -> Result<CatalogueGift, StoreError> {
    let price = Coins::new(price)
        .ok()
        .ok_or(StoreError::Corrupt("gifts.price"))?;
    Ok(CatalogueGift {
        id,
        name,
        image,
        price,
        effect,
        enabled,
    })
}

/// A gift that may be given now.
pub(crate) fn find(conn: &mut Conn, id: i64) -> Result<Option<CatalogueGift>, StoreError> {
    let row: Option<Columns> = gifts::table
        .find(id)
        .filter(gifts::enabled.eq(true))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(gift).transpose()
}

impl Gifts {
    /// A page of what can be given, cheapest first, and how many there are. Page one may be empty, a later one not.
    pub async fn catalogue(&self, page: Page) -> Result<(i64, Vec<CatalogueGift>), GiftsError> {
        self.db
            .read(move |conn| {
                let count: i64 = gifts::table
                    .filter(gifts::enabled.eq(true))
                    .count()
                    .get_result(conn)?;
                let rows: Vec<Columns> = gifts::table
                    .filter(gifts::enabled.eq(true))
                    .order((gifts::price, gifts::id))
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select(COLUMNS)
                    .load(conn)?;
                if rows.is_empty() && page != Page::FIRST {
                    return Err(GiftsError::PastTheEnd);
                }
                Ok((count, rows.into_iter().map(gift).collect::<Result<_, _>>()?))
            })
            .await
    }

    /// Every gift, disabled ones too, for operators.
    pub async fn list(&self) -> Result<Vec<CatalogueGift>, GiftsError> {
        self.db
            .read(|conn| {
                let rows: Vec<Columns> =
                    gifts::table.order(gifts::id).select(COLUMNS).load(conn)?;
                Ok(rows.into_iter().map(gift).collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Adds a gift; answers its number.
    pub async fn add(&self, by: Operator, new: NewGift) -> Result<i64, GiftsError> {
        new.check()?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let id: i64 = diesel::insert_into(gifts::table)
                    .values((
                        gifts::name.eq(new.name.trim()),
                        gifts::image.eq(&new.image),
                        gifts::price.eq(new.price.get()),
                        gifts::effect.eq(&new.effect),
                        gifts::enabled.eq(true),
                        gifts::created_at.eq(now.millis()),
                    ))
                    .returning(gifts::id)
                    .get_result(conn)?;
                audit::record(conn, now, &by, "gifts add", &id.to_string())?;
                Ok(id)
            })
            .await
    }

    /// Takes a gift out of the catalogue. What was given stays as it was.
    pub async fn disable(&self, by: Operator, id: i64) -> Result<(), GiftsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let found = gifts::table.find(id).filter(gifts::enabled.eq(true));
                if diesel::update(found)
                    .set(gifts::enabled.eq(false))
                    .execute(conn)?
                    == 0
                {
                    return Err(GiftsError::UnknownGift);
                }
                Ok(audit::record(
                    conn,
                    now,
                    &by,
                    "gifts disable",
                    &id.to_string(),
                )?)
            })
            .await
    }
}
