//! The state of a room and the messages that a client may have missed.

use qlive_outbox::SentMessage;
use qlive_types::{LiveId, UserId};

use crate::error::RoomsError;
use crate::room::find_room;
use crate::service::Rooms;
use crate::views::stage::{Stage, read_stage};

/// The most messages returned, the latest ones.
const MESSAGE_LIMIT: i64 = 200;

/// The answer of [`Rooms::sync`].
#[derive(Debug)]
pub struct RoomSync {
    /// The number of the last message to the room's group.
    pub seq: i64,
    pub stage: Stage,
    /// Messages of the live broadcast, oldest first.
    pub events: Vec<SentMessage>,
}

impl Rooms {
    /// Reads the room as `user` sees it, and the messages to its group whose number is greater than
    /// `since`: at most the latest 200, of the live broadcast only.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::MembersOnly`], or a failure of the store.
    pub async fn sync(
        &self,
        user: UserId,
        live: LiveId,
        since: i64,
    ) -> Result<RoomSync, RoomsError> {
        let context = self.context();
        self.db
            .read(move |conn| {
                let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                let broadcast = room.live_broadcast().ok_or(RoomsError::MembersOnly)?;
                Ok(RoomSync {
                    stage: read_stage(conn, &context, &room, user)?,
                    seq: qlive_outbox::current_seq(conn, live)?,
                    events: qlive_outbox::sent_messages(conn, broadcast, since, MESSAGE_LIMIT)?,
                })
            })
            .await
    }
}
