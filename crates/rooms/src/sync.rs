//! `sync`: what a client missed, for those who are in the room. Changes nothing.

use qlive_outbox::Event;
use qlive_types::{LiveId, UserId};

use crate::error::RoomsError;
use crate::room;
use crate::settings::Rooms;
use crate::stage::{self, Stage};

/// The most messages answered.
const EVENTS: i64 = 200;

/// The room now, and the messages of its present broadcast since.
#[derive(Debug)]
pub struct Sync {
    /// The number of the last message to the room's group.
    pub seq: i64,
    pub stage: Stage,
    pub events: Vec<Event>,
}

impl Rooms {
    /// What the group of a room was told after `since`, and how the room stands.
    pub async fn sync(&self, user: UserId, live: LiveId, since: i64) -> Result<Sync, RoomsError> {
        let house = self.house();
        self.db
            .read(move |conn| {
                let room = room::find(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                let about = room.about().ok_or(RoomsError::MembersOnly)?;
                Ok(Sync {
                    stage: stage::view(conn, &house, &room, user)?,
                    seq: qlive_outbox::current_seq(conn, live)?,
                    events: qlive_outbox::events(conn, about, since, EVENTS)?,
                })
            })
            .await
    }
}
