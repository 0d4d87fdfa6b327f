//! Deliveries of room 1 and its present broadcast.

use std::time::Duration;

use qlive_outbox::{BroadcastRef, Delivery, DirectMessage, GiftMessage, GroupMessage};
use qlive_types::{BroadcastId, Clock, LiveId, UserId};
use serde_json::json;

pub(crate) const LIVE: LiveId = LiveId::new(1);
pub(crate) const BROADCAST: BroadcastId = BroadcastId::new(5);

pub(crate) fn user(number: i64) -> UserId {
    UserId::new(10_000_000 + number).unwrap()
}

/// The present broadcast of room 1.
pub(crate) fn about() -> BroadcastRef {
    BroadcastRef {
        live: LIVE,
        broadcast: BROADCAST,
    }
}

fn group_message(message: GroupMessage) -> Delivery {
    Delivery::SendGroupMessage {
        about: about(),
        message,
    }
}

/// The seat of this gender was taken; `round` tells messages apart.
pub(crate) fn seat_taken(gender: i32, round: i64) -> Delivery {
    let content = json!({"content_type": "on", "gender": gender, "round": round});
    group_message(GroupMessage::SeatTaken { gender, content })
}

pub(crate) fn seat_freed(gender: i32) -> Delivery {
    let user_id = user(2);
    group_message(GroupMessage::SeatFreed { gender, user_id })
}

pub(crate) fn over() -> Delivery {
    let reason = "ended".into();
    group_message(GroupMessage::Over { reason })
}

/// User `giver` gives user 3 a rose `num` times.
pub(crate) fn gift(giver: i64, num: i64) -> Delivery {
    group_message(GroupMessage::Gift(GiftMessage {
        gift_id: 7,
        gift_title: "rose".into(),
        gift_num: num,
        gift_image: String::new(),
        effect: String::new(),
        user_id: user(giver),
        nickname: format!("user {giver}"),
        to_user_id: user(3),
        to_nickname: "user 3".into(),
    }))
}

/// An invitation for user 2 that is valid for a minute.
pub(crate) fn invite(clock: &Clock) -> Delivery {
    let until = clock.now().after(Duration::from_secs(60));
    Delivery::SendDirectMessage {
        about: about(),
        to: user(2),
        message: DirectMessage::Invite { until },
    }
}
