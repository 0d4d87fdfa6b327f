//! In which room a user is.

use qlive_types::UserId;

use crate::error::RoomsError;
use crate::service::Rooms;
use crate::views::whereabouts_rows::Whereabouts;

impl Rooms {
    /// The room that a user is in. `None` if they are in none.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn whereabouts(&self, user: UserId) -> Result<Option<Whereabouts>, RoomsError> {
        Ok(self.whereabouts_reads.get(user).await?)
    }
}
