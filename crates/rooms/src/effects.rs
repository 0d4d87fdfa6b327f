//! Writes the effects of the mic state machine to the outbox.

use qlive_outbox::{Delivery, DirectMessage, GroupMessage, InvitationResponse, enqueue_all};
use qlive_store::{Conn, StoreError};
use qlive_types::UserId;
use serde_json::json;

use crate::context::Context;
use crate::member::Member;
use crate::mic::MicEffect;
use crate::reasons::KICKOUT_BY_HOST;
use crate::room::find_room;
use crate::settings::SignalSender;

/// Writes the deliveries that follow from `effects` to the outbox. `member` is the member before
/// the change.
pub(crate) fn enqueue_effects(
    conn: &mut Conn,
    context: &Context,
    member: &Member,
    effects: &[MicEffect],
) -> Result<(), StoreError> {
    let mut deliveries = Vec::new();
    for effect in effects {
        deliveries.extend(delivery(conn, context, member, *effect)?);
    }
    enqueue_all(conn, context.now, &deliveries)
}

fn delivery(
    conn: &mut Conn,
    context: &Context,
    member: &Member,
    effect: MicEffect,
) -> Result<Option<Delivery>, StoreError> {
    let about = member.broadcast;
    let user = member.user;
    let server_sends = context.signal_sender == SignalSender::Server;
    Ok(match effect {
        MicEffect::AnnounceSeatTaken if server_sends => Some(Delivery::SendGroupMessage {
            about,
            message: seat_taken_message(conn, context, member)?,
        }),
        MicEffect::AnnounceSeatFreed => Some(Delivery::SendGroupMessage {
            about,
            message: GroupMessage::SeatFreed {
                gender: member.state.gender.number(),
                user_id: user,
            },
        }),
        MicEffect::SendNum => Some(Delivery::SendApplicantCounts { about }),
        MicEffect::SendKickout if server_sends => Some(Delivery::SendDirectMessage {
            about,
            to: user,
            message: DirectMessage::Kickout {
                reason: KICKOUT_BY_HOST.into(),
            },
        }),
        MicEffect::SendInvite { until } if server_sends => Some(Delivery::SendDirectMessage {
            about,
            to: user,
            message: DirectMessage::Invite { until },
        }),
        MicEffect::SendResponse(outcome) if server_sends => {
            let room = find_room(conn, about.live)?;
            room.map(|room| Delivery::SendDirectMessage {
                about,
                to: room.host,
                message: response_message(user, outcome),
            })
        }
        MicEffect::CutStream => Some(Delivery::DropStream { user }),
        MicEffect::ForbidStream => Some(Delivery::ForbidStream { user }),
        // The end of a broadcast writes its own deliveries. The others are left to the clients.
        MicEffect::EndBroadcast
        | MicEffect::AnnounceSeatTaken
        | MicEffect::SendKickout
        | MicEffect::SendInvite { .. }
        | MicEffect::SendResponse(_) => None,
    })
}

fn seat_taken_message(
    conn: &mut Conn,
    context: &Context,
    member: &Member,
) -> Result<GroupMessage, StoreError> {
    let profile = qlive_users::find_user(conn, member.user)?
        .ok_or(StoreError::Corrupt("a member without an account"))?;
    let gender = member.state.gender.number();
    let content = json!({
        "content_type": "on",
        "user_id": member.user.to_string(),
        "play_url": context.play_url(member.user),
        "nickname": profile.nickname,
        "area": profile.area,
        "age": profile.age,
        "face_url": profile.face_url,
        "gender": gender,
    });
    Ok(GroupMessage::SeatTaken { gender, content })
}

fn response_message(user_id: UserId, response: InvitationResponse) -> DirectMessage {
    DirectMessage::Response { user_id, response }
}
