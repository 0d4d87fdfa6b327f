//! Callbacks of WeChat and Tencent.

mod certificates;
mod empty_secrets;
mod im_notify;
mod live_notify;
mod pay_notify;
mod wx_notify;
