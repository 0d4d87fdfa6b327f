//! What CSS remembers. No I/O.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The pushes of each stream, and the calls of the cloud API.
#[derive(Default)]
pub(crate) struct Streams {
    /// How often each stream was started; part of the `sequence` of its callbacks.
    starts: BTreeMap<String, u64>,
    /// Successful calls of the cloud API, oldest first.
    pub(crate) requests: Vec<Value>,
}

impl Streams {
    /// Changes a stream's state (`start`, `stop`) or takes a picture of it (`screenshot`) and
    /// returns the callback that reports it; `None` for any other `change`.
    pub(crate) fn apply(
        &mut self,
        stream_id: &str,
        change: &str,
        push_domain: &str,
        at_secs: i64,
    ) -> Option<Value> {
        let starts = self.starts.entry(stream_id.to_owned()).or_default();
        let event_type = match change {
            "start" => {
                *starts += 1;
                1
            }
            "stop" => 0,
            "screenshot" => {
                let url = format!("https://example.com/{stream_id}.jpg");
                let body = json!({"event_type": 200, "stream_id": stream_id, "pic_full_url": url});
                return Some(body);
            }
            _ => return None,
        };
        Some(json!({
            "event_type": event_type,
            "stream_id": stream_id,
            "channel_id": stream_id,
            "app": push_domain,
            "appname": "live",
            "event_time": at_secs,
            "sequence": format!("{stream_id}-{starts}"),
        }))
    }
}
