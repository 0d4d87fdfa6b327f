//! The life of a broadcast: starting and ending it, entering and leaving its room.

pub(crate) mod end;
mod enter;
mod leave;
pub(crate) mod start;
