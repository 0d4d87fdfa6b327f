//! Likes: set and taken back, as often as one wants.

use diesel::prelude::*;
use qlive_store::schema::{likes, users};
use qlive_store::{Conn, or_contended};
use qlive_types::UserId;

use crate::{Users, UsersError};

impl Users {
    /// Likes `liked`, or no longer.
    pub async fn set_like(&self, user: UserId, liked: UserId, on: bool) -> Result<(), UsersError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                must_exist(conn, liked)?;
                let row = likes::table.find((user.get(), liked.get()));
                if !on {
                    diesel::delete(row).execute(conn)?;
                } else if !likes(conn, user, liked)? {
                    let row = (
                        likes::user_id.eq(user.get()),
                        likes::liked_id.eq(liked.get()),
                        likes::created_at.eq(now.millis()),
                    );
                    or_contended(diesel::insert_into(likes::table).values(row).execute(conn))?;
                }
                Ok(())
            })
            .await
    }

    /// Whether `user` likes `liked`.
    pub async fn is_liked(&self, user: UserId, liked: UserId) -> Result<bool, UsersError> {
        self.db
            .read(move |conn| {
                must_exist(conn, liked)?;
                likes(conn, user, liked)
            })
            .await
    }
}

fn likes(conn: &mut Conn, user: UserId, liked: UserId) -> Result<bool, UsersError> {
    let count: i64 = likes::table
        .find((user.get(), liked.get()))
        .count()
        .get_result(conn)?;
    Ok(count == 1)
}

fn must_exist(conn: &mut Conn, user: UserId) -> Result<(), UsersError> {
    let count: i64 = users::table.find(user.get()).count().get_result(conn)?;
    if count == 1 {
        Ok(())
    } else {
        Err(UsersError::UnknownUser)
    }
}
