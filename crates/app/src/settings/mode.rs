//! Whether a server runs against the real services or against the sandbox; never against both.

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;

use super::{ImSection, LiveSection, Settings};

/// Which external services a server runs against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// WeChat and Tencent.
    Real,
    /// A sandbox in the same process.
    Sandbox,
}

impl Settings {
    /// Decides the mode.
    ///
    /// # Errors
    /// When the sandbox is enabled beside real credentials or on an address that others can reach,
    /// or when settings of real mode are missing or contradict each other.
    pub fn mode(&self) -> anyhow::Result<Mode> {
        let has_credentials = self.has_real_credentials();
        let is_local = self.is_on_loopback();
        match self.sandbox.enabled {
            Some(true) if has_credentials => {
                bail!("[sandbox] is enabled beside real credentials: configure one or the other")
            }
            Some(true) if !is_local => bail!(
                "the sandbox serves on loopback only: set server.listen to 127.0.0.1, \
                 and no public_url"
            ),
            Some(true) => Ok(Mode::Sandbox),
            None if !has_credentials && is_local => Ok(Mode::Sandbox),
            None if !has_credentials => bail!(
                "nothing is configured, and the sandbox serves on loopback only: \
                 configure [wechat.apps], [im] and [live]"
            ),
            Some(false) | None => {
                self.check_real_mode()?;
                Ok(Mode::Real)
            }
        }
    }

    /// Whether the external services are a sandbox on this machine: that of this server, or that
    /// of another process.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        is_local(&self.wechat.api_url)
    }

    /// The section `[im]`.
    ///
    /// # Errors
    /// When it is not configured.
    pub fn im(&self) -> anyhow::Result<&ImSection> {
        if self.im.sdk_app_id == 0 || self.im.secret_key.expose_secret().is_empty() {
            bail!("[im] needs sdk_app_id and secret_key")
        }
        Ok(&self.im)
    }

    /// The section `[live]`.
    ///
    /// # Errors
    /// When it is not configured.
    pub fn live(&self) -> anyhow::Result<&LiveSection> {
        self.live.as_ref().context("[live] is not configured")
    }

    fn has_real_credentials(&self) -> bool {
        !self.wechat.apps.is_empty()
            || self.im.sdk_app_id != 0
            || self.live.is_some()
            || self.wechat_pay.is_some()
            || self.virtual_payment.is_some()
            || self.wechat.push.is_some()
    }

    fn is_on_loopback(&self) -> bool {
        self.server.listen.ip().is_loopback()
            && self.sandbox.listen.ip().is_loopback()
            && is_local(&self.server.public_url)
    }

    fn check_real_mode(&self) -> anyhow::Result<()> {
        if self.wechat.apps.is_empty() {
            bail!("[wechat.apps] names no app")
        }
        self.im()?;
        self.live()?;
        self.check_payment_sections()
    }
}

/// Whether a URL leads to this machine. An empty one does.
fn is_local(url: &str) -> bool {
    let host = url
        .split_once("://")
        .map_or(url, |(_, rest)| rest)
        .split(['/', ':'])
        .next()
        .unwrap_or_default();
    ["", "127.0.0.1", "localhost"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox_credentials::SandboxCredentials;

    /// Settings with credentials of every service.
    fn configured() -> Settings {
        let credentials = SandboxCredentials::generate().unwrap();
        Settings::default().against_sandbox("http://127.0.0.1:1", &credentials)
    }

    fn refusal(settings: &Settings) -> String {
        settings.mode().unwrap_err().to_string()
    }

    #[test]
    fn default_settings_are_the_sandbox() {
        assert_eq!(Settings::default().mode().unwrap(), Mode::Sandbox);
    }

    #[test]
    fn sandbox_beside_real_credentials_is_an_error() {
        let mut settings = configured();
        assert_eq!(settings.mode().unwrap(), Mode::Real);
        settings.sandbox.enabled = Some(true);
        assert!(refusal(&settings).contains("beside real credentials"));
    }

    #[test]
    fn sandbox_on_a_public_address_is_an_error() {
        let mut settings = Settings::default();
        settings.server.listen = ([0, 0, 0, 0], 80).into();
        assert!(refusal(&settings).contains("loopback only"));
        settings.sandbox.enabled = Some(true);
        assert!(refusal(&settings).contains("loopback only"));
        let mut settings = Settings::default();
        settings.sandbox.listen = ([0, 0, 0, 0], 81).into();
        assert!(settings.mode().is_err());
        let mut settings = Settings::default();
        settings.server.public_url = "https://qlive.example.com".into();
        let mode = settings.mode();
        assert!(
            mode.is_err(),
            "behind a proxy everybody could log in as any user"
        );
        settings.server.public_url = "http://localhost:8080".into();
        assert_eq!(settings.mode().unwrap(), Mode::Sandbox);
    }

    #[test]
    fn incomplete_configuration_is_an_error_that_names_the_section() {
        let mut settings = configured();
        settings.live = None;
        assert!(refusal(&settings).contains("[live]"));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let shown = format!("{:?}", configured());
        for secret in [
            "sandbox-app-secret",
            "sandbox-im-key",
            "sandbox-push-key",
            "sandbox-callback-key",
            "sandbox-secret-key",
            "sandbox-push-token",
            "sandboxEncodingAESKey",
            "sandbox-apiv3-key",
            "sandbox-xpay-app-key",
            "PRIVATE KEY",
        ] {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
}
