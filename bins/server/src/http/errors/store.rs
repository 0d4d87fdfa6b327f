//! Errors of the database and of the operators' configs.

use qlive_configs::ConfigError;
use qlive_store::StoreError;

use super::api_error::{ApiError, row};

impl From<StoreError> for ApiError {
    #[rustfmt::skip] // One row for each error.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Contended =>
                row(409, "busy", "操作人数过多，请重试", "Too many at once, please try again."),
            StoreError::Unavailable(cause) => {
                tracing::error!(cause, "the database does not answer");
                row(503, "unavailable", "服务繁忙，请稍后再试", "The service is busy, please try again.")
            }
            StoreError::InvalidUrl | StoreError::Nested | StoreError::Outdated(_)
            | StoreError::Newer(_)
            | StoreError::Migration(_) | StoreError::Corrupt(_) | StoreError::Query(_) => {
                tracing::error!(%error, "the database failed");
                Self::INTERNAL
            }
        }
    }
}

impl From<ConfigError> for ApiError {
    #[rustfmt::skip] // One row for each error.
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::BadKey => Self::invalid("key"),
            ConfigError::BadValue(_) | ConfigError::Changed => Self::invalid("value"),
            ConfigError::Unknown =>
                row(404, "unknown_config", "没有这个配置", "There is no such config."),
            ConfigError::Store(error) => error.into(),
        }
    }
}
