//! [`Rooms`], the service of this crate: its fields and constructor.

use std::sync::Arc;

use qlive_configs::Configs;
use qlive_outbox::Outbox;
use qlive_store::{Db, GroupedRead, Recent};
use qlive_tencent::css::StreamUrls;
use qlive_tencent::im::ImClient;
use qlive_types::{Clock, UserId};
use qlive_users::Users;
use qlive_users::tokens::TokenHash;

use crate::activity::ActivityRecorder;
use crate::comment_log::CommentLog;
use crate::context::Context;
use crate::event_log::EventLog;
use crate::settings::RoomSettings;
use crate::token_rows::{FoundToken, find_tokens};
use crate::views::audience_order::AudienceOrders;
use crate::views::live_list_cache::LiveOrder;
use crate::views::whereabouts_rows::{Whereabouts, find_whereabouts};

/// The rooms, their broadcasts and the users in them. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) users: Users,
    pub(crate) configs: Configs,
    pub(crate) outbox: Outbox,
    pub(crate) im: Arc<ImClient>,
    pub(crate) streams: Arc<StreamUrls>,
    pub(crate) settings: RoomSettings,
    pub(crate) live_order: Recent<LiveOrder>,
    pub(crate) token_reads: GroupedRead<TokenHash, FoundToken>,
    pub(crate) whereabouts_reads: GroupedRead<UserId, Whereabouts>,
    pub(crate) audience_orders: Arc<AudienceOrders>,
    pub(crate) activity: Arc<ActivityRecorder>,
    pub(crate) comment_log: Arc<CommentLog>,
    /// The events that wait to be written.
    pub(crate) room_events: EventLog,
}

impl Rooms {
    /// Creates the service. `im` is used only to ask who is connected; messages go through
    /// `outbox`.
    #[must_use]
    pub fn new(
        users: Users,
        configs: Configs,
        (db, clock, outbox): (Db, Clock, Outbox),
        im: Arc<ImClient>,
        streams: StreamUrls,
        settings: RoomSettings,
    ) -> Self {
        let token_reads = GroupedRead::new("tokens", db.clone(), find_tokens);
        let whereabouts_reads = GroupedRead::new("whereabouts", db.clone(), find_whereabouts);
        let live_order = Recent::new(clock.clone());
        Self {
            db,
            clock,
            live_order,
            token_reads,
            whereabouts_reads,
            users,
            configs,
            outbox,
            im,
            streams: Arc::new(streams),
            settings,
            audience_orders: Arc::default(),
            activity: Arc::default(),
            comment_log: Arc::default(),
            room_events: EventLog::default(),
        }
    }

    /// The context of a call that is made now.
    pub(crate) fn context(&self) -> Context {
        Context {
            now: self.clock.now(),
            rules: self.settings.rules,
            signal_sender: self.settings.signal_sender,
            streams: Arc::clone(&self.streams),
            push_ttl: self.settings.push_ttl,
            events: EventLog::default(),
        }
    }
}
