//! Warning a user who is in a room: an operator's text reaches their client.

use qlive_outbox::{Delivery, DirectMessage, enqueue};
use qlive_store::audit_log::Operator;
use qlive_types::{UserId, text};
use qlive_users::UsersError;

use crate::error::RoomsError;
use crate::member::find_member;
use crate::operators::Change;
use crate::service::Rooms;

/// The longest text of a warning, in characters.
const TEXT_LIMIT: usize = 200;

impl Rooms {
    /// Sends a user who is in a room a warning, and records it with its text.
    ///
    /// # Errors
    /// [`UsersError::BadField`] for a text that is empty, longer than 200 characters or not
    /// displayable, [`RoomsError::NotInRoom`], or a failure of the store.
    pub async fn warn_user(
        &self,
        by: Operator,
        user: UserId,
        written: &str,
    ) -> Result<(), RoomsError> {
        let written = text::displayable(written)
            .filter(|written| written.chars().count() <= TEXT_LIMIT)
            .ok_or(UsersError::BadField("text"))?;
        let subject = user.to_string();
        self.operate_and_say(by, "users warn", subject, move |conn, context| {
            let member = find_member(conn, user)?.ok_or(RoomsError::NotInRoom)?;
            let delivery = Delivery::SendDirectMessage {
                about: member.broadcast,
                to: user,
                message: DirectMessage::Warning {
                    text: written.clone(),
                },
            };
            enqueue(conn, context.now, &delivery)?;
            Ok(Change::to(written.clone()))
        })
        .await
    }
}
