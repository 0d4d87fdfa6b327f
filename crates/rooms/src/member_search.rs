//! Finds the user that a call concerns in the room that it names.

use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, UserId};

use crate::member::{Member, find_member};
use crate::visit::VisitNumber;

/// Where a user was found, seen from the room that a call names.
pub(crate) enum MemberSearch {
    InRoom(Member),
    /// In no room, or in another.
    NotInRoom,
    /// The user entered a room again after the visit that the call belongs to.
    StaleVisit,
}

/// Looks for `user` in the room `live`. `visit` is the visit that the call belongs to, if it says.
pub(crate) fn search_member(
    conn: &mut Conn,
    user: UserId,
    live: LiveId,
    visit: Option<VisitNumber>,
) -> Result<MemberSearch, StoreError> {
    Ok(match find_member(conn, user)? {
        Some(member) if visit.is_some_and(|visit| visit < member.visit) => MemberSearch::StaleVisit,
        Some(member) if member.broadcast.live == live => MemberSearch::InRoom(member),
        Some(_) | None => MemberSearch::NotInRoom,
    })
}
