//! The type of every configured secret. It cannot be empty, so nothing is signed or verified with
//! an empty key.

use std::ops::Deref;

use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A secret without white space around it that is not empty.
#[derive(Debug, Clone)]
pub struct NonEmptySecret(SecretString);

/// A secret that is empty or only white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret must not be empty")]
pub struct EmptySecret;

impl NonEmptySecret {
    /// Removes the white space around a secret. `None` when nothing remains.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.into()))
    }
}

impl TryFrom<&str> for NonEmptySecret {
    type Error = EmptySecret;

    fn try_from(text: &str) -> Result<Self, EmptySecret> {
        Self::new(text).ok_or(EmptySecret)
    }
}

impl Deref for NonEmptySecret {
    type Target = SecretString;

    fn deref(&self) -> &SecretString {
        &self.0
    }
}

impl<'de> Deserialize<'de> for NonEmptySecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretString::deserialize(deserializer)?;
        let text = secrecy::ExposeSecret::expose_secret(&text);
        Self::new(text).ok_or_else(|| D::Error::custom(EmptySecret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn secret_of_white_space_does_not_exist() {
        for text in ["", " ", "\t\r\n", "\u{3000}\u{a0}"] {
            assert!(NonEmptySecret::new(text).is_none(), "{text:?}");
            assert_eq!(NonEmptySecret::try_from(text).err(), Some(EmptySecret));
        }
    }

    #[test]
    fn white_space_around_a_secret_is_removed_and_the_secret_is_not_shown() {
        let secret = NonEmptySecret::new(" two words\n").unwrap();
        assert_eq!(secret.expose_secret(), "two words");
        assert!(!format!("{secret:?}").contains("words"));
    }
}
