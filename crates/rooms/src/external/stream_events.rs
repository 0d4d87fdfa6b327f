//! Events of CSS about a user's stream. A stream has the id of its user as its name.

use diesel::prelude::*;
use qlive_outbox::{Delivery, enqueue};
use qlive_store::schema::rooms;
use qlive_store::{Conn, StoreError};
use qlive_tencent::css::StreamEvent;
use qlive_types::UserId;

use crate::context::Context;
use crate::error::RoomsError;
use crate::member::{Member, find_member};
use crate::mic::MicEvent;
use crate::service::Rooms;
use crate::transition::apply_event;

/// By how many seconds the start of a push that CSS reports, and the one that follows from the
/// length of the push, may differ.
const START_TOLERANCE_SECS: i64 = 2;

/// Whether a push started or stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PushChange {
    Started,
    /// Holds the start of the push that stopped, by its length, in Unix seconds.
    Stopped(Option<i64>),
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
                started_at_secs,
            } => {
                let change = PushChange::Stopped(started_at_secs);
                self.handle_push_change(&stream, change, sequence, at_secs)
                    .await
            }
            StreamEvent::Screenshot { stream, url } => match UserId::parse(&stream) {
                Some(host) => self.set_cover(host, url).await,
                None => Ok(()),
            },
            StreamEvent::Judged(judged) => self.keep_judged(judged).await,
            StreamEvent::Unhandled(_) => Ok(()),
        }
    }

    /// `sequence` names a push, unless it is empty; `at` is the time of the event in Unix seconds,
    /// 0 if CSS reports none.
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
        self.change(move |conn, context| {
            apply_push_change(conn, context, user, change, &sequence, at)
        })
        .await
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
    let is_late = at > 0 && at < member.stream_event_at;
    let open_pushes = member.stream_open_pushes;
    match change {
        // CSS repeats events. If this push has stopped since, its start must not undo that.
        PushChange::Started if is_repeated_start(&member, sequence, at) => {}
        PushChange::Started if is_late => {
            // The stop of a push that started before the current one is still to come.
            if member.state.pushing && at < member.stream_started_at.unwrap_or(0) {
                member.record_stream_event(conn, at, open_pushes + 1)?;
            }
        }
        PushChange::Started => {
            member.record_stream_event(conn, at, open_pushes + 1)?;
            member.stream_sequence = Some(sequence.to_owned());
            member.stream_started_at = Some(at);
            member.state.pushing = false;
            apply_event(conn, context, &member, MicEvent::StreamStarted)?;
        }
        PushChange::Stopped(started_at) => {
            let ends_current = !is_late && is_current_push(&member, sequence, at, started_at);
            // Recorded for the stop of an unknown push too: if it overtook its start, that start
            // is late.
            member.record_stream_event(conn, at, (open_pushes - 1).max(0))?;
            if ends_current {
                apply_event(conn, context, &member, MicEvent::StreamStopped)?;
            }
        }
    }
    Ok(())
}

/// Whether a start is that of the push whose start was applied last. Without a sequence it is when
/// this push runs and started in the same second.
fn is_repeated_start(member: &Member, sequence: &str, at: i64) -> bool {
    match member.stream_sequence.as_deref() {
        None => false,
        Some("") if sequence.is_empty() => {
            member.state.pushing && at > 0 && member.stream_started_at == Some(at)
        }
        Some(current) => current == sequence,
    }
}

/// Whether the push that has stopped at `at` is the one whose start was applied last. Without a
/// sequence its start decides, which follows from its length. Without a length too, it is an
/// earlier push as long as the stop of one is still to come.
fn is_current_push(member: &Member, sequence: &str, at: i64, started_at: Option<i64>) -> bool {
    let Some(current) = member.stream_sequence.as_deref() else {
        return false;
    };
    if !current.is_empty() && !sequence.is_empty() {
        return current == sequence;
    }
    let current_start = member.stream_started_at.unwrap_or(0);
    match started_at {
        Some(started_at) => started_at + START_TOLERANCE_SECS >= current_start,
        None => member.stream_open_pushes <= 1 && (at == 0 || at >= current_start),
    }
}
