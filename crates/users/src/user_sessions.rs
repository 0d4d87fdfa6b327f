//! Sessions of a user: the tokens that their devices hold.

use diesel::prelude::*;
use qlive_outbox::{Delivery, enqueue};
use qlive_store::StoreError;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::tokens;
use qlive_types::{Moment, UserId};

use crate::authentication_changes::record_authentication_change;
use crate::{Users, UsersError};

/// A session: a token, which is not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserSession {
    pub created_at: Moment,
    /// Recorded at most once a minute.
    pub used_at: Moment,
}

impl Users {
    /// The sessions of a user, the latest used first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<UserSession>, UsersError> {
        let rows: Result<Vec<(i64, i64)>, StoreError> = self
            .db
            .read(move |conn| {
                Ok(tokens::table
                    .filter(tokens::user_id.eq(user.get()))
                    .order(tokens::used_at.desc())
                    .select((tokens::created_at, tokens::used_at))
                    .load(conn)?)
            })
            .await;
        let session = |(created_at, used_at)| UserSession {
            created_at: Moment::from_millis(created_at),
            used_at: Moment::from_millis(used_at),
        };
        Ok(rows?.into_iter().map(session).collect())
    }

    /// Ends the sessions of a user: their tokens are refused, and their IM login ends. They may log
    /// in again. Returns how many there were.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or when the database fails.
    pub async fn end_sessions(&self, by: Operator, user: UserId) -> Result<usize, UsersError> {
        let now = self.clock.now();
        let ended = self
            .db
            .write(move |conn| {
                crate::find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
                let held = tokens::table.filter(tokens::user_id.eq(user.get()));
                let ended = diesel::delete(held).execute(conn)?;
                record_authentication_change(conn, user, now)?;
                enqueue(conn, now, &Delivery::EndLogin { user })?;
                audit_log::record(conn, now, &by, "users end-sessions", &user.to_string())?;
                Ok::<_, UsersError>(ended)
            })
            .await?;
        self.known_tokens().forget(user);
        self.outbox.wake();
        Ok(ended)
    }
}
