//! What operators do: the role of a matchmaker, and ending a broadcast. Each change is recorded in
//! the audit log in its own transaction.

use diesel::prelude::*;
use qlive_outbox::{Delivery, enqueue};
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::{broadcasts, rooms};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{LiveId, Moment, UserId, random};
use qlive_users::UsersError;

use crate::broadcast::end::end_broadcast;
use crate::context::Context;
use crate::error::RoomsError;
use crate::reasons::EndReason;
use crate::room::{find_room, find_room_of_host};
use crate::service::Rooms;

/// What an operator changed, for the audit log.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Empty if there was nothing.
    pub(crate) before: String,
    pub(crate) after: String,
}

impl Change {
    /// A change from nothing.
    pub(crate) fn to(after: impl Into<String>) -> Self {
        Self {
            after: after.into(),
            ..Self::default()
        }
    }
}

/// How the audit log calls who is a matchmaker, and who is not.
const fn role(is_matchmaker: bool) -> &'static str {
    if is_matchmaker { "matchmaker" } else { "guest" }
}

/// Makes a user a matchmaker or a guest.
fn change_role(conn: &mut Conn, user: UserId, is_matchmaker: bool) -> Result<Change, RoomsError> {
    let profile = qlive_users::find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
    qlive_users::set_matchmaker(conn, user, is_matchmaker)?;
    Ok(Change {
        before: role(profile.matchmaker).to_owned(),
        after: role(is_matchmaker).to_owned(),
    })
}

impl Rooms {
    /// Makes a user a matchmaker, creates their room if they have none, and has IM create its
    /// group.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn grant_matchmaker(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        self.operate_and_say(
            by,
            "users grant-matchmaker",
            user.to_string(),
            move |conn, context| {
                let change = change_role(conn, user, true)?;
                let live = match find_room_of_host(conn, user)? {
                    Some(room) if room.group_ready => return Ok(change),
                    Some(room) => room.live,
                    None => insert_room(conn, context, user)?,
                };
                enqueue(conn, context.now, &Delivery::CreateGroup { live })?;
                Ok(change)
            },
        )
        .await
    }

    /// Revokes the role of a matchmaker. If they host a broadcast, it ends.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn revoke_matchmaker(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        self.operate_and_say(
            by,
            "users revoke-matchmaker",
            user.to_string(),
            move |conn, context| {
                let change = change_role(conn, user, false)?;
                let room = find_room_of_host(conn, user)?;
                if let Some(broadcast) = room.and_then(|room| room.live_broadcast()) {
                    end_broadcast(conn, context, broadcast, EndReason::Revoked)?;
                }
                Ok(change)
            },
        )
        .await
    }

    /// Ends the broadcast of a live room; with `seen_at` only the one that was running then.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotLive`], also when another broadcast has begun
    /// since, or a failure of the store.
    pub async fn end_by_operator(
        &self,
        by: Operator,
        live: LiveId,
        seen_at: Option<Moment>,
    ) -> Result<(), RoomsError> {
        self.operate(by, "rooms end", live.to_string(), move |conn, context| {
            let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
            let broadcast = room.live_broadcast().ok_or(RoomsError::NotLive)?;
            if let Some(seen_at) = seen_at {
                let started_at: i64 = broadcasts::table
                    .find(broadcast.broadcast.get())
                    .select(broadcasts::started_at)
                    .first(conn)?;
                if started_at > seen_at.millis() {
                    return Err(RoomsError::NotLive);
                }
            }
            end_broadcast(conn, context, broadcast, EndReason::Operator)
        })
        .await
    }

    /// Runs a change and records it in the audit log, in one transaction.
    pub(crate) async fn operate(
        &self,
        by: Operator,
        action: &'static str,
        subject: String,
        change: impl Fn(&mut Conn, &Context) -> Result<(), RoomsError> + Send + 'static,
    ) -> Result<(), RoomsError> {
        self.operate_and_say(by, action, subject, move |conn, context| {
            change(conn, context)?;
            Ok(Change::default())
        })
        .await
    }

    /// The same for a change that says what was before it and what is after it.
    pub(crate) async fn operate_and_say(
        &self,
        by: Operator,
        action: &'static str,
        subject: String,
        change: impl Fn(&mut Conn, &Context) -> Result<Change, RoomsError> + Send + 'static,
    ) -> Result<(), RoomsError> {
        self.change(move |conn, context| {
            let Change { before, after } = change(conn, context)?;
            let about = (action, subject.as_str());
            audit_log::record_change(conn, context.now, &by, about, (&before, &after))?;
            Ok::<_, RoomsError>(())
        })
        .await
    }
}

/// Inserts the room of a new matchmaker and draws the name of its IM group.
fn insert_room(conn: &mut Conn, context: &Context, host: UserId) -> Result<LiveId, StoreError> {
    let row = (
        rooms::host_id.eq(host.get()),
        rooms::group_id.eq(format!("qlive{}", random::hex(8))),
        rooms::cover.eq(""),
        rooms::group_ready.eq(false),
        rooms::created_at.eq(context.now.millis()),
    );
    let id: i64 = key_violation_as_contention(
        diesel::insert_into(rooms::table)
            .values(row)
            .returning(rooms::id)
            .get_result(conn),
    )?;
    Ok(LiveId::new(id))
}
