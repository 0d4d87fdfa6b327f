//! Gifts: the catalogue, and sending a gift.

mod catalogue;
mod concurrency;
mod debt;
mod host_share;
mod push_gift;
mod request_ids;
mod room_messages;
