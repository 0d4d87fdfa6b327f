//! The settings: a TOML file, and the environment, which wins over it (`QLIVE__DATABASE__URL`).
//! `docs/configuration.md` explains every key, `qlive.example.toml` shows them all.

mod addresses;
mod console;
mod deserialize;
mod live;
mod mode;
mod payment_checks;
mod payments;
mod required_texts;
mod sandbox;
mod server;
mod wechat;

use std::collections::HashMap;
use std::path::Path;

use anyhow::anyhow;
use config::{Config, Environment, File};
use serde::Deserialize;

pub use console::ConsoleSection;
pub use live::{ImSection, LiveSection, RoomsSection};
pub use mode::Mode;
pub use payments::{
    PaymentsSection, PayoutsSection, Pem, ReportInfo, VerifyKey, VirtualPaymentSection,
    WechatPaySection,
};
pub use sandbox::SANDBOX_APP;
pub use server::{DatabaseSection, LimitsSection, LogFormat, SandboxSection, ServerSection};
pub use wechat::{PushSection, WechatSection};

/// All settings; one field for each section.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub server: ServerSection,
    pub database: DatabaseSection,
    pub sandbox: SandboxSection,
    pub console: ConsoleSection,
    pub wechat: WechatSection,
    pub payments: PaymentsSection,
    pub wechat_pay: Option<WechatPaySection>,
    pub virtual_payment: Option<VirtualPaymentSection>,
    pub payouts: PayoutsSection,
    pub im: ImSection,
    pub live: Option<LiveSection>,
    pub limits: LimitsSection,
    pub rooms: RoomsSection,
    /// Whether [`Settings::against_sandbox`] filled in the credentials. No file can say so.
    #[serde(skip)]
    has_sandbox_credentials: bool,
}

impl Settings {
    /// Reads the file, if one is given, and the environment.
    ///
    /// # Errors
    /// When the file cannot be read, or a key is unknown, missing or has a value of the wrong type.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::load_with(file, environment(process_variables()?))
    }

    /// How clients reach the server, without a trailing slash.
    #[must_use]
    pub fn public_url(&self) -> String {
        match self.server.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.server.listen),
            url => url.to_owned(),
        }
    }

    fn load_with(file: Option<&Path>, environment: Environment) -> anyhow::Result<Self> {
        let mut sources = Config::builder();
        if let Some(path) = file {
            sources = sources.add_source(File::from(path));
        }
        let settings = sources.add_source(environment).build()?;
        Ok(settings.try_deserialize()?)
    }
}

/// The environment as a source. Every value stays a text until its setting is known: parsing
/// numbers first would change secrets that look like a number. An empty variable is not set: it
/// must not replace a secret of the file.
fn environment(mut variables: HashMap<String, String>) -> Environment {
    variables.retain(|_, value| !value.trim().is_empty());
    Environment::with_prefix("QLIVE")
        .prefix_separator("__")
        .separator("__")
        .source(Some(variables))
}

/// The variables of this process that are settings.
///
/// # Errors
/// When a value is not UTF-8; the error names the variable.
fn process_variables() -> anyhow::Result<HashMap<String, String>> {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let is_setting = name.to_uppercase().starts_with("QLIVE__");
        is_setting.then(|| match value.into_string() {
            Ok(value) => Ok((name, value)),
            Err(_) => Err(anyhow!("{name} is not UTF-8")),
        })
    });
    variables.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn load(file: Option<&Path>, variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let variables = variables.iter().map(owned).collect();
        Settings::load_with(file, environment(variables))
    }

    #[test]
    fn secret_that_looks_like_a_number_stays_as_it_is_written() {
        let settings = load(
            None,
            &[
                ("QLIVE__IM__CALLBACK_TOKEN", "00123456"),
                ("QLIVE__IM__SECRET_KEY", "20190730123000123456"),
                ("QLIVE__IM__SDK_APP_ID", "1400000001"),
                ("QLIVE__LIMITS__ENABLED", "false"),
                ("QLIVE__SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1"),
            ],
        )
        .unwrap();
        let im = &settings.im;
        assert_eq!(
            im.callback_token.as_ref().unwrap().expose_secret(),
            "00123456"
        );
        assert_eq!(
            im.secret_key.as_ref().unwrap().expose_secret(),
            "20190730123000123456"
        );
        assert_eq!(im.sdk_app_id, 1_400_000_001);
        assert!(!settings.limits.enabled);
        assert_eq!(settings.server.trusted_proxies.len(), 2);
    }

    #[test]
    fn environment_wins_over_the_file_key_by_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("qlive.toml");
        let toml = r#"
            [wechat.apps]
            wx1 = "secret of the file"
            wx2 = "secret of the file"
            [wechat.push]
            appid = "wx1"
            token = "token of the file"
            encoding_aes_key = "key of the file"
            [payments]
            provider = "virtual"
            [rooms]
            admission = "open"
            guest_grace_secs = 5
            "#;
        std::fs::write(&file, toml).unwrap();
        let settings = load(
            Some(&file),
            &[
                ("QLIVE__WECHAT__APPS__WX1", "secret of the environment"),
                ("QLIVE__WECHAT__APPS__WX3", "secret of the environment"),
                ("QLIVE__WECHAT__PUSH__TOKEN", "token of the environment"),
                ("QLIVE__PAYMENTS__PROVIDER", "wechat_pay"),
                ("QLIVE__IM__SPEAKS", "client"),
                ("QLIVE__ROOMS__ADMISSION", "invited"),
            ],
        )
        .unwrap();
        let app = |name| settings.wechat.apps.get(name).unwrap().expose_secret();
        assert_eq!(app("wx1"), "secret of the environment");
        assert_eq!(app("wx2"), "secret of the file");
        assert_eq!(app("wx3"), "secret of the environment");
        let push = settings.wechat.push.as_ref().unwrap();
        assert_eq!(push.token.expose_secret(), "token of the environment");
        assert_eq!(push.appid, "wx1");
        assert_eq!(push.encoding_aes_key.expose_secret(), "key of the file");
        let provider = settings.payments.provider;
        assert_eq!(provider, Some(qlive_payments::Provider::WechatPay));
        assert_eq!(settings.im.speaks, qlive_rooms::SignalSender::Client);
        assert_eq!(settings.rooms.admission, qlive_rooms::Admission::Invited);
        assert_eq!(settings.rooms.guest_grace_secs, 5);
    }

    #[test]
    fn empty_variable_is_not_set() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("qlive.toml");
        let toml = "[im]\ncallback_token = \"of the file\"\n[limits]\nper_ip_per_second = 7";
        std::fs::write(&file, toml).unwrap();
        for value in ["", " ", "\t\n"] {
            let variables = [
                ("QLIVE__IM__CALLBACK_TOKEN", value),
                ("QLIVE__LIMITS__PER_IP_PER_SECOND", value),
                ("QLIVE__LIVE__PUSH_KEY", value),
            ];
            let settings = load(Some(&file), &variables).unwrap();
            let token = settings.im.callback_token.as_ref().unwrap();
            assert_eq!(token.expose_secret(), "of the file");
            assert_eq!(settings.limits.per_ip_per_second, 7);
            assert!(settings.live.is_none());
        }
    }

    #[test]
    fn section_from_the_environment_alone_needs_all_its_keys() {
        let complete = [
            ("QLIVE__LIVE__PUSH_DOMAIN", "push.example.com"),
            ("QLIVE__LIVE__PLAY_DOMAIN", "play.example.com"),
            ("QLIVE__LIVE__PUSH_KEY", "k"),
        ];
        let live = load(None, &complete).unwrap().live.unwrap();
        assert_eq!((live.app.as_str(), live.push_ttl_secs), ("live", 86_400));
        let error = load(None, &complete[..2]).unwrap_err().to_string();
        assert!(error.contains("push_key"), "{error}");
    }

    #[test]
    fn unknown_keys_and_values_are_errors_that_name_them() {
        for (key, value, named) in [
            ("QLIVE__NO_SUCH__SETTING", "1", "no_such"),
            ("QLIVE__SERVER__NO_SUCH", "1", "no_such"),
            ("QLIVE__WECHAT__PUSH__NO_SUCH", "1", "no_such"),
            ("QLIVE__ROOMS__ADMISSION", "everybody", "everybody"),
            ("QLIVE__IM__SPEAKS", "nobody", "nobody"),
            ("QLIVE__PAYMENTS__PROVIDER", "paypal", "paypal"),
            ("QLIVE__SERVER__LOG_FORMAT", "xml", "xml"),
        ] {
            let error = load(None, &[(key, value)]).unwrap_err().to_string();
            assert!(error.contains(named), "{key}={value}: {error}");
        }
    }
}
