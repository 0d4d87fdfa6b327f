//! Callbacks: requests of WeChat and Tencent. Each is verified before anything in it is used.

mod forgery;
pub(super) mod im;
pub(super) mod live;
pub(super) mod message_push;
mod outcome;
pub(super) mod wechat_pay;
