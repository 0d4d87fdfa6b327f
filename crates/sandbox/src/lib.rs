//! The outside world on your own machine: WeChat login and content check,
//! WeChat Pay, virtual payment, message push, Tencent IM, CSS. It answers on the real paths with the real signatures, so
//! that the clients of `tencent` run in every test as they run in production.
//!
//! Architecture invariant: this crate shares no code with `tencent`, and knows
//! nothing of our domain. Two implementations that agree are a test.

mod callbacks;
mod control;
mod css;
mod faults;
mod im;
mod papers;
mod pay;
mod push;
mod server;
mod wechat;
mod world;
mod xpay;

pub use papers::Papers;
pub use server::Sandbox;
pub use world::Accounts;
