//! The errors of this crate.

use qlive_configs::ConfigError;
use qlive_store::{StoreError, TransactionError};
use qlive_users::UsersError;

use crate::mic::MicRefusal;

/// Why an operation on rooms was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum RoomsError {
    #[error("there is no such room")]
    UnknownRoom,
    #[error("the room is not live")]
    NotLive,
    #[error("the user is hosting a live room and cannot leave it for another")]
    Hosting,
    #[error("the user is not in that room")]
    NotInRoom,
    /// The caller is not in the room whose details they ask for. [`RoomsError::NotInRoom`] is a
    /// conflict with the user's place; this is a lack of access.
    #[error("only users in the room may read this")]
    MembersOnly,
    #[error("the user is on the mic")]
    OnMic,
    #[error("the user has not applied or been invited, as the admission mode requires")]
    NotAdmitted,
    /// Another user is on the mic seat of the user's gender.
    #[error("the mic seat is occupied")]
    SeatOccupied,
    #[error("the user has not set both nickname and gender")]
    ProfileIncomplete,
    /// The call carries the number of an earlier visit: the user has entered a room since.
    #[error("the call belongs to an earlier visit")]
    StaleVisit,
    #[error("only the host of the room may do this")]
    NotHost,
    #[error("only matchmakers may do this")]
    NotMatchmaker,
    #[error("only the host and the guest on the mic may do this")]
    NotHostOrGuest,
    #[error("the user has another gender")]
    GenderMismatch,
    #[error("the gender cannot change during an application, an invitation or on the mic")]
    GenderLocked,
    #[error("the user is banned")]
    Banned,
    #[error("the user was removed from this broadcast")]
    Removed,
    #[error("the IM group of the room does not exist yet")]
    RoomNotReady,
    /// There is no such comment, or it is closed.
    #[error("there is no such open comment")]
    UnknownComment,
    /// There is no such screenshot, or it is closed.
    #[error("there is no such open screenshot")]
    UnknownScreenshot,
    #[error(transparent)]
    Users(#[from] UsersError),
    #[error(transparent)]
    Configs(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for RoomsError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Users(error) => error.store_error(),
            Self::Configs(error) => error.store_error(),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for RoomsError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<MicRefusal> for RoomsError {
    fn from(refusal: MicRefusal) -> Self {
        match refusal {
            MicRefusal::NotInRoom => Self::NotInRoom,
            MicRefusal::OnMic => Self::OnMic,
            MicRefusal::Hosting => Self::Hosting,
            MicRefusal::NotAdmitted => Self::NotAdmitted,
            MicRefusal::SeatOccupied => Self::SeatOccupied,
            MicRefusal::ProfileIncomplete => Self::ProfileIncomplete,
        }
    }
}
