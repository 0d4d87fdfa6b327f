//! Login with a WeChat code.

use diesel::prelude::*;
use qlive_store::schema::users;
use secrecy::SecretString;

use crate::directory::find_by_openid;
use crate::{Credentials, Users, UsersError, tokens};

impl Users {
    /// Logs a user in with a WeChat login code and stores the time. `token` is one that the client
    /// still has. Returns `None` when the openid is not registered; the session is stored even so,
    /// for a registration with the same code.
    ///
    /// # Errors
    /// [`UsersError::InvalidCode`] also for a code that was used before; the errors of WeChat and
    /// of the database.
    pub async fn login(
        &self,
        app_id: String,
        code: String,
        token: Option<SecretString>,
    ) -> Result<Option<Credentials>, UsersError> {
        let exchanged = self
            .exchange_code(&app_id, &code)
            .await?
            .ok_or(UsersError::InvalidCode)?;
        let now = self.clock.now();
        let found = self
            .db
            .write(move |conn| {
                let Some((user, is_banned)) =
                    find_by_openid(conn, &app_id, &exchanged.session.openid)?
                else {
                    return Ok(None);
                };
                diesel::update(users::table.find(user.get()))
                    .set(users::last_login_at.eq(Some(now.millis())))
                    .execute(conn)?;
                let token = tokens::reuse_or_issue(conn, user, token.as_ref(), now)?;
                Ok::<_, UsersError>(Some((user, is_banned, token)))
            })
            .await?;
        Ok(found.map(|(user, is_banned, token)| {
            self.known_tokens.forget(user);
            self.credentials(user, is_banned, token)
        }))
    }
}
