//! Events of CSS about a user's stream. A stream has the id of its user as its name.

use diesel::prelude::*;
use qlive_outbox::{Delivery, enqueue};
use qlive_store::schema::rooms;
use qlive_store::{Conn, StoreError};
use qlive_tencent::css::StreamEvent;
use qlive_types::UserId;

use crate::context::Context;
use crate::error::RoomsError;
use crate::member::{find_member, record_stream_event};
use crate::mic::MicEvent;
use crate::service::Rooms;
use crate::transition::apply_event;

/// Whether a push started or stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PushChange {
    Started,
    Stopped,
}

impl Rooms {
    /// Handles an event of CSS whose signature was verified. Events of streams that are not named
    /// after a user are ignored.
    ///
    /// # Errors
    /// A failure of the store. CSS then gets an error and sends the event again.
    pub async fn handle_stream_event(&self, event: StreamEvent) -> Result<(), RoomsError> {
        match event {
            StreamEvent::Started {
                stream,
                sequence,
                at_secs,
            } => {
                self.handle_push_change(&stream, PushChange::Started, sequence, at_secs)
                    .await
            }
            StreamEvent::Stopped {
                stream,
                sequence,
                at_secs,
            } => {
                self.handle_push_change(&stream, PushChange::Stopped, sequence, at_secs)
                    .await
            }
            StreamEvent::Screenshot { stream, url } => match UserId::parse(&stream) {
                Some(host) => self.set_cover(host, url).await,
                None => Ok(()),
            },
            StreamEvent::Unhandled(_) => Ok(()),
        }
    }

    /// `sequence` names a push, `at` is the time of the event in Unix seconds.
    async fn handle_push_change(
        &self,
        stream: &str,
        change: PushChange,
        sequence: String,
        at: i64,
    ) -> Result<(), RoomsError> {
        let Some(user) = UserId::parse(stream) else {
            return Ok(());
        };
        let context = self.context();
        self.db
            .write(move |conn| apply_push_change(conn, &context, user, change, &sequence, at))
            .await?;
        self.outbox.wake();
        Ok(())
    }

    async fn set_cover(&self, host: UserId, url: String) -> Result<(), RoomsError> {
        let Some(url) = self.settings.address_rules.parse(&url) else {
            return Ok(());
        };
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

fn apply_push_change(
    conn: &mut Conn,
    context: &Context,
    user: UserId,
    change: PushChange,
    sequence: &str,
    at: i64,
) -> Result<(), RoomsError> {
    let Some(mut member) = find_member(conn, user)? else {
        if change == PushChange::Started {
            // A user who is in no room may not push.
            enqueue(conn, context.now, &Delivery::DropStream { user })?;
        }
        return Ok(());
    };
    if at < member.stream_event_at {
        return Ok(());
    }
    let is_current = member.stream_sequence.as_deref() == Some(sequence);
    match change {
        // CSS repeats events. If this push has stopped since, its start must not undo that.
        PushChange::Started if is_current => return Ok(()),
        PushChange::Started => {
            member.stream_sequence = Some(sequence.to_owned());
            member.state.pushing = false;
            apply_event(conn, context, &member, MicEvent::StreamStarted)?;
        }
        PushChange::Stopped if is_current => {
            apply_event(conn, context, &member, MicEvent::StreamStopped)?;
        }
        PushChange::Stopped => {}
    }
    // Recorded for the stop of an unknown push too: if it overtook its start, that start is late.
    record_stream_event(conn, user, at)?;
    Ok(())
}
