//! How values are read that serde does not know: lists of addresses, and secrets that may be
//! absent.

use std::net::IpAddr;

use qlive_tencent::NonEmptySecret;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Reads a list of addresses, or, as in the environment, one text with commas.
pub(super) fn deserialize_addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<IpAddr>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum ListOrText {
        List(Vec<IpAddr>),
        Text(String),
    }
    match ListOrText::deserialize(deserializer)? {
        ListOrText::List(list) => Ok(list),
        ListOrText::Text(text) => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().map_err(D::Error::custom))
            .collect(),
    }
}

/// Reads a secret that may be absent. An empty one is absent.
pub(super) fn deserialize_optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NonEmptySecret>, D::Error> {
    let text = Option::<SecretString>::deserialize(deserializer)?;
    Ok(text.and_then(|text| NonEmptySecret::new(text.expose_secret())))
}
