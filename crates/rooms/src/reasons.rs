//! The reasons that are sent with OVER and KICKOUT.

/// Why a broadcast ended: the reason of OVER and the column `broadcast_log.reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// The host ended it.
    Ended,
    /// The host left the room.
    HostLeft,
    /// The host was disconnected for longer than their grace period.
    HostLost,
    /// An operator banned the host.
    Banned,
    /// An operator revoked the host's role as a matchmaker.
    Revoked,
    /// An operator ended the broadcast.
    Operator,
}

impl EndReason {
    /// The text on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::HostLeft => "host_left",
            Self::HostLost => "host_lost",
            Self::Banned => "banned",
            Self::Revoked => "revoked",
            Self::Operator => "operator",
        }
    }
}

/// The reason of KICKOUT: the host took the guest off the mic.
pub(crate) const KICKOUT_BY_HOST: &str = "host";
/// The reason of KICKOUT: the user was removed from the broadcast.
pub(crate) const KICKOUT_REMOVED: &str = "removed";
