//! [`CatalogueGift`]: a gift as the catalogue shows it.

use qlive_types::{Coins, Moment, Period};

/// A gift of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueGift {
    pub id: i64,
    pub name: String,
    /// The URL of a picture.
    pub image: String,
    pub price: Coins,
    /// The name of the animation that clients play.
    pub effect: String,
    pub enabled: bool,
    /// Its place in the catalogue, the smallest first; gifts of one place by their price.
    pub place: i64,
    /// When it is for sale.
    pub sold: Period,
}

impl CatalogueGift {
    /// Whether it is for sale at a moment.
    #[must_use]
    pub fn is_sold(&self, at: Moment) -> bool {
        self.enabled && self.sold.contains(at)
    }
}
