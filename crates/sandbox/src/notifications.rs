//! Notifications to the server under development: notices of WeChat Pay and message pushes, sent
//! again until they are accepted.

pub(crate) mod delivery;
pub(crate) mod notification;
