//! What operators note about a user, for each other.

use diesel::prelude::*;
use qlive_store::StoreError;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::user_notes;
use qlive_types::{Moment, UserId};

use crate::{Users, UsersError};

/// The longest note, in characters.
const TEXT_LIMIT: usize = 2_000;
/// How many notes a page shows, the latest.
const SHOWN: i64 = 50;

/// A note about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserNote {
    pub id: i64,
    pub who: String,
    pub text: String,
    pub created_at: Moment,
}

impl Users {
    /// The last 50 notes about a user, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notes(&self, user: UserId) -> Result<Vec<UserNote>, UsersError> {
        let rows: Result<Vec<(i64, String, String, i64)>, StoreError> = self
            .db
            .read(move |conn| {
                Ok(user_notes::table
                    .filter(user_notes::user_id.eq(user.get()))
                    .order(user_notes::id.desc())
                    .limit(SHOWN)
                    .select((
                        user_notes::id,
                        user_notes::who,
                        user_notes::text,
                        user_notes::created_at,
                    ))
                    .load(conn)?)
            })
            .await;
        let note = |(id, who, text, created_at)| UserNote {
            id,
            who,
            text,
            created_at: Moment::from_millis(created_at),
        };
        Ok(rows?.into_iter().map(note).collect())
    }

    /// Adds a note about a user.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], [`UsersError::BadField`] for an empty text or one of more than
    /// 2,000 characters, or when the database fails.
    pub async fn add_note(&self, by: Operator, user: UserId, text: &str) -> Result<(), UsersError> {
        let text = text.trim().to_owned();
        if text.is_empty() || text.chars().count() > TEXT_LIMIT {
            return Err(UsersError::BadField("text"));
        }
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                crate::find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
                diesel::insert_into(user_notes::table)
                    .values((
                        user_notes::user_id.eq(user.get()),
                        user_notes::who.eq(by.name.as_str()),
                        user_notes::text.eq(&text),
                        user_notes::created_at.eq(now.millis()),
                    ))
                    .execute(conn)?;
                Ok(audit_log::record(
                    conn,
                    now,
                    &by,
                    "users note",
                    &user.to_string(),
                )?)
            })
            .await
    }
}
