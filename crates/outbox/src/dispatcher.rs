//! Makes the calls to IM and CSS that deliveries stand for.

use std::sync::Arc;

use qlive_store::Db;
use qlive_tencent::css::CssClient;
use qlive_tencent::im::ImClient;
use qlive_types::Clock;

use crate::attempt::AttemptOutcome;
use crate::lookup::Lookup;
use crate::prepared::PreparedDelivery;

/// The systems that deliveries call, and the lookup that they need.
pub struct Dispatcher {
    pub im: Arc<ImClient>,
    /// `None` without credentials of CSS; then streams are not cut.
    pub css: Option<CssClient>,
    pub lookup: Arc<dyn Lookup>,
}

impl Dispatcher {
    /// Makes the call of a delivery. No transaction is open while it runs.
    pub(crate) async fn dispatch(
        &self,
        prepared: &PreparedDelivery,
        db: &Db,
        clock: &Clock,
    ) -> AttemptOutcome {
        match prepared {
            PreparedDelivery::GroupMessage { row, room, custom } => {
                self.send_group_message(row, room, custom, clock).await
            }
            PreparedDelivery::DirectMessage {
                row,
                to,
                custom,
                lifetime_secs,
            } => {
                self.send_direct_message((row, custom), *to, *lifetime_secs, db, clock)
                    .await
            }
            PreparedDelivery::ImportAccount { user, account } => {
                AttemptOutcome::of_im(self.import_account(*user, account, clock).await)
            }
            PreparedDelivery::UpdateAccountProfile { user, account } => {
                self.update_account_profile(*user, account, clock).await
            }
            PreparedDelivery::EndLogin { user } => self.end_login(*user, clock).await,
            PreparedDelivery::CreateGroup { room, .. } => {
                self.create_group_of_room(room, clock).await
            }
            PreparedDelivery::UpdateGroupProfile { room } => {
                self.update_group_profile(room, clock).await
            }
            PreparedDelivery::DropStream { user } => self.drop_stream(*user, clock).await,
            PreparedDelivery::ForbidStream { user } => self.forbid_stream(*user, clock).await,
            PreparedDelivery::ResumeStream { user } => self.resume_stream(*user, clock).await,
        }
    }
}
