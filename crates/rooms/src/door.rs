//! The door: who calls, and that he is still here.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::members;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;
use qlive_users::{Caller, tokens};
use secrecy::{ExposeSecret as _, SecretString};

use crate::act::act;
use crate::error::RoomsError;
use crate::member;
use crate::mic::Event;
use crate::settings::Rooms;

/// How often it is noted that a member was heard of.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Whether a call is a sign of life. Leaving and logging out are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Yes,
    No,
}

impl Rooms {
    /// Who holds this token, if it is alive. His call ends the grace of a loss.
    pub async fn admit(
        &self,
        token: SecretString,
        heard: Heard,
    ) -> Result<Option<Caller>, RoomsError> {
        let now = self.clock.now();
        let asked = token.clone();
        let known = self
            .db
            .read(move |conn| {
                let Some((caller, unnoted)) =
                    tokens::authenticate(conn, asked.expose_secret(), now)?
                else {
                    return Ok(None);
                };
                let news = heard == Heard::Yes && is_news(conn, &caller, now)?;
                Ok::<_, StoreError>(Some((caller, unnoted, news)))
            })
            .await?;
        let Some((caller, unnoted, news)) = known else {
            return Ok(None);
        };
        if unnoted || news {
            let house = self.house();
            self.db
                .write(move |conn| {
                    if unnoted {
                        tokens::note_use(conn, token.expose_secret(), now)?;
                    }
                    if news && let Some(member) = member::load(conn, caller.user)? {
                        act(conn, &house, &member, Event::Heard)?;
                        member::note_heard(conn, caller.user, now)?;
                    }
                    Ok::<_, RoomsError>(())
                })
                .await?;
        }
        Ok(Some(caller))
    }
}

/// Whether hearing of this caller changes anything: a grace runs, or he was not heard of for a while.
fn is_news(conn: &mut Conn, caller: &Caller, now: Moment) -> Result<bool, StoreError> {
    let row: Option<(Option<i64>, i64)> = members::table
        .find(caller.user.get())
        .select((members::im_grace_until, members::heard_at))
        .get_result(conn)
        .optional()?;
    Ok(row.is_some_and(|(grace, heard_at)| {
        grace.is_some() || now.since(Moment::from_millis(heard_at)) >= NOTED_EVERY
    }))
}
