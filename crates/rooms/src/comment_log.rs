//! What is written in rooms, before it is kept: forbidden words, and what waits to be written.
//!
//! IM waits for the answer to its callback, so a comment is kept in memory and written with others
//! a moment later. A process that dies loses the comments of that moment, never anything else.

use std::sync::{Mutex, PoisonError};

use diesel::prelude::*;
use qlive_store::schema::comments;
use qlive_types::{LiveId, Moment, UserId, text};
use serde_json::Value;

/// The most comments that wait to be written. Further ones are not kept.
const MOST_WAITING: usize = 10_000;
/// The longest text that is kept, in characters.
const TEXT_LIMIT: usize = 500;
/// How many JSON texts inside JSON texts are read; deeper ones are taken as they are written.
const MAX_NESTED: usize = 8;

/// A comment that is to be kept.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = comments)]
pub(crate) struct NewComment {
    room_id: i64,
    user_id: i64,
    text: String,
    at: i64,
    word: Option<String>,
    closed_by: &'static str,
    decision: &'static str,
}

impl NewComment {
    /// A comment; `word` is the forbidden one that it has.
    pub(crate) fn new(
        live: LiveId,
        user: UserId,
        written: &str,
        at: Moment,
        word: Option<String>,
    ) -> Self {
        let readable = Some(readable(written)).filter(|text| !text.trim().is_empty());
        let readable = readable.as_deref().unwrap_or(written);
        let shown = text::displayable_part(readable).unwrap_or_default();
        Self {
            room_id: live.get(),
            user_id: user.get(),
            text: shown.chars().take(TEXT_LIMIT).collect(),
            at: at.millis(),
            word,
            closed_by: "",
            decision: "",
        }
    }

    pub(crate) const fn user_id(&self) -> i64 {
        self.user_id
    }
}

/// The comments that wait to be written.
#[derive(Debug, Default)]
pub(crate) struct CommentLog(Mutex<Vec<NewComment>>);

impl CommentLog {
    /// Keeps a comment, unless too many wait.
    pub(crate) fn push(&self, comment: NewComment) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST_WAITING {
            waiting.push(comment);
        } else {
            tracing::warn!("a comment is not kept, because too many wait to be written");
        }
    }

    pub(crate) fn take(&self) -> Vec<NewComment> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }
}

/// What people read of a text: the strings of a JSON text, also of one inside a string, and the
/// text itself otherwise. A client can write any character of a JSON string in another way.
pub(crate) fn readable(written: &str) -> String {
    let mut found = Vec::new();
    read_text(written, &mut found, MAX_NESTED);
    found.join(" ")
}

fn read_text(written: &str, found: &mut Vec<String>, depth: usize) {
    let inner = depth.checked_sub(1);
    match (serde_json::from_str::<Value>(written), inner) {
        (Ok(value @ (Value::String(_) | Value::Array(_) | Value::Object(_))), Some(depth)) => {
            read_value(value, found, depth);
        }
        _ => found.push(written.to_owned()),
    }
}

fn read_value(value: Value, found: &mut Vec<String>, depth: usize) {
    match value {
        Value::String(text) => read_text(&text, found, depth),
        Value::Array(values) => {
            for value in values {
                read_value(value, found, depth);
            }
        }
        Value::Object(mut fields) => {
            // Clients show the fields of a message; another object is shown as it is written.
            let is_message = fields.remove("type").is_some();
            for (name, value) in fields {
                if !is_message {
                    found.push(name);
                }
                read_value(value, found, depth);
            }
        }
        Value::Number(number) => found.push(number.to_string()),
        Value::Null | Value::Bool(_) => {}
    }
}

/// All texts in what a client sends, for the search of forbidden words: the strings and names of a
/// JSON text as they are written, and what they decode to. Of the outermost object only the names
/// of the contract and its `type` are left out: whatever else it holds, some client may show.
pub(crate) fn searched(written: &str) -> String {
    let mut found = Vec::new();
    match serde_json::from_str::<Value>(written) {
        Ok(Value::Object(fields)) => {
            for (name, value) in fields {
                if name == "type" {
                    continue;
                }
                if name != "content" {
                    found.push(name);
                }
                search_value(value, &mut found, MAX_NESTED);
            }
        }
        Ok(value @ (Value::String(_) | Value::Array(_))) => {
            search_value(value, &mut found, MAX_NESTED);
        }
        _ => found.push(written.to_owned()),
    }
    found.join(" ")
}

fn search_value(value: Value, found: &mut Vec<String>, depth: usize) {
    match value {
        Value::String(text) => {
            let decoded = depth
                .checked_sub(1)
                .and_then(|depth| Some((serde_json::from_str::<Value>(&text).ok()?, depth)));
            found.push(text);
            if let Some((value, depth)) = decoded {
                search_value(value, found, depth);
            }
        }
        Value::Array(values) => {
            for value in values {
                search_value(value, found, depth);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(name);
                search_value(value, found, depth);
            }
        }
        Value::Number(number) => found.push(number.to_string()),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_json_are_read_without_their_escapes() {
        let escaped = r#"{"type":"message","content":"\u52a0\u5fae\u4fe1"}"#;
        let as_text = |inner: &str| Value::from(inner).to_string();
        for written in [
            "加微信".to_owned(),
            escaped.to_owned(),
            as_text(escaped),
            as_text(&as_text(escaped)),
            format!(r#"{{"type":"message","content":{}}}"#, as_text(escaped)),
            format!("[null,[{}]]", as_text(escaped)),
        ] {
            assert_eq!(readable(&written), "加微信", "{written}");
        }
        assert_eq!(readable(r#"{"type":"message"}"#), "");
        assert_eq!(readable("8964"), "8964");
        assert_eq!(readable("[8964]"), "8964");
        assert_eq!(readable(r#"{"加微信":1}"#), "加微信 1");
        let deep = (0..20).fold("x".to_owned(), |inner, _| as_text(&inner));
        assert!(readable(&deep).contains('x'));
    }

    #[test]
    fn nothing_that_a_client_may_show_escapes_the_search() {
        let inside =
            |content: &str| serde_json::json!({"type": "message", "content": content}).to_string();
        for written in [
            "加微信".to_owned(),
            inside("加微信"),
            inside(r#"{"type":"加微信 vx123"}"#),
            inside(r#"{"type":1,"加微信":null}"#),
            inside(r#"{"a":"加微信","a":"x"}"#),
            inside(r#"{"a":"\u52a0\u5fae\u4fe1"}"#),
            inside(&inside("加微信")),
            r#"{"type":"message","加微信":1}"#.to_owned(),
            r#""{\"type\":\"加微信\"}""#.to_owned(),
            r#"[{"type":"加微信"}]"#.to_owned(),
        ] {
            assert!(searched(&written).contains("加微信"), "{written}");
        }
        assert_eq!(searched(r#"{"type":"message","content":"hi"}"#), "hi");
    }
}
