//! The cache of the list of live rooms.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_types::{GroupId, LiveId, Moment, Page};

/// The greatest age of a cached page.
const MAX_AGE: Duration = Duration::from_secs(1);
/// The most pages cached.
const MAX_PAGES: usize = 256;

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

type CachedPage = (Moment, Arc<Vec<LiveRoom>>);

/// Pages of the live list by offset, each with the time it was read.
#[derive(Default)]
pub(crate) struct LiveListCache(Mutex<HashMap<i64, CachedPage>>);

impl LiveListCache {
    /// A page that is fresh enough at `now`.
    pub(crate) fn get(&self, page: Page, now: Moment) -> Option<Arc<Vec<LiveRoom>>> {
        self.lock()
            .get(&page.offset())
            .filter(|(read_at, _)| now.since(*read_at) < MAX_AGE)
            .map(|(_, rooms)| Arc::clone(rooms))
    }

    /// Stores a page that was read at `read_at`. A full cache is emptied first.
    pub(crate) fn put(&self, page: Page, read_at: Moment, rooms: Arc<Vec<LiveRoom>>) {
        let mut pages = self.lock();
        if pages.len() >= MAX_PAGES {
            pages.clear();
        }
        pages.insert(page.offset(), (read_at, rooms));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, CachedPage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
