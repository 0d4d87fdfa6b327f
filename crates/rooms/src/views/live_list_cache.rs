//! The order of the live rooms as it was a moment ago, with the pages that were read in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use qlive_types::{GroupId, LiveId, Page, Rendered};
use tokio::sync::OnceCell;

/// A room in the list of live rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRoom {
    pub live: LiveId,
    /// The IM group of the room.
    pub group: GroupId,
    /// The host's nickname.
    pub name: String,
    /// The URL of the cover, else of the host's face.
    pub image: String,
    /// The URL of the face on the male mic, or of the configured placeholder.
    pub boy: String,
    /// The same for the female mic.
    pub girl: String,
    /// The number of users in the room, the host and guests included.
    pub audience: i64,
}

/// A page of the list of live rooms.
#[derive(Debug, Default)]
pub struct LivePage {
    pub rooms: Vec<LiveRoom>,
    /// The answer that shows this page.
    pub rendered: Rendered,
}

/// A page that one request reads, while others wait for it.
type PageCell = Arc<OnceCell<Arc<LivePage>>>;

/// All live rooms in the order of the list. The order of all of them is what costs; a page of it
/// costs the same wherever it is, and nothing past the end.
#[derive(Debug)]
pub(crate) struct LiveOrder {
    /// The room ids with the numbers of users.
    rooms: Vec<(i64, i64)>,
    /// The pages that were read, by offset.
    pages: Mutex<HashMap<i64, PageCell>>,
}

impl LiveOrder {
    pub(crate) fn new(rooms: Vec<(i64, i64)>) -> Self {
        Self {
            rooms,
            pages: Mutex::default(),
        }
    }

    /// The rooms on a page with their numbers of users; none past the end.
    pub(crate) fn rooms_on(&self, page: Page) -> &[(i64, i64)] {
        page.of(&self.rooms)
    }

    /// The place of a page that is not past the end.
    pub(crate) fn page(&self, page: Page) -> PageCell {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pages.entry(page.offset()).or_default())
    }
}
