//! What IM remembers: accounts, groups, messages, connections. No I/O.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::im::connections::Connections;
use crate::json::set;

/// The largest number of messages remembered; older ones are forgotten.
const MAX_MESSAGES: usize = 20_000;

/// Accounts, groups, messages and connections of the IM application.
#[derive(Default)]
pub(crate) struct ImRecords {
    /// Imported accounts with their profiles.
    pub(crate) accounts: BTreeMap<String, Value>,
    /// Groups by ID, each as the request that created or last changed it.
    pub(crate) groups: BTreeMap<String, Value>,
    /// Messages, oldest first.
    pub(crate) messages: VecDeque<Value>,
    /// Accounts that were kicked, in that order.
    pub(crate) kicked: Vec<String>,
    /// Accounts that were disconnected, by a test or by the end of their connection; every other
    /// account counts as online.
    pub(crate) offline: BTreeSet<String>,
    /// The clients that are connected.
    pub(crate) connections: Connections,
    /// The number of the last message.
    last_number: u64,
}

impl ImRecords {
    /// Remembers a message, and delivers it with the data beside its text unless it is a
    /// repetition. Returns its number.
    pub(crate) fn add_message(&mut self, mut message: Value, custom: &str) -> u64 {
        self.last_number += 1;
        set(&mut message, "number", self.last_number);
        if message.get("double") != Some(&Value::Bool(true)) {
            self.connections.deliver(&message, custom);
        }
        if self.messages.len() >= MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
        self.last_number
    }
}
