//! The known keys with their value types, visibility and defaults, and the validation of values.

use qlive_types::{WebAddressRules, text};
use serde_json::{Value, json};

use crate::{ConfigError, Rate, ValueFault};

/// The most bytes of a stored value.
const MAX_BYTES: usize = 65_536;
/// The most characters of a key.
const MAX_KEY_LENGTH: usize = 64;

/// What the value of a known key must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A JSON array.
    List,
    /// A JSON array of texts.
    Words,
    /// A JSON object.
    Object,
    /// The address of a picture, or empty.
    Address,
    /// A decimal number, stored as text.
    Rate,
}

/// Whether clients can read a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Public,
    Private,
}

struct KnownKey {
    name: &'static str,
    value_type: ValueType,
    visibility: Visibility,
    /// The default of an address or a rate; lists and objects are empty by default.
    default: &'static str,
}

const fn known(
    name: &'static str,
    value_type: ValueType,
    visibility: Visibility,
    default: &'static str,
) -> KnownKey {
    KnownKey {
        name,
        value_type,
        visibility,
        default,
    }
}

static KNOWN_KEYS: [KnownKey; 10] = [
    known("PROGRAM_SHARE", ValueType::List, Visibility::Public, ""),
    known("LIVEROOM_SHARE", ValueType::List, Visibility::Public, ""),
    known("INDEX_BANNER", ValueType::Address, Visibility::Public, ""),
    known("BACKGROUND", ValueType::Object, Visibility::Public, ""),
    known("EXCHANGE_RATE", ValueType::Rate, Visibility::Private, "0.5"),
    known("HOST_RATE", ValueType::Rate, Visibility::Private, "0"),
    known("WITHDRAW_RATE", ValueType::Rate, Visibility::Private, "0.1"),
    known("FORBIDDEN_WORDS", ValueType::Words, Visibility::Private, ""),
    known("AVATAR_BOY", ValueType::Address, Visibility::Private, ""),
    known("AVATAR_GIRL", ValueType::Address, Visibility::Private, ""),
];

fn find(name: &str) -> Option<&'static KnownKey> {
    KNOWN_KEYS.iter().find(|key| key.name == name)
}

/// What a key must hold; `None` for one that is not known.
#[must_use]
pub fn value_type(name: &str) -> Option<ValueType> {
    find(name).map(|key| key.value_type)
}

/// Whether a key holds a rate: how money is divided or exchanged.
#[must_use]
pub fn is_rate(name: &str) -> bool {
    value_type(name) == Some(ValueType::Rate)
}

impl KnownKey {
    fn default_value(&self) -> Value {
        match self.value_type {
            ValueType::List | ValueType::Words => json!([]),
            ValueType::Object => json!({}),
            ValueType::Address | ValueType::Rate => json!(self.default),
        }
    }
}

/// What a key holds when nothing is stored for it; `None` for one that is not known.
#[must_use]
pub fn default_value(name: &str) -> Option<Value> {
    find(name).map(KnownKey::default_value)
}

/// Every known key with its default.
pub(crate) fn defaults() -> impl Iterator<Item = (&'static str, Value)> {
    KNOWN_KEYS.iter().map(|key| (key.name, key.default_value()))
}

/// Whether clients can read the key. They can read every key that is not known.
pub(crate) fn is_public(name: &str) -> bool {
    find(name).is_none_or(|key| key.visibility == Visibility::Public)
}

/// Validates a key and the text that an operator typed, and converts the text to the stored value.
pub(crate) fn parse(
    name: &str,
    typed: &str,
    addresses: &WebAddressRules,
) -> Result<Value, ConfigError> {
    let is_legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || name.len() > MAX_KEY_LENGTH || !name.bytes().all(is_legal) {
        return Err(ConfigError::BadKey);
    }
    if typed.len() > MAX_BYTES {
        return Err(ValueFault::TooLong.into());
    }
    let value = parse_typed(name, typed, addresses)?;
    if !texts_are_good(&value, addresses) {
        return Err(ValueFault::BadText.into());
    }
    Ok(value)
}

fn parse_typed(name: &str, typed: &str, addresses: &WebAddressRules) -> Result<Value, ConfigError> {
    let json: Option<Value> = serde_json::from_str(typed).ok();
    match (value_type(name), json) {
        (Some(ValueType::List), Some(value @ Value::Array(_))) => Ok(value),
        (Some(ValueType::List), _) => Err(ValueFault::NoArray.into()),
        (Some(ValueType::Words), Some(Value::Array(words)))
            if words
                .iter()
                .all(|word| word.is_string() && word_of(word).is_some()) =>
        {
            Ok(Value::Array(words))
        }
        (Some(ValueType::Words), _) => Err(ValueFault::NoWords.into()),
        (Some(ValueType::Object), Some(value @ Value::Object(_))) => Ok(value),
        (Some(ValueType::Object), _) => Err(ValueFault::NoObject.into()),
        (Some(ValueType::Rate), _) => match Rate::parse(typed) {
            Some(rate) => Ok(json!(rate.to_string())),
            None => Err(ValueFault::NoRate.into()),
        },
        (Some(ValueType::Address), _) if typed.trim().is_empty() => Ok(json!("")),
        (Some(ValueType::Address), _) => match addresses.parse(typed) {
            Some(address) => Ok(json!(address)),
            None => Err(ValueFault::NoAddress.into()),
        },
        (None, Some(value @ (Value::Array(_) | Value::Object(_) | Value::String(_)))) => Ok(value),
        (None, _) => Ok(json!(typed)),
    }
}

/// The word that a stored item is, if it shows something. A number is one too: earlier versions
/// stored it where an operator typed digits.
pub(crate) fn word_of(item: &Value) -> Option<String> {
    let word = match item {
        Value::String(word) => word.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text::folded(&word).is_empty()).then_some(word)
}

/// Whether every text inside a value may be sent to clients. Keys of objects are texts too.
fn texts_are_good(value: &Value, addresses: &WebAddressRules) -> bool {
    match value {
        Value::String(text) => addresses.allow(text),
        Value::Array(items) => items.iter().all(|item| texts_are_good(item, addresses)),
        Value::Object(fields) => fields
            .iter()
            .all(|(key, value)| addresses.allow(key) && texts_are_good(value, addresses)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The items of a stored list, as they are stored now.
pub(crate) fn stored_items(name: &str, stored: Option<&Value>) -> Vec<Value> {
    let items = stored.and_then(Value::as_array).into_iter().flatten();
    if value_type(name) == Some(ValueType::Words) {
        items.filter_map(word_of).map(Value::String).collect()
    } else {
        items.cloned().collect()
    }
}

/// Converts text that an operator adds to a list: JSON if it parses as JSON, otherwise a string. A
/// word is always a string.
/// A key takes list items when it is known as a list or `current` is one.
pub(crate) fn parse_list_item(
    name: &str,
    typed: &str,
    current: Option<&Value>,
) -> Result<Value, ConfigError> {
    let known = value_type(name);
    let json: Option<Value> = serde_json::from_str(typed).ok();
    if known == Some(ValueType::Words) {
        return Ok(json.filter(Value::is_string).unwrap_or(json!(typed)));
    }
    let is_list = known == Some(ValueType::List) || matches!(current, Some(Value::Array(_)));
    if !is_list {
        return Err(ValueFault::NoList.into());
    }
    Ok(json.unwrap_or_else(|| json!(typed)))
}
