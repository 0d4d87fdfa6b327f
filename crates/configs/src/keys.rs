//! The known keys: their kind, side and default; and what a value must be.

use qlive_store::{Fallible, StoreError};
use serde_json::{Value, json};

use crate::Rate;

/// The most bytes a stored value may take.
const MAX_BYTES: usize = 65_536;

/// What a config operation may come to besides success.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Keys are 1–64 of `[A-Z0-9_]`.
    #[error("a key is 1 to 64 of A-Z, 0-9 and _")]
    BadKey,
    /// The value does not fit the key; the text says what would.
    #[error("{0}")]
    BadValue(&'static str),
    /// No such key is stored.
    #[error("no such key")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fallible for ConfigError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault) => Some(fault),
            Self::BadKey | Self::BadValue(_) | Self::Unknown => None,
        }
    }
}

impl From<diesel::result::Error> for ConfigError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Store(fault.into())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    Object,
    Text,
    Rate,
}

/// Whether clients may see a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Public,
    Private,
}

const KNOWN: [(&str, Kind, Side, &str); 9] = [
    ("PROGRAM_SHARE", Kind::List, Side::Public, ""),
    ("LIVEROOM_SHARE", Kind::List, Side::Public, ""),
    ("INDEX_BANNER", Kind::Text, Side::Public, ""),
    ("BACKGROUND", Kind::Object, Side::Public, ""),
    ("EXCHANGE_RATE", Kind::Rate, Side::Private, "0.5"),
    ("HOST_RATE", Kind::Rate, Side::Private, "0"),
    ("WITHDRAW_RATE", Kind::Rate, Side::Private, "0.1"),
    ("AVATAR_BOY", Kind::Text, Side::Private, ""),
    ("AVATAR_GIRL", Kind::Text, Side::Private, ""),
];

fn kind(key: &str) -> Option<Kind> {
    KNOWN
        .iter()
        .find(|(name, ..)| *name == key)
        .map(|(_, kind, ..)| *kind)
}

/// Every known key with its default.
pub(crate) fn defaults() -> impl Iterator<Item = (&'static str, Value)> {
    KNOWN.iter().map(|(key, kind, _, text)| {
        let value = match kind {
            Kind::List => json!([]),
            Kind::Object => json!({}),
            Kind::Text | Kind::Rate => json!(text),
        };
        (*key, value)
    })
}

pub(crate) fn is_public(key: &str) -> bool {
    !KNOWN
        .iter()
        .any(|(name, _, side, _)| *name == key && *side == Side::Private)
}

/// Turns what an operator typed into the stored value.
pub(crate) fn parse(key: &str, typed: &str) -> Result<Value, ConfigError> {
    let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if key.is_empty() || key.len() > 64 || !key.bytes().all(legal) {
        return Err(ConfigError::BadKey);
    }
    if typed.len() > MAX_BYTES {
        return Err(ConfigError::BadValue("a value takes at most 64 KiB"));
    }
    let json: Option<Value> = serde_json::from_str(typed).ok();
    match (kind(key), json) {
        (Some(Kind::List), Some(value @ Value::Array(_))) => Ok(value),
        (Some(Kind::List), _) => Err(ConfigError::BadValue("this key holds a JSON array")),
        (Some(Kind::Object), Some(value @ Value::Object(_))) => Ok(value),
        (Some(Kind::Object), _) => Err(ConfigError::BadValue("this key holds a JSON object")),
        (Some(Kind::Rate), _) => match Rate::parse(typed) {
            Some(rate) => Ok(json!(rate.to_string())),
            None => Err(ConfigError::BadValue(
                "this key holds a decimal with at most four places",
            )),
        },
        (None, Some(value @ (Value::Array(_) | Value::Object(_) | Value::String(_)))) => Ok(value),
        (Some(Kind::Text) | None, _) => Ok(json!(typed)),
    }
}

/// Turns one more entry for a list key into a value: JSON when it is JSON, else text.
pub(crate) fn parse_entry(
    key: &str,
    typed: &str,
    present: Option<&Value>,
) -> Result<Value, ConfigError> {
    let is_list = matches!(kind(key), Some(Kind::List)) || matches!(present, Some(Value::Array(_)));
    if !is_list {
        return Err(ConfigError::BadValue(
            "only a key that holds a list can be added to",
        ));
    }
    Ok(serde_json::from_str(typed).unwrap_or_else(|_| json!(typed)))
}
