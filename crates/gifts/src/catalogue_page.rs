//! The catalogue as it is shown, in pages.

use std::sync::Arc;

use qlive_types::{Page, Rendered};

use crate::CatalogueGift;

/// A page of the gifts that can be sent.
#[derive(Debug, Default)]
pub struct CataloguePage {
    /// How many gifts there are on all pages.
    pub count: i64,
    pub gifts: Vec<CatalogueGift>,
    /// The answer that shows this page.
    pub rendered: Rendered,
}

/// All pages. There is at least one, which may be empty.
pub(crate) struct Catalogue(Vec<Arc<CataloguePage>>);

impl Catalogue {
    pub(crate) fn new(gifts: &[CatalogueGift]) -> Self {
        let count = i64::try_from(gifts.len()).unwrap_or(i64::MAX);
        let rows = usize::try_from(Page::ROWS).unwrap_or(1);
        let page = |gifts: &[CatalogueGift]| {
            Arc::new(CataloguePage {
                count,
                gifts: gifts.to_vec(),
                rendered: Rendered::default(),
            })
        };
        if gifts.is_empty() {
            return Self(vec![page(&[])]);
        }
        Self(gifts.chunks(rows).map(page).collect())
    }

    /// `None` past the last page.
    pub(crate) fn page(&self, page: Page) -> Option<Arc<CataloguePage>> {
        let at = usize::try_from(page.number() - 1).ok()?;
        self.0.get(at).map(Arc::clone)
    }
}
