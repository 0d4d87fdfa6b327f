//! The server API of WeChat mini-programs (developers.weixin.qq.com): login, access token, content
//! check, encrypted user data, and message push.

mod client;
pub mod errcode;
pub(crate) mod error;
pub mod push;
mod user_data;

pub use client::{AccessToken, ContentCheck, LoginSession, WechatClient};
pub use error::WechatError;
pub use user_data::{UserDataError, UserInfo, decrypt_user_info};
