//! What can be told, to whom, and in which lane.

use qlive_types::{BroadcastId, LiveId, Moment, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One thing that the outside must be told or made to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Effect {
    /// Say something to a room's group.
    Group { about: Subject, words: Words },
    /// Say something to one account.
    C2c {
        about: Subject,
        to: UserId,
        signal: Signal,
    },
    /// Tell the host how many applied; counted when it is sent.
    Num { about: Subject },
    /// Make an account known to IM.
    ImportAccount { user: UserId },
    /// Show IM an account's present name, face and gender.
    Portrait { user: UserId },
    /// Make a room's group.
    MakeGroup { live: LiveId },
    /// Show IM a room's present name and face.
    GroupProfile { live: LiveId },
    /// End an account's IM login.
    KickLogin { user: UserId },
    /// Cut a stream.
    DropStream { user: UserId },
    /// Cut a stream and refuse it from now on.
    ForbidStream { user: UserId },
    /// Lift that refusal.
    ResumeStream { user: UserId },
}

/// Which broadcast of which room a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub live: LiveId,
    pub broadcast: BroadcastId,
}

/// What a group hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Words {
    /// A seat was taken: the whole content of the message.
    SeatTaken { gender: i32, content: Value },
    /// A seat was freed.
    SeatFreed { gender: i32, user_id: UserId },
    /// The broadcast ended, and why.
    Over { reason: String },
    /// Somebody gave something.
    Gift(Gift),
}

/// A gift as the room sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    pub gift_id: i64,
    pub gift_title: String,
    pub gift_num: i64,
    pub gift_image: String,
    pub effect: String,
    pub user_id: UserId,
    pub nickname: String,
    pub to_user_id: UserId,
    pub to_nickname: String,
}

/// What one account hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Signal {
    /// To a guest: take the mic before this moment.
    Invite { until: Moment },
    /// To a guest: the host put you down.
    Kickout { reason: String },
    /// To the host: what became of his invitation ("accept", "reject", "timeout").
    Response { user_id: UserId, data: String },
}

impl Effect {
    /// Rows of one lane are delivered in order. Gifts never delay seats, and
    /// a stuck stream call never delays a message.
    pub(crate) fn lane(&self) -> String {
        match self {
            Self::Group {
                about,
                words: Words::Gift(_),
            } => format!("gift:{}", about.live),
            Self::Group {
                about,
                words: Words::SeatTaken { .. } | Words::SeatFreed { .. } | Words::Over { .. },
            } => {
                format!("room:{}", about.live)
            }
            Self::MakeGroup { live } | Self::GroupProfile { live } => format!("room:{live}"),
            Self::Num { about } => format!("num:{}", about.live),
            Self::C2c { to, .. } => format!("user:{to}"),
            Self::ImportAccount { user } | Self::Portrait { user } | Self::KickLogin { user } => {
                format!("user:{user}")
            }
            Self::DropStream { user }
            | Self::ForbidStream { user }
            | Self::ResumeStream { user } => {
                format!("stream:{user}")
            }
        }
    }

    /// The broadcast a message is about.
    pub(crate) const fn about(&self) -> Option<Subject> {
        match self {
            Self::Group { about, .. } | Self::C2c { about, .. } | Self::Num { about } => {
                Some(*about)
            }
            Self::ImportAccount { .. }
            | Self::Portrait { .. }
            | Self::MakeGroup { .. }
            | Self::GroupProfile { .. }
            | Self::KickLogin { .. }
            | Self::DropStream { .. }
            | Self::ForbidStream { .. }
            | Self::ResumeStream { .. } => None,
        }
    }

    /// Why it happened, where clients are told so (`over` and `kickout`).
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Group {
                words: Words::Over { reason },
                ..
            } => Some(reason),
            Self::C2c {
                signal: Signal::Kickout { reason },
                ..
            } => Some(reason),
            _ => None,
        }
    }
}

impl Words {
    /// The text that clients read.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::SeatTaken { content, .. } => json!({"type": "reset", "content": content}),
            Self::SeatFreed { gender, user_id } => json!({
                "type": "reset",
                "content": {"content_type": "off", "user_id": user_id.to_string(), "gender": gender},
            }),
            Self::Over { .. } => json!({"type": "over", "content": ""}),
            Self::Gift(gift) => json!({"type": "gift", "content": {
                "gift_id": gift.gift_id,
                "gift_title": gift.gift_title,
                "gift_num": gift.gift_num,
                "gift_image": gift.gift_image,
                "effect": gift.effect,
                "user_id": gift.user_id.to_string(),
                "nickname": gift.nickname,
                "to_user_id": gift.to_user_id.to_string(),
                "to_nickname": gift.to_nickname,
            }}),
        }
        .to_string()
    }
}

impl Signal {
    /// The text that the client reads.
    pub(crate) fn text(&self, group: &str) -> String {
        match self {
            Self::Invite { .. } => json!({"type": "invite", "content": {"group_id": group}}),
            Self::Kickout { .. } => json!({"type": "kickout", "content": {"group_id": group}}),
            Self::Response { user_id, data } => json!({
                "type": "response",
                "content": {"group_id": group, "user_id": user_id.to_string(), "data": data},
            }),
        }
        .to_string()
    }
}

/// The text that tells the host how many applied.
pub(crate) fn num_text(group: &str, counts: [i64; 4]) -> String {
    json!({"type": "num", "content": {"group_id": group, "num_list": counts}}).to_string()
}
