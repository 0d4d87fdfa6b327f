//! What the code inside a transaction needs besides the connection.

use std::sync::Arc;
use std::time::Duration;

use qlive_tencent::css::StreamUrls;
use qlive_types::{Moment, UserId};
use secrecy::SecretString;

use crate::event_log::EventLog;
use crate::mic::Rules;
use crate::settings::SignalSender;

/// The time of a call, the settings that decide it, and the stream URLs.
#[derive(Clone)]
pub(crate) struct Context {
    /// When the call was made. It stays the same when the transaction is run again.
    pub(crate) now: Moment,
    pub(crate) rules: Rules,
    pub(crate) signal_sender: SignalSender,
    pub(crate) streams: Arc<StreamUrls>,
    pub(crate) push_ttl: Duration,
    /// What happens in the transaction, for operators.
    pub(crate) events: EventLog,
}

impl Context {
    /// The URL at which a user's stream is played.
    pub(crate) fn play_url(&self, user: UserId) -> String {
        self.streams
            .play_url(&user.to_string(), self.now.after(self.push_ttl).secs())
    }

    /// The URL to which a user may push their stream.
    pub(crate) fn push_url(&self, user: UserId) -> SecretString {
        self.streams
            .push_url(&user.to_string(), self.now.after(self.push_ttl).secs())
    }
}
