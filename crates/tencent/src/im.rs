//! Tencent IM (即时通信 IM, "Chat"): UserSig, the REST API, and callbacks.

mod callback;
mod client;
mod error;
mod requests;
mod user_sig;

pub use callback::{ConnectionState, ImCallback, verify_im_callback};
pub use client::{ImClient, ImConfig};
pub use error::{ImError, Recovery};
pub use requests::{C2cTextMessage, GroupProfile, GroupTextMessage, MessagePriority, Portrait};
pub use user_sig::generate_user_sig;
