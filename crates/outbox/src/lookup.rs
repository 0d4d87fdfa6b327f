//! What is looked up when a delivery is made, not when it is written.

use std::collections::{BTreeMap, BTreeSet};

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

/// Reads the present state of rooms and accounts on an open connection, of many at once. What does
/// not exist is missing in the answer. Implemented by the crate that knows rooms.
pub trait Lookup: Send + Sync + 'static {
    /// Finds rooms.
    ///
    /// # Errors
    /// A failure of the store.
    fn find_rooms(
        &self,
        conn: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, RoomProfile>, StoreError>;

    /// Counts `[men applied, all men, women applied, all women]` in each room, without the host.
    ///
    /// # Errors
    /// A failure of the store.
    fn applicant_counts(
        &self,
        conn: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, [i64; 4]>, StoreError>;

    /// Finds accounts.
    ///
    /// # Errors
    /// A failure of the store.
    fn find_accounts(
        &self,
        conn: &mut Conn,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, AccountProfile>, StoreError>;

    /// Since when users have been on stage; those who are not are missing.
    ///
    /// # Errors
    /// A failure of the store.
    fn on_stage_since(
        &self,
        conn: &mut Conn,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, Moment>, StoreError>;

    /// Records that IM has the groups of these rooms.
    ///
    /// # Errors
    /// A failure of the store.
    fn mark_groups_created(
        &self,
        conn: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<(), StoreError>;
}
