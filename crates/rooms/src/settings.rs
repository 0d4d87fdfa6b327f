//! The settings of this crate.

use std::time::Duration;

use qlive_types::WebAddressRules;
use serde::Deserialize;

use crate::mic::Rules;

/// Who sends the messages about seats, invitations and kick-outs. The setting `[im] speaks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalSender {
    /// The server sends all of them. Of the clients' messages, IM delivers only comments and what
    /// the message filter allows.
    #[default]
    Server,
    /// Older clients send them themselves. The server sends only NUM, RESET off and OVER, and the
    /// message filter refuses only what banned users send.
    Client,
}

/// The settings of [`crate::Rooms`].
#[derive(Clone)]
pub struct RoomSettings {
    /// Who may take a mic seat, and the grace periods.
    pub rules: Rules,
    pub signal_sender: SignalSender,
    /// How long a guest may be on the mic without a stream. `None`: without limit.
    pub stream_start: Option<Duration>,
    /// How long a push URL may be used to start a stream.
    pub push_ttl: Duration,
    /// The IM account that the server sends messages as.
    pub admin: String,
    /// How many times as long as their comments the gifts of a muted user are refused.
    pub mute_gift_factor: u32,
    /// How long comments are kept.
    pub comments_kept: Duration,
    /// Where the cover of a room may be.
    pub address_rules: WebAddressRules,
}
