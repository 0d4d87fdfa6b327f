//! What a delivery looks up at the last moment.

use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, Gender, GroupId, LiveId, Moment, UserId};

/// A room as IM is shown it.
#[derive(Debug, Clone)]
pub struct Room {
    pub group: GroupId,
    pub host: UserId,
    /// The host's nickname, uncut.
    pub name: String,
    pub face_url: String,
    /// The broadcast that is live now.
    pub live: Option<BroadcastId>,
}

/// An account as IM is shown it.
#[derive(Debug, Clone)]
pub struct Account {
    pub nickname: String,
    pub face_url: String,
    pub gender: Gender,
}

/// The present truth about rooms and accounts, read on an open connection.
pub trait Facts: Send + Sync + 'static {
    /// A room, if there is one with this number.
    fn room(&self, conn: &mut Conn, live: LiveId) -> Result<Option<Room>, StoreError>;
    /// `[men applied, all men, women applied, all women]`, the host not counted.
    fn num_list(&self, conn: &mut Conn, live: LiveId) -> Result<[i64; 4], StoreError>;
    /// An account, if there is one with this number.
    fn account(&self, conn: &mut Conn, user: UserId) -> Result<Option<Account>, StoreError>;
    /// Since when somebody is on stage, if he is.
    fn on_stage_since(&self, conn: &mut Conn, user: UserId) -> Result<Option<Moment>, StoreError>;
    /// Notes that IM now has the room's group.
    fn group_made(&self, conn: &mut Conn, live: LiveId) -> Result<(), StoreError>;
}
