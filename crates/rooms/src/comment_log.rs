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
        let shown = text::displayable_part(&readable(written)).unwrap_or_default();
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

/// What people read of a text: the strings of a JSON text, the text itself otherwise. A client can
/// write any character of a JSON string in another way.
pub(crate) fn readable(written: &str) -> String {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            Value::Object(fields) => fields
                .iter()
                .filter(|(name, _)| *name != "type")
                .for_each(|(_, value)| collect(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let Ok(value) = serde_json::from_str::<Value>(written) else {
        return written.to_owned();
    };
    let mut found = Vec::new();
    collect(&value, &mut found);
    if value.is_number() || value.is_boolean() || value.is_null() {
        return written.to_owned();
    }
    found.join(" ")
}

/// The first of these words that a text has.
pub(crate) fn find_forbidden<'a>(
    written: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let written = text::folded(&readable(written));
    let mut words = words.into_iter();
    let found = words.find(|word| {
        let word = text::folded(word);
        !word.is_empty() && written.contains(&word)
    });
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_spaces_and_escapes_hide_no_word() {
        let words = ["加微信", "VX"];
        for written in ["请加微信", "加 微\u{200B}信", "my vx is", "V X", "Ｖ　ｘ"] {
            assert!(find_forbidden(written, words).is_some(), "{written:?}");
        }
        for written in ["微信支付", "v", ""] {
            assert_eq!(find_forbidden(written, words), None, "{written:?}");
        }
        assert_eq!(find_forbidden("anything", ["", " "]), None);
        let escaped = r#"{"type":"message","content":"\u52a0\u5fae\u4fe1"}"#;
        assert_eq!(find_forbidden(escaped, words).as_deref(), Some("加微信"));
        assert_eq!(find_forbidden(r#"{"type":"message"}"#, ["message"]), None);
    }
}
