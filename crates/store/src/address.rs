//! Parsing of the database URL.

use crate::{Engine, StoreError};

/// Client parameters that bound how long an unreachable PostgreSQL server is waited for: seconds
/// to connect, and milliseconds until sent data must be acknowledged.
const TIMEOUTS: [(&str, &str); 2] = [("connect_timeout", "5"), ("tcp_user_timeout", "15000")];

/// Where the database is. It contains a password, therefore it is not `Debug`.
#[derive(Clone)]
pub(crate) struct DatabaseAddress {
    pub(crate) engine: Engine,
    /// A file path for SQLite, a connection URL for PostgreSQL.
    pub(crate) location: String,
}

impl DatabaseAddress {
    /// Parses `sqlite://path` or `postgres://…`. A path without a scheme is refused: otherwise a
    /// misspelt URL would create an empty SQLite database.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let path = url.strip_prefix("sqlite://");
        if let Some(path) = path.filter(|path| !path.is_empty()) {
            return Ok(Self {
                engine: Engine::Sqlite,
                location: path.to_owned(),
            });
        }
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"));
        if rest.is_some_and(is_well_formed) {
            return Ok(Self {
                engine: Engine::Postgres,
                location: with_timeouts(url),
            });
        }
        Err(StoreError::InvalidUrl)
    }
}

/// Adds the [`TIMEOUTS`] that the URL does not set itself.
fn with_timeouts(url: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let is_set = |key: &str| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(key))
    };
    let mut url = url.to_owned();
    for (key, value) in TIMEOUTS.iter().filter(|(key, _)| !is_set(key)) {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&format!("{key}={value}"));
    }
    url
}

/// Whether user and password are percent-encoded. PostgreSQL's client library quotes what it
/// cannot parse in its error message, which would put the password into the log.
fn is_well_formed(rest: &str) -> bool {
    let address = rest.split('?').next().unwrap_or_default();
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    let is_hex = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
    let bytes = authority.as_bytes();
    let is_encoded = bytes
        .iter()
        .enumerate()
        .all(|(at, b)| *b != b'%' || (is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2))));
    is_encoded && authority.matches('@').count() <= 1 && !path.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_scheme_selects_the_engine() {
        let engine = |url: &str| DatabaseAddress::parse(url).unwrap().engine;
        assert_eq!(engine("sqlite://a.db"), Engine::Sqlite);
        assert_eq!(engine("postgres://h/d"), Engine::Postgres);
    }

    #[test]
    fn malformed_url_is_refused() {
        for url in [
            "",
            "qlive.db",
            "sqlite://",
            "mysql://h/d",
            "Sqlite://a",
            "postgres://u:100%sure@h/d",
            "postgres://u:pa/ss@h/d",
            "postgres://u:p@ss@h/d",
        ] {
            assert!(
                matches!(DatabaseAddress::parse(url), Err(StoreError::InvalidUrl)),
                "{url}"
            );
        }
    }

    #[test]
    fn timeout_in_the_url_is_not_replaced() {
        let location = |url: &str| DatabaseAddress::parse(url).unwrap().location;
        assert_eq!(
            location("postgres://h/d"),
            "postgres://h/d?connect_timeout=5&tcp_user_timeout=15000"
        );
        assert_eq!(
            location("postgres://h/d?connect_timeout=9"),
            "postgres://h/d?connect_timeout=9&tcp_user_timeout=15000"
        );
    }
}
