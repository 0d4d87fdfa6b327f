//! Merchant transfers of WeChat Pay, which the payee confirms.

pub(crate) mod api;
pub(crate) mod record;
