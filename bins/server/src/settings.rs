//! Settings: a TOML file, over which the environment wins (`QLIVE__DATABASE__URL`).

pub(crate) mod mode;
mod money;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use config::{Config, Environment, File};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

pub use mode::Mode;
pub(crate) use money::{Payments, Payouts, ReportInfo, VerifyKey, VirtualPayment, WechatPay};
pub use money::{Pem, Provider};

/// Everything that can be set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub server: Server,
    pub database: Database,
    pub sandbox: Sandbox,
    pub wechat: Wechat,
    pub payments: Payments,
    pub wechat_pay: Option<WechatPay>,
    pub virtual_payment: Option<VirtualPayment>,
    pub payouts: Payouts,
    pub im: Im,
    pub live: Option<Live>,
    pub limits: Limits,
    pub rooms: Rooms,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// How clients reach us, without a trailing slash; `http://<listen>` when empty.
    pub public_url: String,
    /// A filter of `tracing`: `info`, `qlive_rooms=debug,warn`, …
    pub log: String,
    pub log_format: LogFormat,
    /// Proxies whose `X-Forwarded-For` is believed. In the environment, apart by commas.
    #[serde(deserialize_with = "addresses")]
    pub trusted_proxies: Vec<IpAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Where the database is. The URL may hold a password.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    pub pool_size: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// By itself only when nothing real is configured and we listen on loopback.
    pub enabled: Option<bool>,
    pub listen: SocketAddr,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wechat {
    pub api_url: String,
    pub content_check: bool,
    /// App ids and their secrets.
    pub apps: HashMap<String, SecretString>,
    /// Message push, which tells of virtual payments. Without it only the sweeper does.
    pub push: Option<Push>,
}

/// Message push, as set in the console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub appid: String,
    pub token: SecretString,
    pub encoding_aes_key: SecretString,
}

/// Tencent IM. Configured once `sdk_app_id` is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Im {
    pub api_url: String,
    pub sdk_app_id: u32,
    pub secret_key: SecretString,
    pub admin: String,
    /// Without it every IM callback is refused.
    pub callback_token: Option<SecretString>,
    pub speaks: Speaks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaks {
    #[default]
    Server,
    Client,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    pub push_domain: String,
    pub play_domain: String,
    #[serde(default = "live_app")]
    pub app: String,
    pub push_key: SecretString,
    /// When set, play URLs are signed too.
    pub play_key: Option<SecretString>,
    /// Without it every stream callback is refused.
    pub callback_key: Option<SecretString>,
    #[serde(default = "push_ttl")]
    pub push_ttl_secs: u64,
    #[serde(default = "live_url")]
    pub api_url: String,
    /// The cloud API key that cuts streams; without both, streams are not cut.
    pub secret_id: Option<String>,
    pub secret_key: Option<SecretString>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub enabled: bool,
    pub per_user_per_second: u32,
    pub per_ip_per_second: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rooms {
    pub admission: Admission,
    pub guest_grace_secs: u64,
    pub host_grace_secs: u64,
    /// 0: a seat may stay without a stream; else it is freed after so long.
    pub stream_start_secs: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Admission {
    #[default]
    Applied,
    Invited,
    Open,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            log: "info".into(),
            log_format: LogFormat::Text,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite://qlive.db".to_owned().into(),
            pool_size: 8,
        }
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            enabled: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
        }
    }
}

impl Default for Wechat {
    fn default() -> Self {
        Self {
            api_url: "https://api.weixin.qq.com".into(),
            content_check: false,
            apps: HashMap::new(),
            push: None,
        }
    }
}

impl Default for Im {
    fn default() -> Self {
        Self {
            api_url: "https://console.tim.qq.com".into(),
            sdk_app_id: 0,
            secret_key: SecretString::default(),
            admin: "administrator".into(),
            callback_token: None,
            speaks: Speaks::Server,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            per_user_per_second: 20,
            per_ip_per_second: 200,
        }
    }
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            admission: Admission::Applied,
            guest_grace_secs: 60,
            host_grace_secs: 180,
            stream_start_secs: 0,
        }
    }
}

/// A list of addresses, or one text with commas.
fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpAddr>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        List(Vec<IpAddr>),
        Text(String),
    }
    match Given::deserialize(deserializer)? {
        Given::List(list) => Ok(list),
        Given::Text(text) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            parts
                .map(|part| part.parse().map_err(serde::de::Error::custom))
                .collect()
        }
    }
}

fn live_app() -> String {
    "live".into()
}

fn live_url() -> String {
    "https://live.tencentcloudapi.com".into()
}

const fn push_ttl() -> u64 {
    86_400
}

/// The environment as it is written: guessing numbers would change secrets that look like one.
fn environment() -> Environment {
    Environment::with_prefix("QLIVE")
        .prefix_separator("__")
        .separator("__")
}

impl Settings {
    /// Reads the file, when one is named, and the environment.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut sources = Config::builder();
        if let Some(path) = file {
            sources = sources.add_source(File::from(path));
        }
        Ok(sources
            .add_source(environment())
            .build()?
            .try_deserialize()?)
    }

    /// How clients reach us, without a trailing slash.
    #[must_use]
    pub fn public_url(&self) -> String {
        match self.server.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.server.listen),
            url => url.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_secret_that_looks_like_a_number_stays_as_it_is() {
        let variables = [
            ("QLIVE__IM__CALLBACK_TOKEN", "00123456"),
            ("QLIVE__IM__SECRET_KEY", "20190730123000123456"),
            ("QLIVE__IM__SDK_APP_ID", "1400000001"),
            ("QLIVE__LIMITS__ENABLED", "false"),
            ("QLIVE__SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1"),
        ];
        let variables = variables.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let source = environment().source(Some(variables.into_iter().collect()));
        let settings: Settings = Config::builder()
            .add_source(source)
            .build()
            .unwrap()
            .try_deserialize()
            .unwrap();
        assert_eq!(
            settings.im.callback_token.unwrap().expose_secret(),
            "00123456"
        );
        assert_eq!(
            settings.im.secret_key.expose_secret(),
            "20190730123000123456"
        );
        assert_eq!(
            (settings.im.sdk_app_id, settings.limits.enabled),
            (1_400_000_001, false)
        );
        assert_eq!(settings.server.trusted_proxies.len(), 2);
    }
}
