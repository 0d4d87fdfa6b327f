//! [`CatalogueGift`]: a gift as the catalogue shows it.

use qlive_types::Coins;

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
}
