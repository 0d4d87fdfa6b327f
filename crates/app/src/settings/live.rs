//! The settings of live rooms: Tencent IM in `[im]`, Tencent CSS in `[live]`, and `[rooms]`.

use std::num::NonZeroU32;

use qlive_outbox::ImLimits;
use qlive_rooms::{Admission, SignalSender};
use qlive_tencent::NonEmptySecret;
use serde::Deserialize;

use super::deserialize::deserialize_optional_secret;

/// `[im]`: Tencent IM. Configured once `sdk_app_id` is not 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImSection {
    pub api_url: String,
    pub sdk_app_id: u32,
    /// Signs users in (UserSig). Required with `sdk_app_id`.
    #[serde(deserialize_with = "deserialize_optional_secret")]
    pub secret_key: Option<NonEmptySecret>,
    /// The account that sends all room messages.
    pub admin: String,
    /// Without it every IM callback is refused.
    #[serde(deserialize_with = "deserialize_optional_secret")]
    pub callback_token: Option<NonEmptySecret>,
    /// `server` or `client`: who sends the signals that clients can also send themselves.
    pub speaks: SignalSender,
    /// The most REST calls of this instance in a second.
    pub calls_per_second: NonZeroU32,
    /// The most messages of this instance to one group in a second.
    pub group_messages_per_second: NonZeroU32,
    /// The most REST calls of this instance that run at once.
    pub concurrent_calls: NonZeroU32,
}

/// `[live]`: Tencent CSS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveSection {
    pub push_domain: String,
    pub play_domain: String,
    /// The first part of the stream path.
    #[serde(default = "default_css_app")]
    pub app: String,
    /// Signs push URLs.
    pub push_key: NonEmptySecret,
    /// Signs play URLs. Not set: they are not signed.
    #[serde(default, deserialize_with = "deserialize_optional_secret")]
    pub play_key: Option<NonEmptySecret>,
    /// Without it every stream callback is refused.
    #[serde(default, deserialize_with = "deserialize_optional_secret")]
    pub callback_key: Option<NonEmptySecret>,
    /// How long a push URL opens a new push, and a signed play URL is good, in seconds.
    #[serde(default = "default_push_ttl_secs")]
    pub push_ttl_secs: u64,
    #[serde(default = "default_css_api_url")]
    pub api_url: String,
    /// With `secret_key` the cloud API key that cuts streams. Without both, none is cut.
    #[serde(default, deserialize_with = "deserialize_optional_secret")]
    pub secret_id: Option<NonEmptySecret>,
    #[serde(default, deserialize_with = "deserialize_optional_secret")]
    pub secret_key: Option<NonEmptySecret>,
}

/// `[rooms]`: who may take a seat, and how long one is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoomsSection {
    /// `applied`, `invited` or `open`.
    pub admission: Admission,
    pub guest_grace_secs: u64,
    pub host_grace_secs: u64,
    /// A seat whose stream has not started after so many seconds is freed. 0: never.
    pub stream_start_secs: u64,
    /// How many times as long as their comments the gifts of a muted user are refused.
    pub mute_gift_factor: u32,
    /// How many days comments are kept.
    pub comment_days: u32,
}

impl Default for ImSection {
    fn default() -> Self {
        let limits = ImLimits::default();
        Self {
            api_url: "https://console.tim.qq.com".into(),
            sdk_app_id: 0,
            secret_key: None,
            admin: "administrator".into(),
            callback_token: None,
            speaks: SignalSender::Server,
            calls_per_second: at_least_one(limits.calls_per_second),
            group_messages_per_second: at_least_one(limits.group_messages_per_second),
            concurrent_calls: at_least_one(limits.concurrent_calls),
        }
    }
}

impl Default for RoomsSection {
    fn default() -> Self {
        Self {
            admission: Admission::Applied,
            guest_grace_secs: 60,
            host_grace_secs: 180,
            stream_start_secs: 0,
            mute_gift_factor: 2,
            comment_days: 7,
        }
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn default_css_app() -> String {
    "live".into()
}

fn default_css_api_url() -> String {
    "https://live.tencentcloudapi.com".into()
}

const fn default_push_ttl_secs() -> u64 {
    86_400
}
