//! Finds the caller of a request by their token, and records their activity.

use std::sync::Arc;
use std::time::Duration;

use qlive_types::{Moment, UserId};
use qlive_users::tokens::{TokenHash, hash_if_well_formed, is_use_due};
use qlive_users::{AuthenticatedUser, KnownToken};
use secrecy::{ExposeSecret as _, SecretString};

use crate::activity::Seen;
use crate::error::RoomsError;
use crate::member::{find_member, record_activity};
use crate::mic::MicEvent;
use crate::service::Rooms;
use crate::transition::apply_event;

/// How often the activity of a member is recorded if nothing depends on it.
const ACTIVITY_INTERVAL: Duration = Duration::from_secs(60);

/// Whether a call counts as activity of the user. Leaving and logging out do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    Record,
    Ignore,
}

impl Rooms {
    /// Finds the user of a token. `None` if the token is unknown or expired. With
    /// [`Activity::Record`], the call ends the grace period of an IM disconnect.
    ///
    /// Most calls need no query: what is known of a token is used for a minute, and changes of it
    /// are noticed at once on this instance, within two seconds on the others.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn authenticate(
        &self,
        token: SecretString,
        activity: Activity,
    ) -> Result<Option<AuthenticatedUser>, RoomsError> {
        let Some(hash) = hash_if_well_formed(token.expose_secret()) else {
            return Ok(None);
        };
        let (now, tick) = (self.clock.now(), self.clock.tick());
        let call = (activity == Activity::Record).then_some(now);
        let known_tokens = self.users.known_tokens();
        let token = match known_tokens.find(&hash, tick, call) {
            Some(token) => token,
            None => {
                let query = known_tokens.begin_query(tick);
                let Some(found) = self.token_reads.get(hash).await? else {
                    return Ok(None);
                };
                let Some(token) = found.known_token(now)? else {
                    return Ok(None);
                };
                let (token, grace_runs) = (Arc::new(token), found.grace_runs());
                if grace_runs && call.is_some() {
                    self.end_grace(token.caller.user, now).await?;
                }
                if !grace_runs {
                    known_tokens.remember(query, hash, Arc::clone(&token));
                }
                token
            }
        };
        self.record_if_due(hash, &token, activity, now).await;
        Ok(Some(token.caller))
    }

    /// Records the use of a token, and the activity of its user, if the last record is a minute
    /// old.
    async fn record_if_due(
        &self,
        hash: TokenHash,
        token: &KnownToken,
        activity: Activity,
        now: Moment,
    ) {
        let use_due = is_use_due(token.used_at(), now);
        let activity_due = activity == Activity::Record
            && token
                .active_at()
                .is_some_and(|at| now.is_past(at, ACTIVITY_INTERVAL));
        if !use_due && !activity_due {
            return;
        }
        if use_due {
            token.set_used_at(now);
        }
        if activity_due {
            token.set_active_at(now);
        }
        let seen = Seen {
            token: use_due.then_some(hash),
            member: activity_due.then_some(token.caller.user),
            at: now,
        };
        self.activity.record(&self.db, seen).await;
    }

    /// Ends the grace period of an IM disconnect. The answer waits for it: whoever called must not
    /// be removed for the disconnect.
    pub(crate) async fn end_grace(&self, user: UserId, now: Moment) -> Result<(), RoomsError> {
        let context = self.context();
        self.db
            .write(move |conn| {
                if let Some(member) = find_member(conn, user)? {
                    apply_event(conn, &context, &member, MicEvent::Active)?;
                    record_activity(conn, user, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Forgets what is known of a user, of whom something has changed at a moment: call it after
    /// the commit. A call that was answered since then without knowing of the change ends the
    /// grace period, as it would have done knowing of it.
    pub(crate) async fn forget_caller(&self, user: UserId, changed_at: Moment) {
        let called_at = self.users.known_tokens().forget(user);
        if called_at.is_some_and(|called_at| called_at > changed_at)
            && let Err(error) = self.end_grace(user, self.clock.now()).await
        {
            tracing::warn!(%user, %error, "a grace period was not ended; the next call will");
        }
    }
}
