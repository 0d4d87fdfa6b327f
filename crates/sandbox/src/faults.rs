//! Faults that a test or a person switches on, by path.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::world::{State, World};

/// What goes wrong on a path.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fault {
    /// How the path begins: `/v4/` is all of IM.
    pub(crate) path: String,
    /// Whether it strikes this very path alone.
    #[serde(default)]
    pub(crate) exact: bool,
    /// How often it strikes; as long as it stands when absent.
    pub(crate) times: Option<u64>,
    /// Wait so long first, in milliseconds.
    #[serde(default)]
    pub(crate) latency_ms: u64,
    /// Answer this HTTP status instead.
    pub(crate) status: Option<u16>,
    /// Answer this error code of the provider instead.
    pub(crate) errcode: Option<Value>,
    /// Do what was asked, but lose the answer.
    #[serde(default)]
    pub(crate) drop_answer: bool,
    /// Do what was asked, but have somebody on the way change the answer (WeChat Pay).
    #[serde(default)]
    pub(crate) tampered: bool,
    /// For `/pay_notify/` and `/wx_notify/`: the notice is `lost`, `late`,
    /// `doubled`, `reordered` (goes out behind the next), or follows a `probe`.
    pub(crate) notice: Option<String>,
}

impl State {
    fn strike(&mut self, path: &str) -> Option<Fault> {
        let index = self.faults.iter().position(|fault| {
            if fault.exact {
                path == fault.path
            } else {
                path.starts_with(&fault.path)
            }
        })?;
        let fault = self.faults.get_mut(index)?;
        let struck = fault.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                self.faults.remove(index);
            }
        }
        Some(struck)
    }
}

impl World {
    /// The fault that strikes this call, after its latency. Counts the call.
    pub(crate) async fn fault(&self, path: &str) -> Option<Fault> {
        let struck = {
            let mut state = self.state();
            *state.calls.entry(path.to_owned()).or_default() += 1;
            state.strike(path)
        };
        if let Some(fault) = &struck {
            tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
        }
        struck
    }
}
