//! Finds the caller of a request by their token, and records their activity.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::members;
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId};
use qlive_users::{AuthenticatedUser, tokens};
use secrecy::{ExposeSecret as _, SecretString};

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
                let activity_due = activity == Activity::Record
                    && activity_needs_recording(conn, caller.user, now)?;
                Ok::<_, StoreError>(Some((caller, token_use_due, activity_due)))
            })
            .await?;
        let Some((caller, token_use_due, activity_due)) = found else {
            return Ok(None);
        };
        if token_use_due || activity_due {
            let context = self.context();
            self.db
                .write(move |conn| {
                    if token_use_due {
                        tokens::record_use(conn, token.expose_secret(), now)?;
                    }
                    if activity_due && let Some(member) = find_member(conn, caller.user)? {
                        apply_event(conn, &context, &member, MicEvent::Active)?;
                        record_activity(conn, caller.user, now)?;
                    }
                    Ok::<_, RoomsError>(())
                })
                .await?;
        }
        Ok(Some(caller))
    }
}

/// Whether the activity of a user has to be written: they are in a room, and a grace period runs
/// or their last recorded activity is a minute old.
fn activity_needs_recording(
    conn: &mut Conn,
    user: UserId,
    now: Moment,
) -> Result<bool, StoreError> {
    let row: Option<(Option<i64>, i64)> = members::table
        .find(user.get())
        .select((members::im_grace_until, members::last_active_at))
        .get_result(conn)
        .optional()?;
    Ok(row.is_some_and(|(grace, last_active_at)| {
        grace.is_some() || now.is_past(Moment::from_millis(last_active_at), ACTIVITY_INTERVAL)
    }))
}
