//! The polls with which Tencent's SDK receives the messages of groups. No I/O.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::frames::{Frame, group_message, success};
use crate::json::text;

/// How long a poll waits for a message before it is answered without one.
const HOLD: Duration = Duration::from_secs(20);

/// The polls of a client, by group.
#[derive(Default)]
pub(super) struct Polls {
    groups: BTreeMap<String, GroupPoll>,
}

#[derive(Default)]
struct GroupPoll {
    /// Messages that no poll has brought yet.
    messages: Vec<Value>,
    /// The poll that waits: its head, and when.
    waiting: Option<(Value, Instant)>,
    /// The number that the client names with its next poll.
    next: u64,
}

impl GroupPoll {
    /// The answer of the poll that waits.
    fn answer(&mut self, group: &str) -> Option<(Value, Value)> {
        let (head, _) = self.waiting.take()?;
        self.next += 1;
        let messages = std::mem::take(&mut self.messages);
        let body = json!({"NextSeq": self.next, "HoldTime": HOLD.as_secs(), "Key": group,
            "RspMsgList": messages});
        Some((head, success(body)))
    }
}

impl Polls {
    /// Lets a poll wait for the messages of a group.
    pub(super) fn wait(&mut self, group: &str, frame: Frame) {
        let poll = self.groups.entry(group.to_owned()).or_default();
        let start = frame.body.get("StartSeq").and_then(Value::as_u64);
        poll.next = poll.next.max(start.unwrap_or(0));
        poll.waiting = Some((frame.head, Instant::now()));
    }

    /// Adds a message of a group, for the next poll.
    pub(super) fn add(&mut self, message: Value) {
        let group = text(&message, "group").to_owned();
        let poll = self.groups.entry(group).or_default();
        poll.messages.push(group_message(&message));
    }

    /// Removes the poll of a group that the client has left.
    pub(super) fn remove(&mut self, group: &str) {
        self.groups.remove(group);
    }

    /// The answers of the polls whose groups have messages: heads and bodies.
    pub(super) fn take_answers(&mut self) -> Vec<(Value, Value)> {
        let ready = self.groups.iter_mut();
        ready
            .filter(|(_, poll)| !poll.messages.is_empty())
            .filter_map(|(group, poll)| poll.answer(group))
            .collect()
    }

    /// The answers, without messages, of the polls that have waited long enough.
    pub(super) fn take_expired(&mut self) -> Vec<(Value, Value)> {
        let is_expired = |poll: &GroupPoll| {
            poll.waiting
                .as_ref()
                .is_some_and(|(_, since)| since.elapsed() >= HOLD)
        };
        let polls = self.groups.iter_mut();
        polls
            .filter(|(_, poll)| is_expired(poll))
            .filter_map(|(group, poll)| poll.answer(group))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(start: u64) -> Frame {
        Frame {
            head: json!({"seq": start}),
            body: json!({"Key": "g", "StartSeq": start}),
        }
    }

    #[test]
    fn poll_waits_for_messages_and_brings_each_once() {
        let mut polls = Polls::default();
        polls.wait("g", poll(0));
        assert!(polls.take_answers().is_empty());
        polls.add(json!({"group": "g", "text": "one"}));
        polls.add(json!({"group": "h", "text": "nobody polls"}));
        let answers = polls.take_answers();
        let [(head, body)] = answers.as_slice() else {
            panic!("{answers:?}")
        };
        assert_eq!((&head["seq"], &body["NextSeq"]), (&json!(0), &json!(1)));
        assert_eq!(body["RspMsgList"].as_array().map(Vec::len), Some(1));
        polls.add(json!({"group": "g", "text": "two"}));
        assert!(polls.take_answers().is_empty(), "no poll waits");
        polls.wait("g", poll(1));
        assert_eq!(polls.take_answers().len(), 1);
    }
}
