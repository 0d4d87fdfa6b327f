//! Likes between users.

use diesel::prelude::*;
use qlive_store::schema::{likes, users};
use qlive_store::{Conn, key_violation_as_contention};
use qlive_types::UserId;

use crate::blocked_users::is_blocked;
use crate::{Users, UsersError};

impl Users {
    /// Stores that `user` likes `liked`, or no longer does. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`] when `liked` does not exist, [`UsersError::Blocked`] when they
    /// block the caller, or when the database fails.
    pub async fn set_like(
        &self,
        user: UserId,
        liked: UserId,
        is_liked: bool,
    ) -> Result<(), UsersError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                require_user(conn, liked)?;
                if is_liked && is_blocked(conn, user, liked)? {
                    return Err(UsersError::Blocked);
                }
                let row = likes::table.find((user.get(), liked.get()));
                if !is_liked {
                    diesel::delete(row).execute(conn)?;
                } else if !like_exists(conn, user, liked)? {
                    let row = (
                        likes::user_id.eq(user.get()),
                        likes::liked_id.eq(liked.get()),
                        likes::created_at.eq(now.millis()),
                    );
                    key_violation_as_contention(
                        diesel::insert_into(likes::table).values(row).execute(conn),
                    )?;
                }
                Ok(())
            })
            .await
    }

    /// Whether `user` likes `liked`.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`] when `liked` does not exist, or when the database fails.
    pub async fn is_liked(&self, user: UserId, liked: UserId) -> Result<bool, UsersError> {
        let is_liked = self.likes.get((user, liked)).await?;
        is_liked.ok_or(UsersError::UnknownUser)
    }
}

fn like_exists(conn: &mut Conn, user: UserId, liked: UserId) -> Result<bool, UsersError> {
    let row = likes::table.find((user.get(), liked.get()));
    let count: i64 = row.count().get_result(conn)?;
    Ok(count == 1)
}

fn require_user(conn: &mut Conn, user: UserId) -> Result<(), UsersError> {
    let count: i64 = users::table.find(user.get()).count().get_result(conn)?;
    if count == 1 {
        Ok(())
    } else {
        Err(UsersError::UnknownUser)
    }
}
