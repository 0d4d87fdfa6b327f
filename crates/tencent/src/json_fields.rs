//! Reading of JSON fields whose type varies: the providers write some numbers as text.

use serde_json::Value;

/// Reads an integer that is given as a number or as decimal text.
pub(crate) fn integer(field: Option<&Value>) -> Option<i64> {
    match field? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads a string. The result is empty when the field is missing or has another type.
pub(crate) fn text(field: Option<&Value>) -> String {
    field.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Reads a string or a number as text. The result is empty when the field is missing or has
/// another type.
pub(crate) fn text_or_number(field: Option<&Value>) -> String {
    match field {
        Some(Value::Number(number)) => number.to_string(),
        other => text(other),
    }
}
