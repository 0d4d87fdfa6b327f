//! The order of the live rooms as it was a moment ago, with the pages that were read in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_types::{Cached, GroupId, LiveId, Page};

/// The greatest age of the list.
const MAX_AGE: Duration = Duration::from_secs(1);

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

/// All live rooms in the order of the list. The order of all of them is what costs; a page of it
/// costs the same wherever it is, and nothing past the end.
#[derive(Debug)]
pub(crate) struct LiveOrder {
    /// The room ids with the numbers of users.
    rooms: Vec<(i64, i64)>,
    /// The pages that were read, by offset.
    pages: Mutex<HashMap<i64, Arc<Vec<LiveRoom>>>>,
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

    /// A page that was read before.
    pub(crate) fn page(&self, page: Page) -> Option<Arc<Vec<LiveRoom>>> {
        self.lock().get(&page.offset()).map(Arc::clone)
    }

    /// Keeps a page.
    pub(crate) fn keep_page(&self, page: Page, rooms: Arc<Vec<LiveRoom>>) {
        self.lock().insert(page.offset(), rooms);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Arc<Vec<LiveRoom>>>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The present order of the live rooms.
#[derive(Debug)]
pub(crate) struct LiveListCache(pub(crate) Cached<LiveOrder>);

impl Default for LiveListCache {
    fn default() -> Self {
        Self(Cached::new(MAX_AGE))
    }
}
