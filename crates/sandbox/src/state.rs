//! The state of a running sandbox: its configuration, its keys and what it remembers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_types::Clock;
use serde_json::Value;
use tokio::runtime::Handle;

use crate::config::SandboxConfig;
use crate::credentials::SandboxKeys;
use crate::css::streams::Streams;
use crate::faults::{Fault, Faults};
use crate::im::records::ImRecords;
use crate::notifications::notification::Notification;
use crate::virtual_payment::records::VirtualPayments;
use crate::wechat::access_tokens::AccessTokens;
use crate::wechat::push_mode::PushMode;
use crate::wechat::sessions::Sessions;
use crate::wechat_pay::bill_files::BillFiles;
use crate::wechat_pay::bill_form::BillForm;
use crate::wechat_pay::orders::record::Orders;
use crate::wechat_pay::refunds::record::Refunds;
use crate::wechat_pay::transfers::record::Transfers;

/// The whole state of a sandbox, shared by all handlers.
pub(crate) struct SandboxState {
    pub(crate) config: SandboxConfig,
    pub(crate) clock: Clock,
    /// Client for callbacks to the server under development.
    pub(crate) http: reqwest::Client,
    /// The sandbox's own URL, without a trailing slash.
    pub(crate) url: String,
    pub(crate) keys: SandboxKeys,
    /// Where callbacks run that outlive the connection which causes them.
    pub(crate) runtime: Handle,
    records: Mutex<Records>,
}

/// What the sandbox remembers, in memory only.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) faults: Faults,
    pub(crate) sessions: Sessions,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) im: ImRecords,
    pub(crate) streams: Streams,
    pub(crate) orders: Orders,
    pub(crate) refunds: Refunds,
    pub(crate) transfers: Transfers,
    pub(crate) bills: BillFiles,
    /// The form of the bills that are announced from now on.
    pub(crate) bill_form: BillForm,
    pub(crate) virtual_payments: VirtualPayments,
    /// Whether refunds of both payment systems wait for `POST /sandbox/refunds/{number}`.
    pub(crate) hold_refunds: bool,
    /// Whether the last request of the merchant named a key in `Wechatpay-Serial`. Notices are then
    /// signed with either key, as during a merchant's change from certificates to public keys.
    pub(crate) merchant_names_key: bool,
    pub(crate) push_mode: PushMode,
    /// Notifications to be sent after the next one.
    pub(crate) held_back: Vec<Notification>,
    /// Every attempt to deliver a notification, for `GET /sandbox/state`.
    pub(crate) attempts: Vec<Value>,
}

impl SandboxState {
    pub(crate) fn new(
        config: SandboxConfig,
        clock: Clock,
        http: reqwest::Client,
        url: String,
        keys: SandboxKeys,
        runtime: Handle,
    ) -> Self {
        Self {
            config,
            clock,
            http,
            url,
            keys,
            runtime,
            records: Mutex::default(),
        }
    }

    /// Locks the records. Never hold the guard over an `await`.
    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a call of WeChat's server API may use this access token.
    pub(crate) fn is_access_token(&self, token: &str) -> bool {
        let now = self.clock.now();
        self.records().access_tokens.is_valid(token, now)
    }

    /// Counts a call, waits out the latency of the fault that applies to it, and returns the fault.
    pub(crate) async fn apply_fault(&self, path: &str) -> Option<Fault> {
        let fault = self.records().faults.count_call(path);
        if let Some(fault) = &fault {
            tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
        }
        fault
    }
}
