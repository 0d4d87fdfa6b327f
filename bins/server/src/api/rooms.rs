//! Rooms: who is in them, who is on the mic, and who hosts them.

pub(super) mod broadcast;
pub(super) mod listing;
pub(super) mod mic;
pub(super) mod moderation;
mod stage;
pub(super) mod sync;
pub(super) mod visits;
