//! [`Operators`]: the service.

use qlive_store::Db;
use qlive_types::{Clock, Moment};

/// The operators and what they do in the console. Cheap to clone.
#[derive(Clone)]
pub struct Operators {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Operators {
    /// The operators of a database.
    #[must_use]
    pub const fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// The time by the clock that sessions and codes follow.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }
}
