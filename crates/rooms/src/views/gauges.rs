//! Counts for the metrics.

use qlive_store::count_up_to;

use crate::error::RoomsError;
use crate::service::Rooms;

/// How many rooms are live and how many users are in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauges {
    pub rooms_live: i64,
    pub people_present: i64,
}

impl Rooms {
    /// Counts the live rooms and the users in them.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn gauges(&self) -> Result<Gauges, RoomsError> {
        self.gauges_up_to(i64::MAX).await
    }

    /// The same, at most `most` of each.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn gauges_up_to(&self, most: i64) -> Result<Gauges, RoomsError> {
        self.db
            .read(move |conn| {
                Ok(Gauges {
                    rooms_live: count_up_to(conn, "broadcasts", most)?,
                    people_present: count_up_to(conn, "members", most)?,
                })
            })
            .await
    }
}
