//! All values at one moment, typed.

use serde_json::{Map, Value};

use crate::{ConfigError, Rate, keys};

/// Every key with its present value, defaults included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    values: Map<String, Value>,
}

impl Snapshot {
    pub(crate) fn new(stored: impl IntoIterator<Item = (String, Value)>) -> Self {
        let defaults = keys::defaults().map(|(key, value)| (key.to_owned(), value));
        Self {
            values: defaults.chain(stored).collect(),
        }
    }

    /// What every client may see, as operation 20 shows it.
    #[must_use]
    pub fn public(&self) -> Map<String, Value> {
        let public = |entry: &(&String, &Value)| keys::is_public(entry.0);
        self.values
            .iter()
            .filter(public)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Everything, for operators.
    #[must_use]
    pub fn all(&self) -> &Map<String, Value> {
        &self.values
    }

    /// The part of a gift's price that the receiver gets, 0 to 1.
    #[must_use]
    pub fn exchange_rate(&self) -> Rate {
        self.rate("EXCHANGE_RATE")
    }

    /// The part of a gift's price that the room's host gets, 0 to 1.
    #[must_use]
    pub fn host_rate(&self) -> Rate {
        self.rate("HOST_RATE")
    }

    /// Yuan for a coin of income.
    #[must_use]
    pub fn withdraw_rate(&self) -> Rate {
        self.rate("WITHDRAW_RATE")
    }

    /// The face shown for an empty male seat.
    #[must_use]
    pub fn avatar_boy(&self) -> &str {
        self.text("AVATAR_BOY")
    }

    /// The face shown for an empty female seat.
    #[must_use]
    pub fn avatar_girl(&self) -> &str {
        self.text("AVATAR_GIRL")
    }

    /// Shares above the whole price would make coins out of nothing.
    pub(crate) fn check(self) -> Result<Self, ConfigError> {
        let shares = self.exchange_rate().ten_thousandths() + self.host_rate().ten_thousandths();
        if shares > Rate::SCALE {
            return Err(ConfigError::BadValue(
                "EXCHANGE_RATE and HOST_RATE together are at most 1",
            ));
        }
        Ok(self)
    }

    fn rate(&self, key: &str) -> Rate {
        // Only values that parse are ever stored, and every rate has a default.
        Rate::parse(self.text(key)).unwrap_or(Rate::ONE)
    }

    fn text(&self, key: &str) -> &str {
        self.values
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}
