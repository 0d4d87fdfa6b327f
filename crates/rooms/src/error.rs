//! What can be refused in a room.

use qlive_configs::ConfigError;
use qlive_store::{Fallible, StoreError};
use qlive_users::UsersError;

use crate::mic::Refusal;

/// A refusal or failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum RoomsError {
    #[error("no such room")]
    UnknownRoom,
    #[error("the room is not live")]
    NotLive,
    #[error("a host who is live stays in his room")]
    Hosting,
    #[error("not in that room")]
    NotInRoom,
    /// The same, where the document forbids instead of finding a conflict.
    #[error("only for those in the room")]
    MembersOnly,
    #[error("on the mic already")]
    OnMic,
    #[error("not admitted to the mic")]
    NotAdmitted,
    #[error("the seat is taken")]
    SeatTaken,
    #[error("name or gender is not known yet")]
    ProfileIncomplete,
    #[error("he moved since")]
    Moved,
    #[error("only the host may")]
    NotHost,
    #[error("only matchmakers may")]
    NotMatchmaker,
    #[error("neither host nor the guest himself")]
    NotAllowed,
    #[error("that is not this user's gender")]
    GenderMismatch,
    #[error("the gender cannot change now")]
    GenderLocked,
    #[error("banned")]
    Banned,
    #[error("the room is not ready yet")]
    RoomNotReady,
    #[error(transparent)]
    Users(#[from] UsersError),
    #[error(transparent)]
    Configs(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fallible for RoomsError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault) => Some(fault),
            Self::Users(error) => error.store(),
            Self::Configs(error) => error.store(),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for RoomsError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Store(fault.into())
    }
}

impl From<Refusal> for RoomsError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotInRoom => Self::NotInRoom,
            Refusal::OnMic => Self::OnMic,
            Refusal::Hosting => Self::Hosting,
            Refusal::NotAdmitted => Self::NotAdmitted,
            Refusal::SeatTaken => Self::SeatTaken,
            Refusal::ProfileIncomplete => Self::ProfileIncomplete,
        }
    }
}
