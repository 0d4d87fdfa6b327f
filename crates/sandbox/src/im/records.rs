//! What IM remembers: accounts, groups, messages, connections. No I/O.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

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
    /// Accounts that a test disconnected; every other account counts as online.
    pub(crate) offline: BTreeSet<String>,
}

impl ImRecords {
    /// Remembers a message.
    pub(crate) fn add_message(&mut self, message: Value) {
        if self.messages.len() >= MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }
}
