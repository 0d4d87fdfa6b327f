//! What IM and CSS say of a person's connection and stream.

use diesel::prelude::*;
use qlive_outbox::{Effect as Told, post};
use qlive_store::StoreError;
use qlive_store::schema::rooms;
use qlive_tencent::css::LiveEvent;
use qlive_tencent::im::Presence as Connection;
use qlive_types::{GroupId, UserId};

use crate::act::act;
use crate::error::RoomsError;
use crate::member::{self, Member};
use crate::mic::Event;
use crate::settings::Rooms;

/// The most bytes of a cover's URL.
const COVER_BYTES: usize = 512;

impl Rooms {
    /// IM says that an account logged in, or lost its connection, at `at` (milliseconds).
    pub async fn connection_changed(
        &self,
        user: UserId,
        connection: Connection,
        at: i64,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        let event = match connection {
            Connection::Login => Event::Heard,
            Connection::Lost => Event::ImLost,
        };
        self.db
            .write(move |conn| {
                let Some(member) = member::load(conn, user)? else {
                    return Ok(());
                };
                let late = match connection {
                    Connection::Login => at < member.im_event_at,
                    // Told twice, or overtaken by his entry or a call of his.
                    Connection::Lost => at <= member.im_event_at || is_stale(&member, at),
                };
                if late {
                    return Ok(());
                }
                act(conn, &house, &member, event)?;
                member::note_im_event(conn, user, at)?;
                Ok::<_, RoomsError>(())
            })
            .await?;
        self.office.wake();
        Ok(())
    }

    /// IM says that somebody left the group of a room at `at` (milliseconds).
    pub async fn left_group(
        &self,
        user: UserId,
        group: GroupId,
        at: i64,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        self.db
            .write(move |conn| {
                let Some(member) = member::load(conn, user)? else {
                    return Ok(());
                };
                let live: Option<i64> = rooms::table
                    .filter(rooms::group_id.eq(group.as_str()))
                    .select(rooms::id)
                    .get_result(conn)
                    .optional()?;
                let here = live == Some(member.about.live.get());
                if here && !is_stale(&member, at) {
                    act(conn, &house, &member, Event::GroupLeft)?;
                }
                Ok::<_, RoomsError>(())
            })
            .await?;
        self.office.wake();
        Ok(())
    }

    /// CSS says what became of a stream. Streams are named after their user.
    pub async fn stream_event(&self, event: LiveEvent) -> Result<(), RoomsError> {
        match event {
            LiveEvent::Started {
                stream,
                sequence,
                at,
            } => {
                self.on_stream(&stream, Event::StreamStarted, sequence, at)
                    .await
            }
            LiveEvent::Stopped {
                stream,
                sequence,
                at,
            } => {
                self.on_stream(&stream, Event::StreamStopped, sequence, at)
                    .await
            }
            LiveEvent::Screenshot { stream, url } => match UserId::parse(&stream) {
                Some(host) => self.set_cover(host, url).await,
                None => Ok(()),
            },
            LiveEvent::Other(_) => Ok(()),
        }
    }

    async fn on_stream(
        &self,
        stream: &str,
        event: Event,
        sequence: String,
        at: i64,
    ) -> Result<(), RoomsError> {
        let Some(user) = UserId::parse(stream) else {
            return Ok(());
        };
        let house = self.house();
        self.db
            .write(move |conn| {
                let Some(mut member) = member::load(conn, user)? else {
                    if event == Event::StreamStarted {
                        // Whoever is in no room has no business pushing.
                        post(conn, house.now, &Told::DropStream { user })?;
                    }
                    return Ok(());
                };
                if at < member.stream_event_at {
                    return Ok(());
                }
                let current = member.stream_sequence.as_deref() == Some(sequence.as_str());
                if event == Event::StreamStarted {
                    if current {
                        // A repeated start of this push says nothing new, not even that it runs again.
                        return Ok(());
                    }
                    member.stream_sequence = Some(sequence.clone());
                    member.standing.pushing = false;
                    act(conn, &house, &member, event)?;
                } else if current {
                    act(conn, &house, &member, event)?;
                }
                // A stop that overtook its start must still make that start an old one.
                member::note_stream_event(conn, user, at)?;
                Ok::<_, RoomsError>(())
            })
            .await?;
        self.office.wake();
        Ok(())
    }

    async fn set_cover(&self, host: UserId, url: String) -> Result<(), RoomsError> {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if !is_web || url.len() > COVER_BYTES {
            return Ok(());
        }
        self.db
            .write(move |conn| {
                diesel::update(rooms::table.filter(rooms::host_id.eq(host.get())))
                    .set(rooms::cover.eq(&url))
                    .execute(conn)?;
                Ok::<_, StoreError>(())
            })
            .await?;
        Ok(())
    }
}

/// Whether an event of IM is older than his entry or than the last we heard of him. 0: IM gave no time.
fn is_stale(member: &Member, at: i64) -> bool {
    at != 0 && at < member.entered_at.max(member.heard_at).millis()
}
