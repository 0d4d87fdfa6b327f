//! Passes the callbacks of IM on to the code that handles them.

use qlive_tencent::im::ImCallback;
use qlive_types::{GroupId, UserId};

use crate::error::RoomsError;
use crate::external::message_filter::FilterDecision;
use crate::service::Rooms;

impl Rooms {
    /// Handles a callback of IM whose signature was verified.
    ///
    /// The decision matters for callbacks before a message; the others always get
    /// [`FilterDecision::Allow`]. `from_rest` says whether a server sent the message, through IM's
    /// REST API.
    ///
    /// # Errors
    /// A failure of the store. IM then gets an error and may send the callback again.
    pub async fn handle_im_callback(
        &self,
        callback: ImCallback,
        from_rest: bool,
    ) -> Result<FilterDecision, RoomsError> {
        match callback {
            ImCallback::StateChange {
                account,
                state,
                at_ms,
            } => {
                if let Some(user) = UserId::parse(&account) {
                    self.handle_connection_change(user, state, at_ms).await?;
                }
                Ok(FilterDecision::Allow)
            }
            ImCallback::MemberExit {
                group_id,
                accounts,
                at_ms,
            } => {
                for user in accounts.iter().filter_map(|account| UserId::parse(account)) {
                    self.handle_group_exit(user, GroupId::new(group_id.clone()), at_ms)
                        .await?;
                }
                Ok(FilterDecision::Allow)
            }
            ImCallback::BeforeC2cMessage { from, to, texts } => {
                if from_rest || from == self.settings.admin {
                    return Ok(FilterDecision::Allow);
                }
                self.filter_direct_message(&from, &to, &texts).await
            }
            ImCallback::AfterC2cMessage {
                from,
                to,
                texts,
                delivered,
                at_ms,
            } => {
                if delivered && !from_rest {
                    self.record_sent_invitation(&from, &to, &texts, at_ms)
                        .await?;
                }
                Ok(FilterDecision::Allow)
            }
            ImCallback::BeforeGroupMessage {
                from,
                group_id,
                texts,
            } => {
                if from_rest || from == self.settings.admin {
                    return Ok(FilterDecision::Allow);
                }
                self.filter_group_message(&from, &group_id, &texts).await
            }
            ImCallback::Unhandled(_) => Ok(FilterDecision::Allow),
        }
    }
}
