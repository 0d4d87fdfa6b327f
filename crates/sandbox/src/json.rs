//! Lenient reading of JSON bodies: a field that is absent or of another type reads as a value that
//! the caller's checks refuse.

use serde_json::Value;

/// A text field; empty when it is absent or no text.
pub(crate) fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The integer at a JSON pointer; -1 when it is absent or no integer.
pub(crate) fn integer(body: &Value, pointer: &str) -> i64 {
    body.pointer(pointer).and_then(Value::as_i64).unwrap_or(-1)
}

/// Sets a field of an object. Does nothing to other values.
pub(crate) fn set(body: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(key.to_owned(), value.into());
    }
}

/// The default of a flag that is on unless a body says otherwise.
pub(crate) const fn default_true() -> bool {
    true
}
