//! Turns what the machine decided into messages of the outbox.

use qlive_outbox::{Effect as Told, Signal, Words, post};
use qlive_store::{Conn, StoreError};
use qlive_types::UserId;
use serde_json::json;

use crate::member::Member;
use crate::mic::{Answer, Effect};
use crate::room;
use crate::settings::{House, Speaks};

/// Writes what `effects` of a change to `member` tell the outside.
pub(crate) fn tell(
    conn: &mut Conn,
    house: &House,
    member: &Member,
    effects: &[Effect],
) -> Result<(), StoreError> {
    for effect in effects {
        if let Some(told) = message(conn, house, member, *effect)? {
            post(conn, house.now, &told)?;
        }
    }
    Ok(())
}

fn message(
    conn: &mut Conn,
    house: &House,
    member: &Member,
    effect: Effect,
) -> Result<Option<Told>, StoreError> {
    let about = member.about;
    let user = member.user;
    let we_speak = house.speaks == Speaks::Server;
    Ok(match effect {
        Effect::SeatTaken if we_speak => Some(Told::Group {
            about,
            words: seat_taken(conn, house, member)?,
        }),
        Effect::SeatFreed => {
            let gender = member.standing.gender.number();
            Some(Told::Group {
                about,
                words: Words::SeatFreed {
                    gender,
                    user_id: user,
                },
            })
        }
        Effect::Num => Some(Told::Num { about }),
        Effect::Kickout if we_speak => Some(Told::C2c {
            about,
            to: user,
            signal: Signal::Kickout {
                reason: "host".into(),
            },
        }),
        Effect::Invite { until } if we_speak => Some(Told::C2c {
            about,
            to: user,
            signal: Signal::Invite { until },
        }),
        Effect::Response(answer) if we_speak => {
            let host = room::find(conn, about.live)?.map(|room| room.host);
            host.map(|host| Told::C2c {
                about,
                to: host,
                signal: response(user, answer),
            })
        }
        Effect::CutStream => Some(Told::DropStream { user }),
        Effect::ForbidStream => Some(Told::ForbidStream { user }),
        // The end tells for itself; the rest is left to clients that speak for themselves.
        Effect::EndBroadcast
        | Effect::SeatTaken
        | Effect::Kickout
        | Effect::Invite { .. }
        | Effect::Response(_) => None,
    })
}

fn seat_taken(conn: &mut Conn, house: &House, member: &Member) -> Result<Words, StoreError> {
    let profile = qlive_users::find(conn, member.user)?
        .ok_or(StoreError::Corrupt("a member without an account"))?;
    let gender = member.standing.gender.number();
    let content = json!({
        "content_type": "on",
        "user_id": member.user.to_string(),
        "play_url": house.play_url(member.user),
        "nickname": profile.nickname,
        "area": profile.area,
        "age": profile.age,
        "face_url": profile.face_url,
        "gender": gender,
    });
    Ok(Words::SeatTaken { gender, content })
}

fn response(user_id: UserId, answer: Answer) -> Signal {
    let data = match answer {
        Answer::Accept => "accept",
        Answer::Reject => "reject",
        Answer::Timeout => "timeout",
    };
    Signal::Response {
        user_id,
        data: data.into(),
    }
}
