//! The mic state machine: what each event does to one user in one room.
//!
//! [`step()`] is pure. It reads no clock and no database. It either returns the next state with the
//! effects to carry out, or a [`MicRefusal`] that changes nothing.

mod event;
mod state;
mod step;

pub use event::{MicEffect, MicEvent, MicRefusal};
pub use state::{Admission, INVITATION_TTL, Invitation, MemberState, Place, Rules};
pub use step::{Step, step};
