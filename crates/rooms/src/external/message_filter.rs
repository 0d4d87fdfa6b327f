//! Decides which messages of clients IM may deliver, and takes the invitations among them into
//! account.

use qlive_types::UserId;
use serde_json::Value;

use crate::error::RoomsError;
use crate::member::{Member, RESPONSE_TIME, find_member};
use crate::mic::{MicEvent, Place};
use crate::service::Rooms;
use crate::settings::SignalSender;
use crate::transition::apply_event;

/// Whether IM may deliver a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterDecision {
    Allow,
    Refuse,
}

/// What a message is, by the `type` of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientMessage {
    /// Plain text, or JSON of a type that is not a signal of the rooms.
    Comment,
    Invite,
    Kickout,
    Response,
    /// A signal that only the server sends, or JSON that this program cannot read.
    ServerOnly,
}

impl ClientMessage {
    fn classify(text: &str) -> Self {
        let json = serde_json::from_str::<Value>(text);
        if json.is_err() && looks_like_json(text) {
            return Self::ServerOnly;
        }
        match json
            .ok()
            .as_ref()
            .and_then(|json| json.get("type"))
            .and_then(Value::as_str)
        {
            Some("invite") => Self::Invite,
            Some("kickout") => Self::Kickout,
            Some("response") => Self::Response,
            Some("num" | "reset" | "over" | "gift") => Self::ServerOnly,
            Some(_) | None => Self::Comment,
        }
    }
}

/// Whether a viewer may send this text to a group: plain text, JSON without a `type`, or of the
/// type `message`.
fn is_group_comment(text: &str) -> bool {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) => fields.get("type").is_none_or(|kind| kind == "message"),
        Ok(_) => true,
        Err(_) => !looks_like_json(text),
    }
}

/// Whether a text starts as a JSON object does. A client may be able to read JSON that this program
/// cannot (a lone surrogate, a number out of range), so such a text is never a comment.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

impl Rooms {
    /// Decides about a message from one client to another. An INVITE of the host counts as an
    /// invitation from now on.
    pub(crate) async fn filter_direct_message(
        &self,
        from: &str,
        to: &str,
        texts: &[String],
    ) -> Result<FilterDecision, RoomsError> {
        let mut decision = FilterDecision::Allow;
        for message in texts.iter().map(|text| ClientMessage::classify(text)) {
            let allowed = match message {
                ClientMessage::Comment => true,
                ClientMessage::ServerOnly => false,
                ClientMessage::Kickout => self.is_host_of(from, to).await?,
                ClientMessage::Response => self.may_respond(from, to).await?,
                ClientMessage::Invite => self.record_client_invitation(from, to, None).await?,
            };
            if !allowed && self.settings.signal_sender == SignalSender::Server {
                decision = FilterDecision::Refuse;
            }
        }
        Ok(decision)
    }

    /// Decides about a message to a group.
    pub(crate) fn filter_group_message(
        &self,
        from_server: bool,
        texts: &[String],
    ) -> FilterDecision {
        let comments_only = texts.iter().all(|text| is_group_comment(text));
        if from_server || comments_only || self.settings.signal_sender == SignalSender::Client {
            FilterDecision::Allow
        } else {
            FilterDecision::Refuse
        }
    }

    /// Records the invitation in a message that IM delivered at `sent_at` (milliseconds), if it
    /// contains one.
    pub(crate) async fn record_sent_invitation(
        &self,
        from: &str,
        to: &str,
        texts: &[String],
        sent_at: i64,
    ) -> Result<(), RoomsError> {
        let invites = texts
            .iter()
            .any(|text| ClientMessage::classify(text) == ClientMessage::Invite);
        if invites {
            self.record_client_invitation(from, to, Some(sent_at))
                .await?;
        }
        Ok(())
    }

    /// Records an INVITE of the host's client as an invitation. Returns false if the sender does
    /// not host the receiver. With `sent_at` (milliseconds) the message was delivered then; it
    /// counts only if the guest's state has not changed since.
    async fn record_client_invitation(
        &self,
        host: &str,
        guest: &str,
        sent_at: Option<i64>,
    ) -> Result<bool, RoomsError> {
        let context = self.context();
        let (Some(host), Some(guest)) = (UserId::parse(host), UserId::parse(guest)) else {
            return Ok(false);
        };
        self.db
            .write(move |conn| {
                let (Some(host), Some(guest)) =
                    (find_member(conn, host)?, find_member(conn, guest)?)
                else {
                    return Ok(false);
                };
                if !hosts(&host, &guest) {
                    return Ok(false);
                }
                if sent_at.is_some_and(|sent_at| sent_at < guest.changed_at.millis()) {
                    return Ok(true);
                }
                match apply_event(
                    conn,
                    &context,
                    &guest,
                    MicEvent::Invite { by_server: false },
                ) {
                    // If the seat is occupied, the message has no effect, but the host may send it.
                    Ok(_) | Err(RoomsError::SeatOccupied | RoomsError::OnMic) => Ok(true),
                    Err(error) => Err(error),
                }
            })
            .await
    }

    async fn is_host_of(&self, host: &str, guest: &str) -> Result<bool, RoomsError> {
        self.check_pair(host, guest, hosts).await
    }

    /// Whether `guest` may send a RESPONSE to `host`: an invitation is open or has expired only
    /// seconds ago.
    async fn may_respond(&self, guest: &str, host: &str) -> Result<bool, RoomsError> {
        let now = self.clock.now();
        self.check_pair(host, guest, move |host, guest| {
            hosts(host, guest) && now.is_waiting(guest.response_until, RESPONSE_TIME)
        })
        .await
    }

    /// Whether both accounts belong to members that satisfy `check`.
    async fn check_pair(
        &self,
        host: &str,
        guest: &str,
        check: impl Fn(&Member, &Member) -> bool + Send + 'static,
    ) -> Result<bool, RoomsError> {
        let (Some(host), Some(guest)) = (UserId::parse(host), UserId::parse(guest)) else {
            return Ok(false);
        };
        self.db
            .read(move |conn| {
                let pair = (find_member(conn, host)?, find_member(conn, guest)?);
                Ok(matches!(pair, (Some(host), Some(guest)) if check(&host, &guest)))
            })
            .await
    }
}

/// Whether `host` hosts the broadcast that `guest` is in.
fn hosts(host: &Member, guest: &Member) -> bool {
    host.state.place == Place::Hosting
        && host.broadcast == guest.broadcast
        && host.user != guest.user
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_classified_by_their_type() {
        assert_eq!(
            ClientMessage::classify(r#"{"type":"invite","content":{}}"#),
            ClientMessage::Invite
        );
        assert_eq!(
            ClientMessage::classify(r#" {"type": "over"} "#),
            ClientMessage::ServerOnly
        );
        assert_eq!(
            ClientMessage::classify(r#"{"type":"message","content":"hi"}"#),
            ClientMessage::Comment
        );
        for text in ["hi", "[]", "7", r#"{"content":"over"}"#, r#"{"type":7}"#] {
            assert_eq!(
                ClientMessage::classify(text),
                ClientMessage::Comment,
                "{text}"
            );
        }
    }

    #[test]
    fn json_that_only_a_client_can_read_is_not_a_comment() {
        let deep = format!(
            r#"{{"type":"over","x":{}1{}}}"#,
            "[".repeat(200),
            "]".repeat(200)
        );
        for text in [
            r#"{"type":"over","content":"\ud800"}"#,
            r#" {"type":"over","x":1e999}"#,
            deep.as_str(),
            "{",
        ] {
            assert_eq!(
                ClientMessage::classify(text),
                ClientMessage::ServerOnly,
                "{text}"
            );
            assert!(!is_group_comment(text), "{text}");
        }
    }

    #[test]
    fn only_comments_may_be_sent_to_a_group() {
        for text in ["hi", r#"{"type":"message"}"#, r#"{"content":1}"#] {
            assert!(is_group_comment(text), "{text}");
        }
        for text in [
            r#"{"type":"over"}"#,
            r#"{"type":"reset"}"#,
            r#"{"type":"x"}"#,
            r#"{"type":"message","type":"over"}"#,
        ] {
            assert!(!is_group_comment(text), "{text}");
        }
    }
}
