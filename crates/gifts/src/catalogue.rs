//! The catalogue of gifts.

use std::sync::Arc;

use diesel::prelude::*;
use qlive_store::Conn;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::gifts;
use qlive_types::{Coins, Page, WebAddressRules, text};

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

/// The gifts that can be sent, the cheapest first.
fn read_catalogue(conn: &mut Conn) -> Result<Catalogue, GiftsError> {
    let rows: Vec<GiftRow> = gifts::table
        .filter(gifts::enabled.eq(true))
        .order((gifts::price, gifts::id))
        .select(GiftRow::as_select())
        .load(conn)?;
    Ok(Catalogue::new(&catalogue_gifts(rows)?))
}

impl Gifts {
    /// A page of the gifts that can be sent, the cheapest first, at most one second old.
    ///
    /// # Errors
    /// [`GiftsError::PastTheEnd`] when a page after the first is empty, or when the database fails.
    pub async fn catalogue(&self, page: Page) -> Result<Arc<CataloguePage>, GiftsError> {
        let db = self.db.clone();
        let read = || async move { db.read_one(read_catalogue).await };
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
                let id: i64 = diesel::insert_into(gifts::table)
                    .values((
                        gifts::name.eq(&new.name),
                        gifts::image.eq(&new.image),
                        gifts::price.eq(new.price.get()),
                        gifts::effect.eq(&new.effect),
                        gifts::enabled.eq(true),
                        gifts::created_at.eq(now.millis()),
                    ))
                    .returning(gifts::id)
                    .get_result(conn)?;
                audit_log::record(conn, now, &by, "gifts add", &id.to_string())?;
                Ok::<_, GiftsError>(id)
            })
            .await?;
        self.catalogue.forget();
        Ok(added)
    }

    /// Disables a gift: it can no longer be sent. The records of sent gifts keep it.
    ///
    /// # Errors
    /// [`GiftsError::UnknownGift`] also when it is disabled already, or when the database fails.
    pub async fn disable(&self, by: Operator, id: i64) -> Result<(), GiftsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let enabled = gifts::table.find(id).filter(gifts::enabled.eq(true));
                let updated = diesel::update(enabled)
                    .set(gifts::enabled.eq(false))
                    .execute(conn)?;
                if updated == 0 {
                    return Err(GiftsError::UnknownGift);
                }
                audit_log::record(conn, now, &by, "gifts disable", &id.to_string())?;
                Ok(())
            })
            .await?;
        self.catalogue.forget();
        Ok(())
    }
}
