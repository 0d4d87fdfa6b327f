//! What a text of a client's message is: a comment, or a signal of the rooms, also in disguise.

use std::fmt;

use qlive_types::text;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// How many JSON texts and arrays may be nested around an object. A text with more is no comment.
const MAX_WRAPPERS: usize = 8;

/// What a message is, by the `type` of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientMessage {
    /// Plain text, or JSON of a type that is not a signal of the rooms.
    Comment,
    Invite,
    Kickout,
    Response,
    /// A signal that only the server sends, a signal in disguise, or JSON that this program cannot
    /// read.
    ServerOnly,
}

impl ClientMessage {
    /// Classifies a text of a message to one account. A signal of clients counts as one only in
    /// the form that clients send.
    pub(crate) fn classify(text: &str) -> Self {
        let json = serde_json::from_str::<Value>(text).ok();
        let plain = json.as_ref().and_then(Value::as_object);
        let objects = match read_objects(text) {
            Reading::Text => return Self::Comment,
            Reading::Unreadable => return Self::ServerOnly,
            Reading::Objects(objects) => objects,
        };
        if !objects.iter().any(ReadObject::may_be_signal) {
            return Self::Comment;
        }
        let kind = plain
            .filter(|_| objects.iter().all(ReadObject::is_plain))
            .and_then(|fields| fields.get("type"));
        match kind.and_then(Value::as_str) {
            Some("invite") => Self::Invite,
            Some("kickout") => Self::Kickout,
            Some("response") => Self::Response,
            _ => Self::ServerOnly,
        }
    }
}

/// Whether people may read this text as a comment: also one that begins like JSON but that only
/// other readers than this one can read.
pub(crate) fn may_be_comment(text: &str) -> bool {
    match read_objects(text) {
        Reading::Text | Reading::Unreadable => true,
        Reading::Objects(objects) => objects.iter().all(ReadObject::is_comment),
    }
}

/// Whether a client could take this text for the warning of an operator, which no client sends.
pub(crate) fn is_forged_warning(text: &str) -> bool {
    match read_objects(text) {
        Reading::Text | Reading::Unreadable => false,
        Reading::Objects(objects) => objects
            .iter()
            .any(|object| object.types.iter().any(|kind| kind == "warning")),
    }
}

/// Whether a viewer may send this text to a group: plain text, JSON without a `type`, or of the
/// type `message`.
pub(crate) fn is_group_comment(text: &str) -> bool {
    match read_objects(text) {
        Reading::Text => true,
        Reading::Unreadable => false,
        Reading::Objects(objects) => objects.iter().all(ReadObject::is_comment),
    }
}

/// What a client may find in a text.
enum Reading {
    /// No JSON object.
    Text,
    /// It starts as a JSON object does, but this program cannot read it. A client may be able to: a
    /// lone surrogate, a number out of range, single quotes.
    Unreadable,
    /// JSON objects: one, or several in an array.
    Objects(Vec<ReadObject>),
}

/// What matters of a JSON object.
#[derive(Default)]
struct ReadObject {
    /// The values of every key that a client may read as `type`, repeated ones included.
    types: Vec<Value>,
    /// Whether a client may get fields that are not written as keys.
    has_prototype: bool,
}

impl ReadObject {
    fn is_plain(&self) -> bool {
        !self.has_prototype && self.types.len() == 1
    }

    fn is_comment(&self) -> bool {
        !self.has_prototype && self.types.iter().all(|kind| *kind == "message")
    }

    /// Whether a client may take it for a signal of the rooms.
    fn may_be_signal(&self) -> bool {
        let is_signal = |kind: &Value| match kind {
            Value::String(kind) => SIGNALS.contains(&plain(kind).as_str()),
            // Some languages compare a list of one text with that text as equal.
            Value::Array(_) | Value::Object(_) => true,
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        };
        self.has_prototype || self.types.iter().any(is_signal)
    }
}

/// The types of the rooms' signals.
const SIGNALS: [&str; 8] = [
    "gift", "invite", "kickout", "num", "over", "reset", "response", "warning",
];

/// Reads a text as the most lenient client does: without invisible characters, through JSON texts
/// inside JSON texts and through arrays.
fn read_objects(text: &str) -> Reading {
    let mut objects = Vec::new();
    match read_into(text, &mut objects, MAX_WRAPPERS) {
        Err(Unreadable) => Reading::Unreadable,
        Ok(()) if objects.is_empty() => Reading::Text,
        Ok(()) => Reading::Objects(objects),
    }
}

struct Unreadable;

fn read_into(text: &str, objects: &mut Vec<ReadObject>, depth: usize) -> Result<(), Unreadable> {
    let visible = readable_part(text);
    let visible = visible.trim();
    let Ok(found) = serde_json::from_str::<Found>(visible) else {
        return if looks_like_json(visible) {
            Err(Unreadable)
        } else {
            Ok(())
        };
    };
    let mut pending = vec![(found, depth)];
    while let Some((found, depth)) = pending.pop() {
        let inner_depth = depth.checked_sub(1);
        match found {
            Found::Other => {}
            Found::Object(object) => objects.push(object),
            Found::Text(inner) => read_into(&inner, objects, inner_depth.ok_or(Unreadable)?)?,
            Found::List(items) => {
                let depth = inner_depth.ok_or(Unreadable)?;
                pending.extend(items.into_iter().map(|item| (item, depth)));
            }
        }
    }
    Ok(())
}

/// Whether a text starts as a JSON object does, perhaps inside quotes, brackets or an escape, and
/// has the `:` of a field. A kaomoji such as `{{{(>_<)}}}` has none.
fn looks_like_json(visible: &str) -> bool {
    let is_wrapper = |c: char| c.is_whitespace() || "\"'`([\\".contains(c);
    visible.trim_start_matches(is_wrapper).starts_with('{') && visible.contains(':')
}

/// A text without its invisible characters, and without the U+FFFD that stand for what could not
/// be read in IM's callback.
fn readable_part(text: &str) -> String {
    text::without_invisible(text).replace(char::REPLACEMENT_CHARACTER, "")
}

/// A key or a type as the most lenient client compares it.
fn plain(text: &str) -> String {
    readable_part(text).trim().to_lowercase()
}

/// A JSON value with what matters of it. Repeated keys of objects are kept.
enum Found {
    Object(ReadObject),
    List(Vec<Found>),
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FoundVisitor)
    }
}

struct FoundVisitor;

impl<'de> Visitor<'de> for FoundVisitor {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut object = ReadObject::default();
        while let Some(key) = map.next_key::<String>()? {
            match plain(&key).as_str() {
                "type" => object.types.push(map.next_value()?),
                "__proto__" => {
                    object.has_prototype = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => drop(map.next_value::<Value>()?),
            }
        }
        Ok(Found::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Found, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Found::List(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Found, E> {
        Ok(Found::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Found::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_classified_by_their_type() {
        for (text, expected) in [
            (r#"{"type":"invite","content":{}}"#, ClientMessage::Invite),
            (r#"{"type":"kickout"}"#, ClientMessage::Kickout),
            (
                r#"{"type":"response","content":{"type":1}}"#,
                ClientMessage::Response,
            ),
            (r#" {"type": "over"} "#, ClientMessage::ServerOnly),
            (
                r#"{"type":"message","content":"hi"}"#,
                ClientMessage::Comment,
            ),
        ] {
            assert_eq!(ClientMessage::classify(text), expected, "{text}");
        }
        for text in [
            "hi",
            "[]",
            "7",
            "null",
            r#"{"content":"over"}"#,
            r#"{"type":7}"#,
            "[微笑] hi",
            "",
            "\"hi\"",
            r#"{"content":{"type":"over"}}"#,
            "(o_o)",
            "{",
            "({｡◕‿‿◕｡})",
            "[{笑}]",
            "{{{(>_<)}}}",
            "\u{FEFF}hi",
        ] {
            assert_eq!(
                ClientMessage::classify(text),
                ClientMessage::Comment,
                "{text}"
            );
            let is_allowed = !text.contains(r#""type":7"#);
            assert_eq!(is_group_comment(text), is_allowed, "{text}");
        }
    }

    #[test]
    fn json_that_only_a_client_can_read_is_not_a_comment() {
        let deep = format!(
            r#"{{"type":"over","x":{}1{}}}"#,
            "[".repeat(200),
            "]".repeat(200)
        );
        for text in [
            r#"{"type":"over","content":"\ud800"}"#,
            r#" {"type":"over","x":1e999}"#,
            deep.as_str(),
            "{'type':'over'}",
            "[{type:'over'}]",
            "({\"type\":\"over\"})",
            "\u{FEFF}{type:\"over\"}",
            r#"\{"type":"over"}"#,
            r#"{"type":"over"};"#,
        ] {
            assert_eq!(
                ClientMessage::classify(text),
                ClientMessage::ServerOnly,
                "{text}"
            );
            assert!(!is_group_comment(text), "{text}");
        }
    }

    #[test]
    fn signal_in_disguise_is_not_a_comment_and_no_signal_of_a_client() {
        let over = r#"{"type":"over","content":""}"#;
        let invite = r#"{"type":"invite","content":{}}"#;
        let as_text = |inner: &str| Value::from(inner).to_string();
        for signal in [over, invite] {
            let twice = as_text(&as_text(signal));
            let many = (0..10).fold(signal.to_owned(), |inner, _| as_text(&inner));
            for text in [
                format!("\u{FEFF}{signal}"),
                format!("\u{200B}\u{2060} {signal}\u{200D}"),
                format!("\0{signal}"),
                format!("\u{FFFD}{signal}\u{FFFD}"),
                signal.replace("type", "ty\u{FFFD}pe"),
                format!("\u{3000}\u{A0}{signal}"),
                format!("\u{3164}{signal}\u{E0001}"),
                signal.replace("type", "ty\u{200B}pe"),
                signal.replace("{", "{\u{FEFF}"),
                signal.replace("\"type\"", "\"Type\""),
                signal.replace("\"type\"", "\" type \""),
                signal.replace("type", "\\u200btype"),
                format!("\u{FEFF}{}", signal.replace("type", "\\u0074ype")),
                as_text(signal),
                twice,
                many,
                as_text(&format!("\u{FEFF}{signal}")),
                format!("[{signal}]"),
                format!("[[1,{signal}]]"),
                format!("[{}]", as_text(signal)),
                signal.replacen('{', r#"{"type":"message","#, 1),
                signal.replacen('}', r#","type":"message"}"#, 1),
                signal.replacen('{', r#"{"__proto__":{"type":"over"},"#, 1),
                format!(r#"{{"__proto__":{signal}}}"#),
                signal.replacen(":\"", ":[\"", 1).replacen("\",", "\"],", 1),
            ] {
                assert!(!is_group_comment(&text), "{text:?}");
                let read = ClientMessage::classify(&text);
                assert_eq!(read, ClientMessage::ServerOnly, "{text:?}");
            }
        }
        for kind in ["OVER", " over", "ov\u{200B}er", "Invite", "reset\\u200b"] {
            let text = format!(r#"{{"type":"{kind}"}}"#);
            assert!(!is_group_comment(&text), "{text:?}");
            assert_eq!(
                ClientMessage::classify(&text),
                ClientMessage::ServerOnly,
                "{text:?}"
            );
        }
    }

    #[test]
    fn escaped_letters_of_a_signal_are_read() {
        let invite = r#"{"\u0074ype":"inv\u0069te"}"#;
        assert_eq!(ClientMessage::classify(invite), ClientMessage::Invite);
        assert!(!is_group_comment(r#"{"\u0074ype":"ov\u0065r"}"#));
    }

    #[test]
    fn only_comments_may_be_sent_to_a_group() {
        for text in ["hi", r#"{"type":"message"}"#, r#"{"content":1}"#] {
            assert!(is_group_comment(text), "{text}");
        }
        for text in [
            r#"{"type":"over"}"#,
            r#"{"type":"reset"}"#,
            r#"{"type":"x"}"#,
            r#"{"type":"message","type":"over"}"#,
        ] {
            assert!(!is_group_comment(text), "{text}");
        }
    }
}
