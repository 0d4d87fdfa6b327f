//! Decides which messages of clients IM may deliver, and takes the invitations among them into
//! account.

use qlive_types::{GroupId, UserId};
use qlive_users::is_blocked;

use crate::comment_log::{NewComment, searched};
use crate::error::RoomsError;
use crate::external::client_message::{
    ClientMessage, is_forged_warning, is_group_comment, may_be_comment,
};
use crate::member::{Member, RESPONSE_TIME, find_member};
use crate::mic::{MicEvent, Place};
use crate::mutes::is_muted;
use crate::removals::is_removed;
use crate::room::find_room_of_group;
use crate::service::Rooms;
use crate::settings::SignalSender;
use crate::transition::apply_event;

/// Whether IM may deliver a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterDecision {
    Allow,
    Refuse,
}

/// Who would read a comment.
#[derive(Clone, Copy)]
enum Audience<'a> {
    /// A group, by its name.
    Group(&'a str),
    /// A user, by their account.
    User(&'a str),
}

impl Rooms {
    /// Decides about a message from one client to another. A banned user sends nothing. An INVITE
    /// of the host counts as an invitation from now on.
    pub(crate) async fn filter_direct_message(
        &self,
        from: &str,
        to: &str,
        texts: &[String],
    ) -> Result<FilterDecision, RoomsError> {
        let messages: Vec<_> = texts
            .iter()
            .map(|text| ClientMessage::classify(text))
            .collect();
        let is_forbidden = messages.contains(&ClientMessage::ServerOnly)
            && self.settings.signal_sender == SignalSender::Server;
        // A forbidden signal is refused even if the database does not answer.
        let is_forged = texts.iter().any(|text| is_forged_warning(text));
        if is_forbidden || is_forged || self.is_banned(from).await? {
            return Ok(FilterDecision::Refuse);
        }
        // Without a text it is a picture, a voice or a face.
        let comments = messages.is_empty() || messages.contains(&ClientMessage::Comment);
        if comments && self.may_not_comment(from, Audience::User(to)).await? {
            return Ok(FilterDecision::Refuse);
        }
        // What users write to each other in private is checked, but not kept.
        for text in texts.iter().filter(|text| may_be_comment(text)) {
            if self.forbidden_word(text).await?.is_some() {
                return Ok(FilterDecision::Refuse);
            }
        }
        let mut decision = FilterDecision::Allow;
        for message in messages {
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

    /// Decides about a message to a group. A banned or removed user sends nothing, a muted one no
    /// comment.
    pub(crate) async fn filter_group_message(
        &self,
        from: &str,
        group: &str,
        texts: &[String],
    ) -> Result<FilterDecision, RoomsError> {
        let comments_only = texts.iter().all(|text| is_group_comment(text));
        let is_signal = !comments_only && self.settings.signal_sender == SignalSender::Server;
        // A forbidden signal is refused even if the database does not answer.
        let is_forged = texts.iter().any(|text| is_forged_warning(text));
        if is_signal || is_forged || self.is_banned(from).await? {
            return Ok(FilterDecision::Refuse);
        }
        let comments = texts.is_empty() || texts.iter().any(|text| may_be_comment(text));
        let audience = Audience::Group(group);
        if self.is_removed_from(from, group).await?
            || comments && self.may_not_comment(from, audience).await?
        {
            return Ok(FilterDecision::Refuse);
        }
        self.check_words(from, group, texts).await
    }

    /// Keeps the comments of a message, and refuses one with a forbidden word.
    async fn check_words(
        &self,
        from: &str,
        group: &str,
        texts: &[String],
    ) -> Result<FilterDecision, RoomsError> {
        let mut decision = FilterDecision::Allow;
        let mut written = Vec::new();
        for text in texts.iter().filter(|text| may_be_comment(text)) {
            let word = self.forbidden_word(text).await?;
            if word.is_some() {
                decision = FilterDecision::Refuse;
            }
            written.push((text, word));
        }
        let group = GroupId::new(group);
        let room = self.db.read(move |conn| find_room_of_group(conn, &group));
        let room = match room.await {
            Ok(room) => room,
            // What is refused is refused even if it cannot be kept.
            Err(error) if decision == FilterDecision::Refuse => {
                tracing::warn!(%error, "a refused comment was not kept");
                None
            }
            Err(error) => return Err(error.into()),
        };
        if let (Some(user), Some(room)) = (UserId::parse(from), room) {
            let now = self.clock.now();
            for (text, word) in written {
                let comment = NewComment::new(room.live, user, text, now, word);
                self.comment_log.push(comment);
            }
        }
        Ok(decision)
    }

    /// The forbidden word that a text has.
    async fn forbidden_word(&self, text: &str) -> Result<Option<String>, RoomsError> {
        let configs = self.configs.snapshot().await?;
        let found = configs.forbidden_words().find(&searched(text));
        Ok(found.map(str::to_owned))
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
        let (Some(host), Some(guest)) = (UserId::parse(host), UserId::parse(guest)) else {
            return Ok(false);
        };
        self.change(move |conn, context| {
            let (Some(host), Some(guest)) = (find_member(conn, host)?, find_member(conn, guest)?)
            else {
                return Ok(false);
            };
            if !hosts(&host, &guest) || is_blocked(conn, host.user, guest.user)? {
                return Ok(false);
            }
            if sent_at.is_some_and(|sent_at| sent_at < guest.changed_at.millis()) {
                return Ok(true);
            }
            match apply_event(conn, context, &guest, MicEvent::Invite { by_server: false }) {
                // If the seat is occupied, the message has no effect, but the host may send it.
                Ok(_) | Err(RoomsError::SeatOccupied | RoomsError::OnMic) => Ok(true),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Whether an account belongs to a user who is muted towards this audience.
    async fn may_not_comment(
        &self,
        account: &str,
        audience: Audience<'_>,
    ) -> Result<bool, RoomsError> {
        let Some(user) = UserId::parse(account) else {
            return Ok(false);
        };
        let now = self.clock.now();
        let (group, to) = match audience {
            Audience::Group(group) => (Some(GroupId::new(group)), None),
            Audience::User(to) => (None, UserId::parse(to)),
        };
        self.db
            .read(move |conn| {
                // In a group the mutes of its host count, in private those of whoever is addressed.
                let host = match &group {
                    Some(group) => find_room_of_group(conn, group)?.map(|room| room.host),
                    None => to,
                };
                Ok(is_muted(conn, now, user, host)?)
            })
            .await
    }

    /// Whether an account belongs to a user who was removed from the broadcast in a group.
    async fn is_removed_from(&self, account: &str, group: &str) -> Result<bool, RoomsError> {
        let Some(user) = UserId::parse(account) else {
            return Ok(false);
        };
        let group = GroupId::new(group);
        self.db
            .read(move |conn| {
                let room = find_room_of_group(conn, &group)?;
                match room.and_then(|room| room.live_broadcast()) {
                    Some(about) => Ok(is_removed(conn, about.broadcast, user)?),
                    None => Ok(false),
                }
            })
            .await
    }

    /// Whether an account belongs to a banned user. Their UserSig remains valid for a while.
    async fn is_banned(&self, account: &str) -> Result<bool, RoomsError> {
        let Some(user) = UserId::parse(account) else {
            return Ok(false);
        };
        self.db
            .read(move |conn| {
                let profile = qlive_users::find_user(conn, user)?;
                Ok(profile.is_some_and(|profile| profile.banned_at.is_some()))
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
