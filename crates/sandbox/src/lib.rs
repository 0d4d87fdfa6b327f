//! A stand-in for Tencent's services, for development and tests: WeChat login, content check and
//! message push, WeChat Pay, virtual payment, Tencent IM and CSS live streaming. It answers on the
//! vendors' own paths, checks the same signatures, and sends the same callbacks, so that the
//! clients in `qlive-tencent` run against it exactly as they run against the real services.
//!
//! Invariant: this crate shares no code with `qlive-tencent` and knows nothing of this project's
//! domain. It is a second implementation of the protocols, and two independent implementations
//! that understand each other are a test of both.
//!
//! Layout: one module for each external system (`wechat`, `wechat_pay`, `virtual_payment`, `im`,
//! `css`), with records that do no I/O below HTTP handlers that do; `notifications` delivers what
//! WeChat Pay and message push report; `control` serves the `/sandbox/*` paths for people and
//! tests; `state` holds everything that is remembered. `docs/sandbox.md` describes the paths.

mod callback;
mod config;
mod control;
mod credentials;
mod cross_origin;
mod crypto;
mod css;
mod faults;
mod host_check;
mod im;
mod json;
mod notifications;
mod response;
mod server;
mod state;
mod virtual_payment;
mod wechat;
mod wechat_pay;

pub use config::SandboxConfig;
pub use credentials::Credentials;
pub use server::Sandbox;
