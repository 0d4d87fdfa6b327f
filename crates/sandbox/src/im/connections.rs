//! Who is connected to IM, in which groups, and what they receive. No I/O.

use std::collections::{BTreeMap, BTreeSet};

use qlive_types::random;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::json::text;

/// What a connection receives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ImEvent {
    /// A message: `from`, `group` (null for a message to the account), `text`, `custom`, `seq`,
    /// `random`, `at`.
    Message(Value),
    /// Another login of the account, or the server, has ended this one.
    Kicked,
}

/// The connections, one an account. Each has a random name, its session.
#[derive(Default)]
pub(crate) struct Connections {
    by_account: BTreeMap<String, Connection>,
}

struct Connection {
    session: String,
    groups: BTreeSet<String>,
    events: mpsc::UnboundedSender<ImEvent>,
}

/// What a login gets.
pub(crate) struct Login {
    pub(crate) session: String,
    pub(crate) events: mpsc::UnboundedReceiver<ImEvent>,
}

impl Connections {
    /// Connects an account. An earlier connection of it is kicked.
    pub(crate) fn log_in(&mut self, account: &str) -> Login {
        self.kick(account);
        let (sender, events) = mpsc::unbounded_channel();
        let session = random::hex(16);
        let connection = Connection {
            session: session.clone(),
            groups: BTreeSet::new(),
            events: sender,
        };
        self.by_account.insert(account.to_owned(), connection);
        Login { session, events }
    }

    /// Ends the connection of an account, and tells it. Returns whether it had one.
    pub(crate) fn kick(&mut self, account: &str) -> bool {
        let Some(connection) = self.by_account.remove(account) else {
            return false;
        };
        // A connection that is gone need not know.
        let _ = connection.events.send(ImEvent::Kicked);
        true
    }

    /// Loses the connection of an account, as a network does: its events end without a word.
    pub(crate) fn lose(&mut self, account: &str) {
        self.by_account.remove(account);
    }

    /// Removes a connection that has ended. Returns the groups that the account was in; `None` if
    /// the session had ended before.
    pub(crate) fn remove(&mut self, session: &str) -> Option<(String, BTreeSet<String>)> {
        let account = self.account_of(session)?.to_owned();
        let connection = self.by_account.remove(&account)?;
        Some((account, connection.groups))
    }

    /// The account of a session.
    pub(crate) fn account_of(&self, session: &str) -> Option<&str> {
        let found = self
            .by_account
            .iter()
            .find(|(_, connection)| connection.session == session);
        found.map(|(account, _)| account.as_str())
    }

    /// Adds an account to a group. False if it is not connected.
    pub(crate) fn join(&mut self, account: &str, group: &str) -> bool {
        let connection = self.by_account.get_mut(account);
        connection.is_some_and(|connection| {
            connection.groups.insert(group.to_owned());
            true
        })
    }

    /// Removes an account from a group. Returns whether it was in it.
    pub(crate) fn quit(&mut self, account: &str, group: &str) -> bool {
        let connection = self.by_account.get_mut(account);
        connection.is_some_and(|connection| connection.groups.remove(group))
    }

    /// Delivers a message that IM has taken, as the records describe it, to whoever is connected
    /// but its sender.
    pub(crate) fn deliver(&self, message: &Value, custom: &str) {
        let (from, group, to) = (
            text(message, "from"),
            text(message, "group"),
            text(message, "to"),
        );
        let event = ImEvent::Message(json!({
            "from": from,
            "group": (!group.is_empty()).then_some(group),
            "text": text(message, "text"),
            "custom": custom,
            "seq": message.get("number"),
            "random": message.get("random"),
            "at": message.get("at"),
        }));
        for (account, connection) in &self.by_account {
            let is_receiver = match group {
                "" => account == to,
                group => connection.groups.contains(group),
            };
            if is_receiver && account != from {
                // A connection that is gone receives nothing.
                let _ = connection.events.send(event.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(login: &mut Login) -> Vec<String> {
        let mut texts = Vec::new();
        while let Ok(event) = login.events.try_recv() {
            texts.push(match event {
                ImEvent::Message(message) => text(&message, "text").to_owned(),
                ImEvent::Kicked => "kicked".to_owned(),
            });
        }
        texts
    }

    #[test]
    fn messages_reach_members_and_receivers_but_not_their_sender() {
        let mut connections = Connections::default();
        let mut ann = connections.log_in("ann");
        let mut bob = connections.log_in("bob");
        assert!(connections.join("ann", "g") && connections.join("bob", "g"));
        connections.deliver(&json!({"from": "ann", "group": "g", "text": "one"}), "");
        connections.deliver(&json!({"from": "bob", "to": "ann", "text": "two"}), "");
        assert!(connections.quit("bob", "g") && !connections.quit("bob", "g"));
        connections.deliver(&json!({"from": "x", "group": "g", "text": "three"}), "");
        assert_eq!(received(&mut ann), ["two", "three"]);
        assert_eq!(received(&mut bob), ["one"]);
    }

    #[test]
    fn second_login_kicks_the_first() {
        let mut connections = Connections::default();
        let mut first = connections.log_in("ann");
        let second = connections.log_in("ann");
        assert_eq!(received(&mut first), ["kicked"]);
        assert_eq!(connections.remove(&first.session), None);
        let (account, _) = connections.remove(&second.session).unwrap();
        assert_eq!(account, "ann");
        assert_eq!(connections.account_of(&second.session), None);
    }
}
