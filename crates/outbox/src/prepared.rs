//! Prepares a row for its attempt: looks up what it needs and fixes the text of its message.

use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, UserId, random};
use serde_json::json;

use crate::delivery::{BroadcastRef, Delivery};
use crate::group_seq::{current_seq, take_next_seq};
use crate::lookup::{AccountProfile, Lookup, RoomProfile};
use crate::message::{GroupMessage, applicant_counts_text};
use crate::queue::{WaitingRow, save_attempt};

/// How long IM keeps a direct message for a client that is offline, in seconds: as long as an
/// invitation is valid.
const INVITATION_SECS: u32 = 60;

/// A delivery with everything that its call needs.
#[derive(Debug)]
pub(crate) enum PreparedDelivery {
    GroupMessage {
        row: WaitingRow,
        room: RoomProfile,
        custom: String,
    },
    DirectMessage {
        row: WaitingRow,
        to: UserId,
        custom: String,
        lifetime_secs: u32,
    },
    ImportAccount {
        user: UserId,
        account: AccountProfile,
    },
    UpdateAccountProfile {
        user: UserId,
        account: AccountProfile,
    },
    EndLogin {
        user: UserId,
    },
    CreateGroup {
        live: LiveId,
        room: RoomProfile,
    },
    UpdateGroupProfile {
        room: RoomProfile,
    },
    DropStream {
        user: UserId,
    },
    ForbidStream {
        user: UserId,
    },
    ResumeStream {
        user: UserId,
    },
    /// There is nothing to call for, and why.
    NotNeeded(&'static str),
}

const NO_ROOM: PreparedDelivery = PreparedDelivery::NotNeeded("no such room");

/// Looks up what the delivery of `row` needs. Stores the text of a message, so that a repeated
/// attempt sends the same, and counts the attempt. Runs in a write transaction.
pub(crate) fn prepare_delivery(
    conn: &mut Conn,
    lookup: &dyn Lookup,
    row: WaitingRow,
) -> Result<PreparedDelivery, StoreError> {
    match row.delivery.clone() {
        Delivery::SendGroupMessage { about, message } => {
            match lookup.find_room(conn, about.live)? {
                Some(room) => prepare_group_message(conn, row, room, about, &message),
                None => Ok(NO_ROOM),
            }
        }
        Delivery::SendDirectMessage { about, to, message } => {
            match lookup.find_room(conn, about.live)? {
                Some(room) => {
                    let text = message.text(room.group.as_str());
                    prepare_direct_message(conn, row, about, to, text, INVITATION_SECS)
                }
                None => Ok(NO_ROOM),
            }
        }
        Delivery::SendApplicantCounts { about } => match lookup.find_room(conn, about.live)? {
            Some(room) => {
                let counts = lookup.applicant_counts(conn, about.live)?;
                let text = applicant_counts_text(room.group.as_str(), counts);
                // Lifetime 0: only for a host who is online.
                prepare_direct_message(conn, row, about, room.host, text, 0)
            }
            None => Ok(NO_ROOM),
        },
        delivery @ (Delivery::ImportAccount { user }
        | Delivery::UpdateAccountProfile { user }
        | Delivery::EndLogin { user }) => {
            let Some(account) = lookup.find_account(conn, user)? else {
                return Ok(PreparedDelivery::NotNeeded("no such user"));
            };
            Ok(match delivery {
                Delivery::ImportAccount { .. } => PreparedDelivery::ImportAccount { user, account },
                Delivery::EndLogin { .. } => PreparedDelivery::EndLogin { user },
                _ => PreparedDelivery::UpdateAccountProfile { user, account },
            })
        }
        Delivery::CreateGroup { live } => Ok(match lookup.find_room(conn, live)? {
            Some(room) => PreparedDelivery::CreateGroup { live, room },
            None => NO_ROOM,
        }),
        Delivery::UpdateGroupProfile { live } => Ok(match lookup.find_room(conn, live)? {
            Some(room) => PreparedDelivery::UpdateGroupProfile { room },
            None => NO_ROOM,
        }),
        Delivery::DropStream { user } => prepare_drop_stream(conn, lookup, user, row.created_at),
        Delivery::ForbidStream { user } => Ok(PreparedDelivery::ForbidStream { user }),
        Delivery::ResumeStream { user } => Ok(PreparedDelivery::ResumeStream { user }),
    }
}

/// Skips the cut if the user has come back on stage since it was written, because they are allowed
/// to publish the stream that runs now.
fn prepare_drop_stream(
    conn: &mut Conn,
    lookup: &dyn Lookup,
    user: UserId,
    created_at: Moment,
) -> Result<PreparedDelivery, StoreError> {
    let since = lookup.on_stage_since(conn, user)?;
    if since.is_some_and(|since| since >= created_at) {
        return Ok(PreparedDelivery::NotNeeded("on stage again"));
    }
    Ok(PreparedDelivery::DropStream { user })
}

/// Numbers the message in its group before the first attempt.
fn prepare_group_message(
    conn: &mut Conn,
    mut row: WaitingRow,
    room: RoomProfile,
    about: BroadcastRef,
    message: &GroupMessage,
) -> Result<PreparedDelivery, StoreError> {
    let seq = match row.seq {
        Some(seq) => seq,
        None => {
            row.content = Some(message.text());
            take_next_seq(conn, about.live)?
        }
    };
    row.seq = Some(seq);
    save_attempt(conn, &row, Some(about.live))?;
    let custom = custom_data(&row, about, seq);
    Ok(PreparedDelivery::GroupMessage { row, room, custom })
}

/// Prepares a message to one account.
fn prepare_direct_message(
    conn: &mut Conn,
    mut row: WaitingRow,
    about: BroadcastRef,
    to: UserId,
    text: String,
    lifetime_secs: u32,
) -> Result<PreparedDelivery, StoreError> {
    if row.content.as_ref().is_some_and(|before| *before != text) {
        // A text that changed since the last attempt, for instance the counts of applicants, is
        // another message and not its repetition.
        row.random = random::u32();
    }
    row.content = Some(text);
    save_attempt(conn, &row, None)?;
    let seq = current_seq(conn, about.live)?;
    let custom = custom_data(&row, about, seq);
    Ok(PreparedDelivery::DirectMessage {
        row,
        to,
        custom,
        lifetime_secs,
    })
}

/// The data beside the text, by which a client drops messages that are outdated or repeated.
fn custom_data(row: &WaitingRow, about: BroadcastRef, seq: i64) -> String {
    let mut custom = json!({
        "id": row.id,
        "seq": seq,
        "live_id": about.live,
        "broadcast_id": about.broadcast,
        "at": row.created_at,
    });
    if let (Some(fields), Some(reason)) = (custom.as_object_mut(), row.delivery.reason()) {
        fields.insert("reason".into(), reason.into());
    }
    custom.to_string()
}
