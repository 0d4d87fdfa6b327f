//! Faults that a test or a person switches on for a path, and the number of calls to each path.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What happens to a notification.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotificationFault {
    /// It is never sent.
    Lost,
    /// It is sent 1.5 seconds later.
    Late,
    /// It is sent twice at the same time.
    Doubled,
    /// It is sent after the next one.
    Reordered,
    /// A copy with a wrong signature is sent before it.
    Probe,
}

/// What goes wrong on a path: the body of `POST /sandbox/faults`. An unknown field is an error: a
/// misspelled fault would never happen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The beginning of the paths it applies to: `/v4/` is all of IM.
    pub(crate) path: String,
    /// Whether it applies to `path` alone and not to longer paths.
    #[serde(default)]
    pub(crate) exact: bool,
    /// To how many calls it applies; to all until faults are cleared when absent.
    pub(crate) times: Option<u64>,
    /// How long to wait before answering, in milliseconds.
    #[serde(default)]
    pub(crate) latency_ms: u64,
    /// HTTP status to answer instead of doing what was asked.
    pub(crate) status: Option<u16>,
    /// Error code of the vendor to answer instead of doing what was asked.
    pub(crate) errcode: Option<Value>,
    /// Do what was asked, then break the connection instead of answering.
    #[serde(default)]
    pub(crate) drop_answer: bool,
    /// Do what was asked, then change the body after it was signed (WeChat Pay and its bills).
    #[serde(default)]
    pub(crate) tampered: bool,
    /// For `/pay_notify/` and `/wx_notify/`, what happens to the notification.
    pub(crate) notice: Option<NotificationFault>,
}

impl Fault {
    fn applies_to(&self, path: &str) -> bool {
        if self.exact {
            path == self.path
        } else {
            path.starts_with(&self.path)
        }
    }
}

/// The faults that are switched on, in the order in which they were, and the calls counted.
#[derive(Default)]
pub(crate) struct Faults {
    active: Vec<Fault>,
    calls: BTreeMap<String, u64>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// Number of calls by path.
    pub(crate) const fn calls(&self) -> &BTreeMap<String, u64> {
        &self.calls
    }

    /// Counts a call and returns the first fault that applies to it. A fault with a limited number
    /// of calls is removed after the last of them.
    pub(crate) fn count_call(&mut self, path: &str) -> Option<Fault> {
        *self.calls.entry(path.to_owned()).or_default() += 1;
        let index = self
            .active
            .iter()
            .position(|fault| fault.applies_to(path))?;
        let fault = self.active.get_mut(index)?;
        let applied = fault.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                self.active.remove(index);
            }
        }
        Some(applied)
    }
}
