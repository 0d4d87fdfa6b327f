//! Callbacks of WeChat and Tencent.

mod certificates;
mod contradictions;
mod empty_secrets;
mod im_notify;
mod live_notify;
mod pay_notify;
mod virtual_prices;
mod wx_notify;
