//! The values of all keys at one moment.

use std::sync::OnceLock;

use qlive_types::Rendered;
use serde_json::{Map, Value};

use crate::{ConfigError, ForbiddenWords, Rate, ValueFault, keys};

/// The value of every key at one moment: the stored one, or the default.
#[derive(Debug)]
pub struct Snapshot {
    values: Map<String, Value>,
    /// The answer that shows the public keys.
    pub rendered: Rendered,
    /// Made when a comment is examined for the first time.
    forbidden_words: OnceLock<ForbiddenWords>,
}

impl Snapshot {
    pub(crate) fn new(stored: impl IntoIterator<Item = (String, Value)>) -> Self {
        let defaults = keys::defaults().map(|(key, value)| (key.to_owned(), value));
        Self {
            values: defaults.chain(stored).collect(),
            rendered: Rendered::default(),
            forbidden_words: OnceLock::new(),
        }
    }

    /// The public keys, which `/wx/api/qlive/get_configs/` returns to clients.
    #[must_use]
    pub fn public(&self) -> Map<String, Value> {
        self.values
            .iter()
            .filter(|(key, _)| keys::is_public(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// All keys, private ones included, for operators.
    #[must_use]
    pub fn all(&self) -> &Map<String, Value> {
        &self.values
    }

    /// The part of a gift's cost that the receiver gets, from 0 to 1.
    #[must_use]
    pub fn exchange_rate(&self) -> Rate {
        self.rate("EXCHANGE_RATE")
    }

    /// The part of a gift's cost that the room's host gets, from 0 to 1.
    #[must_use]
    pub fn host_rate(&self) -> Rate {
        self.rate("HOST_RATE")
    }

    /// The yuan that a user gets for one coin of income.
    #[must_use]
    pub fn withdraw_rate(&self) -> Rate {
        self.rate("WITHDRAW_RATE")
    }

    /// The words that no comment may have.
    #[must_use]
    pub fn forbidden_words(&self) -> &ForbiddenWords {
        self.forbidden_words.get_or_init(|| {
            let words = self.values.get("FORBIDDEN_WORDS").and_then(Value::as_array);
            ForbiddenWords::new(words.into_iter().flatten().filter_map(keys::word_of))
        })
    }

    /// The URL of the picture for an empty male seat.
    #[must_use]
    pub fn avatar_boy(&self) -> &str {
        self.text("AVATAR_BOY")
    }

    /// The URL of the picture for an empty female seat.
    #[must_use]
    pub fn avatar_girl(&self) -> &str {
        self.text("AVATAR_GIRL")
    }

    /// The same values, one of them another.
    pub(crate) fn with(&self, key: &str, value: Value) -> Self {
        let mut values = self.values.clone();
        values.insert(key.to_owned(), value);
        Self {
            values,
            rendered: Rendered::default(),
            forbidden_words: OnceLock::new(),
        }
    }

    /// Validates values that depend on each other: the shares of receiver and host must not exceed
    /// the cost of a gift.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let shares = self.exchange_rate().ten_thousandths() + self.host_rate().ten_thousandths();
        if shares > Rate::SCALE {
            return Err(ValueFault::SharesAboveOne.into());
        }
        Ok(())
    }

    fn rate(&self, key: &str) -> Rate {
        // A stored rate always parses, and every rate has a default.
        Rate::parse(self.text(key)).unwrap_or(Rate::ONE)
    }

    fn text(&self, key: &str) -> &str {
        self.values
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}
