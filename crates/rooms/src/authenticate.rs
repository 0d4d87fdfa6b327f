//! Finds the caller of a request by their token, and records their activity.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::operation::run_background;
use qlive_store::schema::members;
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId};
use qlive_users::{AuthenticatedUser, tokens};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use tracing::warn;

use crate::error::RoomsError;
use crate::member::{find_member, record_activity};
use crate::mic::MicEvent;
use crate::service::Rooms;
use crate::transition::apply_event;

/// How often the activity of a member is recorded if nothing depends on it.
const ACTIVITY_INTERVAL: Duration = Duration::from_secs(60);
/// How long a request waits until its activity is recorded.
const RECORD_WAIT: Duration = Duration::from_millis(500);

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
    /// # Errors
    /// A failure of the store.
    pub async fn authenticate(
        &self,
        token: SecretString,
        activity: Activity,
    ) -> Result<Option<AuthenticatedUser>, RoomsError> {
        let now = self.clock.now();
        let read_token = token.clone();
        let found = self
            .db
            .read(move |conn| {
                let Some((caller, token_use_due)) =
                    tokens::authenticate(conn, read_token.expose_secret(), now)?
                else {
                    return Ok(None);
                };
                let due = match activity {
                    Activity::Record => due_activity(conn, caller.user, now)?,
                    Activity::Ignore => DueActivity::None,
                };
                Ok::<_, StoreError>(Some((caller, token_use_due, due)))
            })
            .await?;
        let Some((caller, token_use_due, due)) = found else {
            return Ok(None);
        };
        if due == DueActivity::EndsGrace {
            self.end_grace(caller.user, now).await?;
        }
        let token = token_use_due.then_some(token);
        if token.is_some() || due == DueActivity::Record {
            self.record(caller.user, token, due, now).await;
        }
        Ok(Some(caller))
    }

    /// Ends the grace period of an IM disconnect. The answer waits for it: whoever called must not
    /// be removed for the disconnect.
    async fn end_grace(&self, user: UserId, now: Moment) -> Result<(), RoomsError> {
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

    /// Records the use of `token` and the activity of `user`, as far as they are due. A database
    /// that is locked or cannot be written must not stop those who only read, so the request waits
    /// for this no longer than [`RECORD_WAIT`], and its failure is logged.
    async fn record(
        &self,
        user: UserId,
        token: Option<SecretString>,
        due: DueActivity,
        now: Moment,
    ) {
        let db = self.db.clone();
        // An operation of its own: records that wait take no connection from the reads.
        let recording = tokio::spawn(run_background("activity", async move {
            let recorded = db.write(move |conn| {
                if let Some(token) = &token {
                    tokens::record_use(conn, token.expose_secret(), now)?;
                }
                if due == DueActivity::Record {
                    record_activity(conn, user, now)?;
                }
                Ok::<_, StoreError>(())
            });
            if let Err(error) = recorded.await {
                warn!(%user, %error, "activity was not recorded");
            }
        }));
        // A record that takes longer is made without this request, and logs its own failure.
        let _ = timeout(RECORD_WAIT, recording).await;
    }
}

/// What a call means for the user's membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DueActivity {
    /// They are in no room, or their last recorded activity is recent.
    None,
    /// Their last recorded activity is a minute old.
    Record,
    /// A grace period runs, which this call ends.
    EndsGrace,
}

/// What a call of this user means, by their member row.
fn due_activity(conn: &mut Conn, user: UserId, now: Moment) -> Result<DueActivity, StoreError> {
    let row: Option<(Option<i64>, i64)> = members::table
        .find(user.get())
        .select((members::im_grace_until, members::last_active_at))
        .get_result(conn)
        .optional()?;
    Ok(match row {
        Some((Some(_), _)) => DueActivity::EndsGrace,
        Some((None, last)) if now.is_past(Moment::from_millis(last), ACTIVITY_INTERVAL) => {
            DueActivity::Record
        }
        _ => DueActivity::None,
    })
}
