//! Bans: for ever, or until they end by themselves.

use std::time::Duration;

use diesel::prelude::*;
use qlive_outbox::{Delivery, enqueue};
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId};
use qlive_users::{Ban, Profile, UsersError};

use crate::context::Context;
use crate::error::RoomsError;
use crate::member::find_member;
use crate::mic::MicEvent;
use crate::operators::Change;
use crate::service::Rooms;
use crate::transition::apply_event;

/// Who lifts a ban that has ended.
const SYSTEM: &str = "system";
/// The most bans that are lifted in one check.
const BATCH: i64 = 500;

impl Rooms {
    /// Bans a user for ever; see [`Rooms::ban_for`].
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn ban(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        self.ban_for(by, user, None).await
    }

    /// Bans a user, for ever or for this long: takes them out of their room, ends their IM login
    /// and forbids their stream. If they host a broadcast, it ends. The operator's reason is kept
    /// with the ban. A ban that lasts longer stays as it is; [`Rooms::unban`] comes before a
    /// shorter one.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn ban_for(
        &self,
        by: Operator,
        user: UserId,
        length: Option<Duration>,
    ) -> Result<(), RoomsError> {
        let reason = by.reason.clone();
        let subject = user.to_string();
        self.operate_and_say(by, "users ban", subject, move |conn, context| {
            let ban = Ban {
                at: context.now,
                until: length.map(|length| context.now.after(length)),
                reason: reason.clone(),
            };
            let profile = qlive_users::find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
            expel(conn, context, user)?;
            let before = end_of_ban(&profile);
            if lasts_longer(&profile, &ban) {
                return Ok(Change {
                    after: before.clone(),
                    before,
                });
            }
            qlive_users::set_ban(conn, user, Some(&ban), context.now)?;
            let after = end(ban.until);
            Ok(Change { before, after })
        })
        .await?;
        self.users.known_tokens().forget(user);
        Ok(())
    }

    /// Lifts a ban. A user who is not banned stays as they are.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn unban(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        let subject = user.to_string();
        self.operate_and_say(by, "users unban", subject, move |conn, context| {
            let profile = qlive_users::find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
            if profile.banned_at.is_some() {
                qlive_users::set_ban(conn, user, None, context.now)?;
                enqueue(conn, context.now, &Delivery::ResumeStream { user })?;
            }
            Ok(Change {
                before: end_of_ban(&profile),
                after: String::new(),
            })
        })
        .await?;
        self.users.known_tokens().forget(user);
        Ok(())
    }

    /// Lifts the bans that have ended. One that cannot be lifted is logged and skipped.
    ///
    /// # Errors
    /// A failure of the store to list them.
    pub(crate) async fn lift_ended_bans(&self) -> Result<(), RoomsError> {
        let now = self.clock.now();
        for user in self.db.read(move |conn| ended_bans(conn, now)).await? {
            if let Err(error) = self.lift_ended_ban(user).await {
                tracing::warn!(%user, %error, "a ban was not lifted; the next check will");
            }
        }
        Ok(())
    }

    async fn lift_ended_ban(&self, user: UserId) -> Result<(), RoomsError> {
        let context = self.context();
        let by = Operator::new(SYSTEM, "the ban has ended")
            .map_err(|_empty| StoreError::Corrupt("the name of the system"))?;
        let lifted = self
            .db
            .write(move |conn| {
                // An operator may have banned them for longer, or another instance was faster.
                let lifted = qlive_users::lift_ended_ban(conn, user, context.now)?;
                if lifted {
                    enqueue(conn, context.now, &Delivery::ResumeStream { user })?;
                    audit_log::record(conn, context.now, &by, "users unban", &user.to_string())?;
                }
                Ok::<_, RoomsError>(lifted)
            })
            .await?;
        if lifted {
            self.outbox.wake();
            self.users.known_tokens().forget(user);
        }
        Ok(())
    }
}

/// Takes a user who may not come again out of their room, ends their IM login and forbids their
/// stream. If they host a broadcast, it ends.
pub(crate) fn expel(conn: &mut Conn, context: &Context, user: UserId) -> Result<(), RoomsError> {
    match find_member(conn, user)? {
        Some(member) => drop(apply_event(conn, context, &member, MicEvent::Banned)?),
        // A push URL stays valid after the user left the room.
        None => enqueue(conn, context.now, &Delivery::ForbidStream { user })?,
    }
    Ok(enqueue(conn, context.now, &Delivery::EndLogin { user })?)
}

fn ended_bans(conn: &mut Conn, now: Moment) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<i64> = users::table
        .filter(users::banned_until.le(now.millis()))
        .order(users::banned_until)
        .limit(BATCH)
        .select(users::id)
        .load(conn)?;
    ids.into_iter()
        .map(|id| UserId::new(id).ok_or(StoreError::Corrupt("users.id")))
        .collect()
}

/// Whether a user is banned for longer already.
fn lasts_longer(profile: &Profile, ban: &Ban) -> bool {
    profile.banned_at.is_some()
        && match (profile.banned_until, ban.until) {
            (None, until) => until.is_some(),
            (Some(_), None) => false,
            (Some(held), Some(until)) => held > until,
        }
}

/// The end of the ban of a user, as the audit log has it; empty without a ban.
fn end_of_ban(profile: &Profile) -> String {
    let banned = profile.banned_at.map(|_| end(profile.banned_until));
    banned.unwrap_or_default()
}

fn end(of_ban: Option<Moment>) -> String {
    of_ban.map_or_else(|| "for ever".to_owned(), until)
}

/// The end of a ban or a mute, as the audit log has it.
pub(crate) fn until(end: Moment) -> String {
    format!("until {}", end.shanghai())
}
