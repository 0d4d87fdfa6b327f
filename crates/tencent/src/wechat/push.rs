//! Message push: requests by which WeChat notifies the server of a mini-program.
//!
//! Vendor's page: 消息推送 ("Message push"), developers.weixin.qq.com. There are two modes. In
//! plain mode (明文模式) the signature does not cover the body, so a body must be confirmed by a
//! query before anything is done because of it. In secure mode (安全模式) the body is encrypted and
//! signed.

mod body_cipher;
mod event;
mod message_push;
mod xml;

pub use event::PushEvent;
pub use message_push::{
    MessagePush, PushError, PushFormat, PushMode, PushQuery, PushReply, ReceivedPush,
};
