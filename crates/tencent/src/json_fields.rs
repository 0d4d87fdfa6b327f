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

/// Reads an optional currency. It is yuan (`CNY`) when the field is missing or empty.
pub(crate) fn currency(field: Option<&Value>) -> String {
    match field {
        None | Some(Value::Null) => "CNY".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "CNY".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Reads a flag that is given as a boolean, a number or text. False when the field is missing.
pub(crate) fn flag(field: Option<&Value>) -> bool {
    match field {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text.trim() == "1",
        other => integer(other).is_some_and(|number| number != 0),
    }
}
