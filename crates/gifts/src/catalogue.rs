//! The catalogue of gifts.

use std::sync::Arc;

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::gifts;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Moment, Page, Period, WebAddressRules, text};

use crate::catalogue_page::Catalogue;
use crate::gift_row::{GiftRow, catalogue_gifts};
use crate::{CatalogueGift, CataloguePage, Gifts, GiftsError};

/// The most characters of a name.
const MAX_NAME_CHARS: usize = 40;
/// The most bytes of an effect.
const MAX_EFFECT_BYTES: usize = 512;

/// A gift to add to the catalogue.
#[derive(Debug, Clone)]
pub struct NewGift {
    /// At most 40 characters.
    pub name: String,
    pub price: Coins,
    /// The URL of a picture; empty for none.
    pub image: String,
    /// At most 512 bytes; may be empty.
    pub effect: String,
}

impl NewGift {
    /// The gift in the form in which it is stored.
    fn validate(self, addresses: &WebAddressRules) -> Result<Self, GiftsError> {
        let name = text::displayable(&self.name)
            .filter(|name| name.chars().count() <= MAX_NAME_CHARS)
            .ok_or(GiftsError::BadField("name"))?;
        let image = match self.image.trim() {
            "" => String::new(),
            url => addresses.parse(url).ok_or(GiftsError::BadField("image"))?,
        };
        let effect = self.effect.trim();
        if effect.len() > MAX_EFFECT_BYTES || !addresses.allow(effect) || effect.contains('\n') {
            return Err(GiftsError::BadField("effect"));
        }
        Ok(Self {
            name,
            price: self.price,
            image,
            effect: effect.to_owned(),
        })
    }
}

/// Where a gift stands in the catalogue, and when it is for sale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sale {
    /// The smallest first; gifts of one place by their price.
    pub place: i64,
    pub period: Period,
}

/// Inserts a gift and returns its id.
fn insert(conn: &mut Conn, now: Moment, new: &NewGift, sale: &Sale) -> Result<i64, StoreError> {
    Ok(diesel::insert_into(gifts::table)
        .values((
            gifts::name.eq(&new.name),
            gifts::image.eq(&new.image),
            gifts::price.eq(new.price.get()),
            gifts::effect.eq(&new.effect),
            gifts::enabled.eq(true),
            gifts::created_at.eq(now.millis()),
            gifts::place.eq(sale.place),
            gifts::sold_from.eq(sale.period.from.map(Moment::millis)),
            gifts::sold_until.eq(sale.period.until.map(Moment::millis)),
        ))
        .returning(gifts::id)
        .get_result(conn)?)
}

/// The gifts that can be sent, by their places, the cheapest of each first.
fn read_catalogue(conn: &mut Conn, now: Moment) -> Result<Catalogue, GiftsError> {
    let rows: Vec<GiftRow> = gifts::table
        .filter(gifts::enabled.eq(true))
        .order((gifts::place, gifts::price, gifts::id))
        .select(GiftRow::as_select())
        .load(conn)?;
    let mut gifts = catalogue_gifts(rows)?;
    gifts.retain(|gift| gift.is_sold(now));
    Ok(Catalogue::new(&gifts))
}

impl Gifts {
    /// A page of the gifts that can be sent, by their places and then the cheapest first, at most
    /// one second old.
    ///
    /// # Errors
    /// [`GiftsError::PastTheEnd`] when a page after the first is empty, or when the database fails.
    pub async fn catalogue(&self, page: Page) -> Result<Arc<CataloguePage>, GiftsError> {
        let (db, now) = (self.db.clone(), self.clock.now());
        let read = || async move { db.read_one(move |conn| read_catalogue(conn, now)).await };
        let catalogue = self.catalogue.get(read).await?;
        catalogue.page(page).ok_or(GiftsError::PastTheEnd)
    }

    /// All gifts, disabled ones included, for operators.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self) -> Result<Vec<CatalogueGift>, GiftsError> {
        self.db
            .read(|conn| {
                let rows: Vec<GiftRow> = gifts::table
                    .order(gifts::id)
                    .select(GiftRow::as_select())
                    .load(conn)?;
                Ok(catalogue_gifts(rows)?)
            })
            .await
    }

    /// Adds a gift and returns its id.
    ///
    /// # Errors
    /// [`GiftsError::BadField`], or when the database fails.
    pub async fn add(&self, by: Operator, new: NewGift) -> Result<i64, GiftsError> {
        let new = new.validate(&self.address_rules)?;
        let now = self.clock.now();
        let added = self
            .db
            .write(move |conn| {
                let id = insert(conn, now, &new, &Sale::default())?;
                audit_log::record(conn, now, &by, "gifts add", &id.to_string())?;
                Ok::<_, GiftsError>(id)
            })
            .await?;
        self.catalogue.forget();
        Ok(added)
    }

    /// Changes a gift that is not disabled. A gift keeps the price that it was shown with: another
    /// price makes a new version, and the one before is disabled. Returns the id that it has now.
    ///
    /// # Errors
    /// [`GiftsError::BadField`], [`GiftsError::UnknownGift`], or when the database fails.
    pub async fn edit(
        &self,
        by: Operator,
        id: i64,
        new: NewGift,
        sale: Sale,
    ) -> Result<i64, GiftsError> {
        let new = new.validate(&self.address_rules)?;
        if !sale.period.is_valid() {
            return Err(GiftsError::BadField("until"));
        }
        let now = self.clock.now();
        let edited = self
            .db
            .write(move |conn| {
                let enabled = gifts::table.find(id).filter(gifts::enabled.eq(true));
                let row: Option<GiftRow> = enabled
                    .select(GiftRow::as_select())
                    .first(conn)
                    .optional()?;
                let row = row.ok_or(GiftsError::UnknownGift)?;
                let before = CatalogueGift::try_from(row)?;
                let keeps_price = before.price == new.price;
                let updated = if keeps_price {
                    diesel::update(enabled)
                        .set((
                            gifts::name.eq(&new.name),
                            gifts::image.eq(&new.image),
                            gifts::effect.eq(&new.effect),
                            gifts::place.eq(sale.place),
                            gifts::sold_from.eq(sale.period.from.map(Moment::millis)),
                            gifts::sold_until.eq(sale.period.until.map(Moment::millis)),
                        ))
                        .execute(conn)?
                } else {
                    diesel::update(enabled)
                        .set(gifts::enabled.eq(false))
                        .execute(conn)?
                };
                if updated == 0 {
                    // Another operator was faster: one new version is enough.
                    return Err(GiftsError::UnknownGift);
                }
                let edited = if keeps_price {
                    id
                } else {
                    insert(conn, now, &new, &sale)?
                };
                let action = ("gifts edit", &*id.to_string());
                let (old, changed) = (summary(&before), summary_of(edited, &new, &sale));
                audit_log::record_change(conn, now, &by, action, (&old, &changed))?;
                Ok::<_, GiftsError>(edited)
            })
            .await?;
        self.catalogue.forget();
        Ok(edited)
    }

    /// Disables a gift: it can no longer be sent. The records of sent gifts keep it.
    ///
    /// # Errors
    /// [`GiftsError::UnknownGift`] also when it is disabled already, or when the database fails.
    pub async fn disable(&self, by: Operator, id: i64) -> Result<(), GiftsError> {
        self.set_enabled(by, id, false).await
    }

    /// Puts a disabled gift on sale again, at the price that it had.
    ///
    /// # Errors
    /// [`GiftsError::UnknownGift`] also when it is on sale, or when the database fails.
    pub async fn enable(&self, by: Operator, id: i64) -> Result<(), GiftsError> {
        self.set_enabled(by, id, true).await
    }

    async fn set_enabled(&self, by: Operator, id: i64, enabled: bool) -> Result<(), GiftsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let other = gifts::table.find(id).filter(gifts::enabled.ne(enabled));
                let updated = diesel::update(other)
                    .set(gifts::enabled.eq(enabled))
                    .execute(conn)?;
                if updated == 0 {
                    return Err(GiftsError::UnknownGift);
                }
                let action = if enabled {
                    "gifts enable"
                } else {
                    "gifts disable"
                };
                audit_log::record(conn, now, &by, action, &id.to_string())?;
                Ok(())
            })
            .await?;
        self.catalogue.forget();
        Ok(())
    }
}

/// A gift as the audit log shows it.
fn summary(gift: &CatalogueGift) -> String {
    let new = NewGift {
        name: gift.name.clone(),
        price: gift.price,
        image: gift.image.clone(),
        effect: gift.effect.clone(),
    };
    let sale = Sale {
        place: gift.place,
        period: gift.sold,
    };
    summary_of(gift.id, &new, &sale)
}

fn summary_of(id: i64, gift: &NewGift, sale: &Sale) -> String {
    let time = |at: Option<Moment>| at.map_or_else(|| "-".to_owned(), Moment::shanghai);
    format!(
        "gift {id}: {}, {} coins, {}, {}, place {}, {} to {}",
        gift.name,
        gift.price,
        gift.image,
        gift.effect,
        sale.place,
        time(sale.period.from),
        time(sale.period.until)
    )
}
