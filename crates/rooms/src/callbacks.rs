//! What clients may say to each other through IM, and what it means to us.

use qlive_tencent::im::Callback;
use qlive_types::{GroupId, UserId};
use serde_json::Value;

use crate::act::act;
use crate::error::RoomsError;
use crate::member::{self, Member};
use crate::mic::{Event, Place};
use crate::settings::{Rooms, Speaks};

/// Whether a message may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    Refuse,
}

/// The types of our signals, by what they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// No signal: plain text, or a type of the clients' own.
    Comment,
    Invite,
    Kickout,
    Response,
    /// Signals that only we send.
    Ours,
}

impl Speech {
    /// What a text is. Signals are JSON objects with a `type`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let kind = serde_json::from_str::<Value>(text);
        if kind.is_err() && looks_like_json(text) {
            return Self::Ours;
        }
        match kind
            .ok()
            .as_ref()
            .and_then(|json| json.get("type"))
            .and_then(Value::as_str)
        {
            Some("invite") => Self::Invite,
            Some("kickout") => Self::Kickout,
            Some("response") => Self::Response,
            Some("num" | "reset" | "over" | "gift") => Self::Ours,
            Some(_) | None => Self::Comment,
        }
    }

    /// Whether a group may hear it from a viewer: text without a type, or of type `message`.
    fn fits_group(text: &str) -> bool {
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) => fields.get("type").is_none_or(|kind| kind == "message"),
            Ok(_) => true,
            Err(_) => !looks_like_json(text),
        }
    }
}

/// A phone may read as a signal what we cannot read (a lone surrogate, a number too large): no comment begins so.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

impl Rooms {
    /// Takes a verified callback of IM; the verdict matters for those sent before a message. `from_rest` marks
    /// messages that a server sent.
    pub async fn im_callback(
        &self,
        callback: Callback,
        from_rest: bool,
    ) -> Result<Verdict, RoomsError> {
        match callback {
            Callback::StateChange {
                account,
                presence,
                at,
            } => {
                if let Some(user) = UserId::parse(&account) {
                    self.connection_changed(user, presence, at).await?;
                }
                Ok(Verdict::Allow)
            }
            Callback::MemberExit {
                group,
                accounts,
                at,
            } => {
                for user in accounts.iter().filter_map(|account| UserId::parse(account)) {
                    self.left_group(user, GroupId::new(group.clone()), at)
                        .await?;
                }
                Ok(Verdict::Allow)
            }
            Callback::BeforeC2c { from, to, texts } => {
                if from_rest || from == self.settings.admin {
                    return Ok(Verdict::Allow);
                }
                self.before_c2c(&from, &to, &texts).await
            }
            Callback::AfterC2c {
                from,
                to,
                texts,
                delivered,
                at,
            } => {
                let invites = texts.iter().any(|text| Speech::of(text) == Speech::Invite);
                if invites && delivered && !from_rest {
                    self.client_invites(&from, &to, Some(at)).await?;
                }
                Ok(Verdict::Allow)
            }
            Callback::BeforeGroup { from, texts } => {
                let ours = from_rest || from == self.settings.admin;
                let fits = texts.iter().all(|text| Speech::fits_group(text));
                let tolerated = ours || fits || self.settings.speaks == Speaks::Client;
                Ok(if tolerated {
                    Verdict::Allow
                } else {
                    Verdict::Refuse
                })
            }
            Callback::Unknown(_) => Ok(Verdict::Allow),
        }
    }

    async fn before_c2c(
        &self,
        from: &str,
        to: &str,
        texts: &[String],
    ) -> Result<Verdict, RoomsError> {
        let mut verdict = Verdict::Allow;
        for speech in texts.iter().map(|text| Speech::of(text)) {
            let allowed = match speech {
                Speech::Comment => true,
                Speech::Ours => false,
                Speech::Kickout => self.host_of(from, to).await?,
                Speech::Response => self.invitee_of(from, to).await?,
                Speech::Invite => self.client_invites(from, to, None).await?,
            };
            if !allowed && self.settings.speaks == Speaks::Server {
                verdict = Verdict::Refuse;
            }
        }
        Ok(verdict)
    }

    /// Takes an INVITE of the host's own client for an invitation. False when he is not the guest's host.
    /// `sent_at` (milliseconds): it went out then, and counts only if the guest has done nothing since.
    async fn client_invites(
        &self,
        host: &str,
        guest: &str,
        sent_at: Option<i64>,
    ) -> Result<bool, RoomsError> {
        let house = self.house();
        let (Some(host), Some(guest)) = (UserId::parse(host), UserId::parse(guest)) else {
            return Ok(false);
        };
        self.db
            .write(move |conn| {
                let (Some(host), Some(guest)) =
                    (member::load(conn, host)?, member::load(conn, guest)?)
                else {
                    return Ok(false);
                };
                if !hosts(&host, &guest) {
                    return Ok(false);
                }
                if sent_at.is_some_and(|sent_at| sent_at < guest.changed_at.millis()) {
                    return Ok(true);
                }
                match act(conn, &house, &guest, Event::Invite { by_us: false }) {
                    // A seat already taken makes his message idle, not forged.
                    Ok(_) | Err(RoomsError::SeatTaken | RoomsError::OnMic) => Ok(true),
                    Err(error) => Err(error),
                }
            })
            .await
    }

    async fn host_of(&self, host: &str, guest: &str) -> Result<bool, RoomsError> {
        self.both(host, guest, hosts).await
    }

    /// Whether `guest` answers an invitation of `host`: it is open, or was a moment ago.
    async fn invitee_of(&self, guest: &str, host: &str) -> Result<bool, RoomsError> {
        let now = self.clock.now();
        self.both(host, guest, move |host, guest| {
            hosts(host, guest) && now < guest.response_until
        })
        .await
    }

    async fn both(
        &self,
        one: &str,
        other: &str,
        test: impl Fn(&Member, &Member) -> bool + Send + 'static,
    ) -> Result<bool, RoomsError> {
        let (Some(one), Some(other)) = (UserId::parse(one), UserId::parse(other)) else {
            return Ok(false);
        };
        self.db
            .read(move |conn| {
                let pair = (member::load(conn, one)?, member::load(conn, other)?);
                Ok(matches!(pair, (Some(one), Some(other)) if test(&one, &other)))
            })
            .await
    }
}

fn hosts(host: &Member, guest: &Member) -> bool {
    host.standing.place == Place::Hosting && host.about == guest.about && host.user != guest.user
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_known_by_their_type() {
        assert_eq!(
            Speech::of(r#"{"type":"invite","content":{}}"#),
            Speech::Invite
        );
        assert_eq!(Speech::of(r#" {"type": "over"} "#), Speech::Ours);
        assert_eq!(
            Speech::of(r#"{"type":"message","content":"hi"}"#),
            Speech::Comment
        );
        for text in ["hi", "[]", "7", r#"{"content":"over"}"#, r#"{"type":7}"#] {
            assert_eq!(Speech::of(text), Speech::Comment, "{text}");
        }
    }

    #[test]
    fn what_only_a_phone_can_read_is_no_comment() {
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
            assert_eq!(Speech::of(text), Speech::Ours, "{text}");
            assert!(!Speech::fits_group(text), "{text}");
        }
    }

    #[test]
    fn a_group_hears_comments_only() {
        for text in ["hi", r#"{"type":"message"}"#, r#"{"content":1}"#] {
            assert!(Speech::fits_group(text), "{text}");
        }
        for text in [
            r#"{"type":"over"}"#,
            r#"{"type":"reset"}"#,
            r#"{"type":"x"}"#,
            r#"{"type":"message","type":"over"}"#,
        ] {
            assert!(!Speech::fits_group(text), "{text}");
        }
    }
}
