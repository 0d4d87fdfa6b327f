//! What the rooms are made of.

use std::sync::Arc;
use std::time::Duration;

use qlive_configs::Configs;
use qlive_outbox::Office;
use qlive_store::Db;
use qlive_tencent::css::Streams;
use qlive_tencent::im::Im;
use qlive_types::{Clock, Moment, UserId};
use qlive_users::Users;
use secrecy::SecretString;

use crate::mic::Rules;

/// Who sends the signals that clients can also send themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speaks {
    /// We send everything and let clients send only comments.
    #[default]
    Server,
    /// Older clients speak for themselves: we send NUM, RESET off and OVER only, and refuse nothing.
    Client,
}

/// The settings of the rooms.
#[derive(Clone)]
pub struct Settings {
    pub rules: Rules,
    pub speaks: Speaks,
    /// How long a seat may stay without a stream; `None`: as long as it likes.
    pub stream_start: Option<Duration>,
    /// How long a push URL opens a new push.
    pub push_ttl: Duration,
    /// IM's name for us.
    pub admin: String,
}

/// The rooms of the house. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) users: Users,
    pub(crate) configs: Configs,
    pub(crate) office: Office,
    pub(crate) im: Arc<Im>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) settings: Settings,
    pub(crate) list_cache: Arc<crate::listing::Cache>,
}

impl Rooms {
    /// `im` is asked who is connected; what is told goes through `office`.
    #[must_use]
    pub fn new(
        users: Users,
        configs: Configs,
        (db, clock, office): (Db, Clock, Office),
        im: Arc<Im>,
        streams: Streams,
        settings: Settings,
    ) -> Self {
        let list_cache = Arc::default();
        Self {
            db,
            clock,
            users,
            configs,
            office,
            im,
            streams: Arc::new(streams),
            settings,
            list_cache,
        }
    }

    /// The settings that transactions need, in one cheap piece.
    pub(crate) fn house(&self) -> House {
        House {
            now: self.clock.now(),
            streams: Arc::clone(&self.streams),
            rules: self.settings.rules,
            speaks: self.settings.speaks,
            push_ttl: self.settings.push_ttl,
        }
    }
}

/// What a transaction must know of the house, and when it began.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) now: Moment,
    pub(crate) rules: Rules,
    pub(crate) speaks: Speaks,
    streams: Arc<Streams>,
    push_ttl: Duration,
}

impl House {
    /// Where a user's stream is played.
    pub(crate) fn play_url(&self, user: UserId) -> String {
        self.streams
            .play_url(&user.to_string(), self.now.after(self.push_ttl).secs())
    }

    /// Where a user may push his stream.
    pub(crate) fn push_url(&self, user: UserId) -> SecretString {
        self.streams
            .push_url(&user.to_string(), self.now.after(self.push_ttl).secs())
    }
}
