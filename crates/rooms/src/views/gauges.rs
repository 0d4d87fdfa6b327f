//! Counts for the metrics.

use diesel::prelude::*;
use qlive_store::schema::{broadcasts, members};

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
        self.db
            .read(|conn| {
                Ok(Gauges {
                    rooms_live: broadcasts::table.count().get_result(conn)?,
                    people_present: members::table.count().get_result(conn)?,
                })
            })
            .await
    }
}
