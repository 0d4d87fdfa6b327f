//! The settings of WeChat's server API and of its message push: `[wechat]` and `[wechat.push]`.

use std::collections::HashMap;

use qlive_tencent::NonEmptySecret;
use qlive_users::UncheckedNames;
use serde::Deserialize;

/// `[wechat]`: the mini-programs that are served.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WechatSection {
    pub api_url: String,
    /// Whether nicknames are checked with `msg_sec_check`.
    pub content_check: bool,
    /// What happens to a nickname that WeChat cannot check.
    pub unchecked: UncheckedNames,
    /// The secret of each app, by app id.
    pub apps: HashMap<String, NonEmptySecret>,
    /// Without it virtual payments are found by polling only.
    pub push: Option<PushSection>,
}

/// `[wechat.push]`: the message push, with the values of WeChat's console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushSection {
    pub appid: String,
    pub token: NonEmptySecret,
    /// 43 characters.
    pub encoding_aes_key: NonEmptySecret,
}

impl Default for WechatSection {
    fn default() -> Self {
        Self {
            api_url: "https://api.weixin.qq.com".into(),
            content_check: false,
            unchecked: UncheckedNames::Refuse,
            apps: HashMap::new(),
            push: None,
        }
    }
}
