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
    let texts = deserialize_list(deserializer)?;
    let addresses = texts.iter().map(|text| text.parse());
    addresses
        .collect::<Result<_, _>>()
        .map_err(D::Error::custom)
}

/// Reads a list of texts, or, as in the environment, one text with commas.
pub(super) fn deserialize_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum ListOrText {
        List(Vec<String>),
        Text(String),
    }
    Ok(match ListOrText::deserialize(deserializer)? {
        ListOrText::List(list) => list,
        ListOrText::Text(text) => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// Reads a secret that may be absent. An empty one is absent.
pub(super) fn deserialize_optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NonEmptySecret>, D::Error> {
    let text = Option::<SecretString>::deserialize(deserializer)?;
    Ok(text.and_then(|text| NonEmptySecret::new(text.expose_secret())))
}
