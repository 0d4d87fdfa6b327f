//! What the sandbox remembers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use qlive_types::Clock;
use serde_json::Value;

use crate::faults::Fault;

/// The most messages remembered.
const MESSAGES: usize = 20_000;

/// The accounts under which our side knows the outside: made-up secrets that both sides share.
#[derive(Clone)]
pub struct Accounts {
    pub app_id: String,
    pub app_secret: String,
    pub sdk_app_id: u32,
    pub im_key: String,
    pub im_admin: String,
    pub im_callback_token: String,
    pub live_callback_key: String,
    pub live_push_domain: String,
    pub cloud_secret_id: String,
    pub cloud_secret_key: String,
    /// Where our side takes callbacks: its base path, with a trailing slash.
    pub callback_base: String,
}

/// The sandbox's whole state.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) faults: Vec<Fault>,
    /// Login codes that work once and were used.
    pub(crate) used_codes: BTreeSet<String>,
    pub(crate) access_token: Option<String>,
    /// Accounts imported into IM, with what IM shows of them.
    pub(crate) im_accounts: BTreeMap<String, Value>,
    pub(crate) groups: BTreeMap<String, Value>,
    pub(crate) messages: VecDeque<Value>,
    pub(crate) kicked: Vec<String>,
    /// Accounts that a test made lose their connection.
    pub(crate) offline: BTreeSet<String>,
    /// The number of each stream's present push.
    pub(crate) pushes: BTreeMap<String, u64>,
    /// What the cloud API was asked to do.
    pub(crate) stream_orders: Vec<Value>,
    /// Calls by path.
    pub(crate) calls: BTreeMap<String, u64>,
}

impl World {
    pub(crate) fn new(accounts: Accounts, clock: Clock, http: reqwest::Client) -> Self {
        Self { accounts, clock, http, state: Mutex::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(crate) fn note_message(&mut self, message: Value) {
        if self.messages.len() >= MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }
}
