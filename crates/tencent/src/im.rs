//! Tencent IM (cloud.tencent.com, "Chat"): UserSig, the REST API, callbacks.

mod api;
mod callback;
mod error;
mod usersig;

pub use api::{C2c, GroupMessage, GroupProfile, Im, Portrait, Priority, Settings};
pub use callback::{Callback, Presence, verify_callback};
pub use error::{ImError, Remedy};
pub use usersig::user_sig;
