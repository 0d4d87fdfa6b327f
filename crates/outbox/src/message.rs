//! The messages that clients receive through IM, and their texts.

use qlive_types::{Moment, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A message to the group of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GroupMessage {
    /// A seat was taken. `content` is the content of the message.
    SeatTaken { gender: i32, content: Value },
    /// A seat was freed.
    SeatFreed { gender: i32, user_id: UserId },
    /// The broadcast ended. `reason` is for clients; its values are defined by the caller.
    Over { reason: String },
    /// A user gave a gift.
    Gift(GiftMessage),
}

/// A gift as clients show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftMessage {
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

/// A message to one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DirectMessage {
    /// To a guest: the host invites them to the mic. They can accept before `until`.
    Invite { until: Moment },
    /// To a guest: they were taken off the mic. `reason` is for clients; its values are defined by
    /// the caller.
    Kickout { reason: String },
    /// To anybody in a room: an operator warns them.
    Warning { text: String },
    /// To the host: what a guest did with the invitation.
    Response {
        user_id: UserId,
        response: InvitationResponse,
    },
}

/// What a guest did with an invitation to the mic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationResponse {
    Accept,
    Reject,
    /// The guest did not answer in time.
    Timeout,
}

impl GroupMessage {
    /// The text of the IM message.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::SeatTaken { content, .. } => json!({"type": "reset", "content": content}),
            Self::SeatFreed { gender, user_id } => json!({
                "type": "reset",
                "content": {
                    "content_type": "off",
                    "user_id": user_id.to_string(),
                    "gender": gender,
                },
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

impl DirectMessage {
    /// The text of the IM message. `group` is the group of the room.
    pub(crate) fn text(&self, group: &str) -> String {
        match self {
            Self::Invite { .. } => json!({"type": "invite", "content": {"group_id": group}}),
            Self::Kickout { .. } => json!({"type": "kickout", "content": {"group_id": group}}),
            Self::Warning { text } => json!({
                "type": "warning",
                "content": {"group_id": group, "text": text},
            }),
            Self::Response { user_id, response } => json!({
                "type": "response",
                "content": {
                    "group_id": group,
                    "user_id": user_id.to_string(),
                    "data": response,
                },
            }),
        }
        .to_string()
    }
}

/// The text of the message that shows the host how many users applied. `group` is the group of the
/// room.
pub(crate) fn applicant_counts_text(group: &str, counts: [i64; 4]) -> String {
    json!({"type": "num", "content": {"group_id": group, "num_list": counts}}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_text_has_the_words_that_clients_know() {
        let words = [
            InvitationResponse::Accept,
            InvitationResponse::Reject,
            InvitationResponse::Timeout,
        ]
        .map(|response| {
            let user_id = UserId::new(10_000_001).unwrap();
            let text = DirectMessage::Response { user_id, response }.text("g");
            let text: Value = serde_json::from_str(&text).unwrap();
            text["content"]["data"].clone()
        });
        assert_eq!(words, ["accept", "reject", "timeout"]);
    }
}
