//! Refunds of WeChat Pay: requested by the merchant, or made by the platform.

pub(crate) mod api;
pub(crate) mod record;
pub(crate) mod settle;
