//! What every handler can use.

use qlive_app::Services;
use qlive_tencent::NonEmptySecret;
use qlive_tencent::wechat::push::MessagePush;

use super::internal_pages::InternalPages;
use super::rate_limits::RateLimits;
use crate::metrics::{CallbackVerdict, Metrics};

/// The services, and the keys with which callbacks are verified.
pub(crate) struct State {
    pub(crate) services: Services,
    pub(crate) metrics: Metrics,
    pub(crate) rate_limits: RateLimits,
    pub(crate) internal_pages: InternalPages,
    /// How clients reach the server, without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) sdk_app_id: u32,
    /// Other origins whose pages may call the API, in sandbox mode.
    pub(crate) origins: Vec<String>,
    /// The port of the sandbox of this process, which lets the pages of this server call it.
    pub(crate) sandbox_port: Option<u16>,
    /// None: every IM callback is refused.
    pub(crate) im_callback_token: Option<NonEmptySecret>,
    /// None: every stream callback is refused.
    pub(crate) live_callback_key: Option<NonEmptySecret>,
    /// None: every message push is refused.
    pub(crate) push: Option<MessagePush>,
}

impl State {
    /// Counts a genuine callback, and notes that one of its kind came.
    pub(crate) fn count_callback(&self, kind: &str, verdict: CallbackVerdict) {
        self.metrics.count_callback(kind, verdict);
        self.services.last_seen.note(kind);
    }
}
