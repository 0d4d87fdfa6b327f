//! What is looked up when a delivery is made, not when it is written.

use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, Gender, GroupId, LiveId, Moment, UserId};

/// What IM is shown of a room.
#[derive(Debug, Clone)]
pub struct RoomProfile {
    pub group: GroupId,
    pub host: UserId,
    /// The nickname of the host, not truncated.
    pub host_name: String,
    pub face_url: String,
    /// The broadcast that is live now.
    pub broadcast: Option<BroadcastId>,
}

/// What IM is shown of an account.
#[derive(Debug, Clone)]
pub struct AccountProfile {
    pub nickname: String,
    pub face_url: String,
    pub gender: Gender,
}

/// Reads the present state of rooms and accounts on an open connection. Implemented by the crate
/// that knows rooms.
pub trait Lookup: Send + Sync + 'static {
    /// Finds a room.
    ///
    /// # Errors
    /// A failure of the store.
    fn find_room(&self, conn: &mut Conn, live: LiveId) -> Result<Option<RoomProfile>, StoreError>;

    /// Counts `[men applied, all men, women applied, all women]` in a room without the host.
    ///
    /// # Errors
    /// A failure of the store.
    fn applicant_counts(&self, conn: &mut Conn, live: LiveId) -> Result<[i64; 4], StoreError>;

    /// Finds an account.
    ///
    /// # Errors
    /// A failure of the store.
    fn find_account(
        &self,
        conn: &mut Conn,
        user: UserId,
    ) -> Result<Option<AccountProfile>, StoreError>;

    /// Since when a user has been on stage; `None` if they are not.
    ///
    /// # Errors
    /// A failure of the store.
    fn on_stage_since(&self, conn: &mut Conn, user: UserId) -> Result<Option<Moment>, StoreError>;

    /// Records that IM has the group of the room.
    ///
    /// # Errors
    /// A failure of the store.
    fn mark_group_created(&self, conn: &mut Conn, live: LiveId) -> Result<(), StoreError>;
}
