//! What every handler can reach.

use qlive_tencent::wechat::push::Push;
use secrecy::SecretString;

use crate::house::Parts;
use crate::http::Limits;
use crate::metrics::Metrics;

/// The services of the house, and how calls of the outside are verified.
pub(crate) struct State {
    pub(crate) parts: Parts,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    /// How clients reach us, without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) sdk_app_id: u32,
    pub(crate) im_callback_token: Option<SecretString>,
    pub(crate) live_callback_key: Option<SecretString>,
    pub(crate) push: Option<Push>,
}
