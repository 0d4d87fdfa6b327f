//! Orders of WeChat Pay, placed through JSAPI.

pub(crate) mod api;
pub(crate) mod payment;
pub(crate) mod record;
