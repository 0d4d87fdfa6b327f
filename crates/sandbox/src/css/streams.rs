//! What CSS remembers. No I/O.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::json::set;

/// The pushes of each stream, and the calls of the cloud API.
#[derive(Default)]
pub(crate) struct Streams {
    /// How often each stream was started, which is part of the `sequence` of its callbacks, and
    /// when it was last.
    starts: BTreeMap<String, (u64, i64)>,
    /// Successful calls of the cloud API, oldest first.
    pub(crate) requests: Vec<Value>,
}

impl Streams {
    /// Changes a stream's state (`start`, `stop`), takes a picture of it (`screenshot`) or
    /// judges one (`judged`). Returns the callback that reports it; `None` for any other `change`.
    pub(crate) fn apply(
        &mut self,
        stream_id: &str,
        change: &str,
        push_domain: &str,
        at_secs: i64,
    ) -> Option<Value> {
        let (starts, started_at) = self.starts.entry(stream_id.to_owned()).or_default();
        let event_type = match change {
            "start" => {
                *starts += 1;
                *started_at = at_secs;
                1
            }
            "stop" => 0,
            "screenshot" => {
                let url = format!("https://example.com/{stream_id}.jpg");
                let body = json!({"event_type": 200, "stream_id": stream_id, "pic_full_url": url});
                return Some(body);
            }
            "judged" => {
                let url = format!("https://example.com/{stream_id}.jpg");
                let body = json!({"event_type": 317, "streamId": stream_id, "channelId": stream_id,
                    "img": url, "type": [1], "score": [96], "suggestion": "Block",
                    "label": "Porn", "subLabel": "SexualAct", "screenshotTime": at_secs});
                return Some(body);
            }
            _ => return None,
        };
        let mut body = json!({
            "event_type": event_type,
            "stream_id": stream_id,
            "channel_id": stream_id,
            "app": push_domain,
            "appname": "live",
            "event_time": at_secs,
            "sequence": format!("{stream_id}-{starts}"),
        });
        if event_type == 0 {
            let millis = at_secs.saturating_sub(*started_at).saturating_mul(1000);
            set(&mut body, "push_duration", millis.to_string());
        }
        Some(body)
    }
}
