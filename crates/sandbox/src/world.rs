//! What the sandbox remembers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use qlive_types::Clock;
use serde_json::Value;

use crate::faults::Fault;
use crate::papers::Drawer;
use crate::pay::{Errand, Order, Refund, Transfer};
use crate::{push, xpay};

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
    /// WeChat Pay: the merchant, the serial of its certificate, and the APIv3 key.
    pub mchid: String,
    pub merchant_serial: String,
    pub api_v3_key: String,
    /// Virtual payment.
    pub offer_id: String,
    pub app_key: String,
    pub xpay_env: i64,
    /// Message push.
    pub push_token: String,
    pub push_aes_key: String,
    /// Where our side takes callbacks: its base path, with a trailing slash.
    pub callback_base: String,
}

/// The sandbox's whole state.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    /// Where the sandbox itself listens.
    pub(crate) base: String,
    pub(crate) drawer: Drawer,
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
    /// The code that each openid logged in with last, from which its session key is made.
    pub(crate) sessions: BTreeMap<String, String>,
    /// Orders of WeChat Pay by the merchant's number; so are refunds and transfers.
    pub(crate) orders: BTreeMap<String, Order>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    pub(crate) transfers: BTreeMap<String, Transfer>,
    /// Trade bills by the token that was announced.
    pub(crate) bills: BTreeMap<String, String>,
    /// Whether refunds wait for somebody to decide.
    pub(crate) hold_refunds: bool,
    /// Whether the merchant asked for answers signed with the public key.
    pub(crate) public_key_in_use: bool,
    /// Orders of virtual payment; its refunds by number, with order and fen.
    pub(crate) goods: BTreeMap<String, xpay::Order>,
    pub(crate) goods_refunds: BTreeMap<String, (String, i64)>,
    pub(crate) push_mode: push::Mode,
    /// Notices that wait for the next one to overtake them.
    pub(crate) held_back: Vec<Errand>,
    /// Every try of a notice.
    pub(crate) notices: Vec<Value>,
    /// Calls by path.
    pub(crate) calls: BTreeMap<String, u64>,
}

impl World {
    pub(crate) fn new(
        accounts: Accounts,
        clock: Clock,
        http: reqwest::Client,
        base: String,
        drawer: Drawer,
    ) -> Self {
        Self {
            accounts,
            clock,
            http,
            base,
            drawer,
            state: Mutex::default(),
        }
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
