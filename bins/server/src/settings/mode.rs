//! Real or sandbox: never both.

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;

use super::{Im, Live, Settings};

/// The app that the sandbox knows: the one of the mini-program's own document.
pub(crate) const SANDBOX_APP: &str = "wxca891295c56f2c79";

/// Against which world a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Real,
    Sandbox,
}

impl Settings {
    /// Decides, or says what is missing or contradictory.
    pub fn mode(&self) -> anyhow::Result<Mode> {
        let real = !self.wechat.apps.is_empty() || self.im.sdk_app_id != 0 || self.live.is_some();
        let local = self.server.listen.ip().is_loopback()
            && self.sandbox.listen.ip().is_loopback()
            && is_local(&self.server.public_url);
        match self.sandbox.enabled {
            Some(true) if real => bail!("[sandbox] is enabled beside real credentials: configure one or the other"),
            Some(true) if !local => {
                bail!("the sandbox serves on loopback only: set server.listen to 127.0.0.1, and no public_url")
            }
            Some(true) => Ok(Mode::Sandbox),
            None if !real && local => Ok(Mode::Sandbox),
            None if !real => {
                bail!(
                    "nothing is configured, and the sandbox serves on loopback only: configure [wechat.apps], [im] and [live]"
                )
            }
            Some(false) | None => {
                if self.wechat.apps.is_empty() {
                    bail!("[wechat.apps] names no app")
                }
                self.im()?;
                self.live()?;
                Ok(Mode::Real)
            }
        }
    }

    pub(crate) fn im(&self) -> anyhow::Result<&Im> {
        if self.im.sdk_app_id == 0 || self.im.secret_key.expose_secret().is_empty() {
            bail!("[im] needs sdk_app_id and secret_key")
        }
        Ok(&self.im)
    }

    pub(crate) fn live(&self) -> anyhow::Result<&Live> {
        self.live.as_ref().context("[live] is not configured")
    }

    /// The same settings with the accounts of a sandbox at `url` filled in. The secrets are made up and public.
    #[must_use]
    pub fn against_sandbox(&self, url: &str) -> Self {
        let mut settings = self.clone();
        settings.wechat.api_url = url.to_owned();
        settings.wechat.apps = [(SANDBOX_APP.to_owned(), "sandbox-app-secret".to_owned().into())].into();
        settings.im = Im {
            api_url: url.to_owned(),
            sdk_app_id: 1_400_000_001,
            secret_key: "sandbox-im-key".to_owned().into(),
            admin: "administrator".into(),
            callback_token: Some("sandbox-im-token".to_owned().into()),
            speaks: self.im.speaks,
        };
        settings.live = Some(Live {
            push_domain: "push.sandbox.invalid".into(),
            play_domain: "play.sandbox.invalid".into(),
            app: "live".into(),
            push_key: "sandbox-push-key".to_owned().into(),
            play_key: None,
            callback_key: Some("sandbox-callback-key".to_owned().into()),
            push_ttl_secs: 86_400,
            api_url: url.to_owned(),
            secret_id: Some("sandbox-secret-id".into()),
            secret_key: Some("sandbox-secret-key".to_owned().into()),
        });
        settings
    }
}

/// Whether a public URL, if there is one, leads to this machine.
fn is_local(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
    ["", "127.0.0.1", "localhost"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_configured_is_the_sandbox() {
        assert_eq!(Settings::default().mode().unwrap(), Mode::Sandbox);
    }

    #[test]
    fn the_sandbox_never_stands_beside_real_credentials() {
        let mut settings = Settings::default().against_sandbox("http://127.0.0.1:1");
        assert_eq!(settings.mode().unwrap(), Mode::Real);
        settings.sandbox.enabled = Some(true);
        assert!(settings.mode().unwrap_err().to_string().contains("beside real credentials"));
    }

    #[test]
    fn the_sandbox_never_stands_on_a_public_address() {
        let mut settings = Settings::default();
        settings.server.listen = ([0, 0, 0, 0], 80).into();
        assert!(settings.mode().unwrap_err().to_string().contains("loopback only"));
        settings.sandbox.enabled = Some(true);
        assert!(settings.mode().unwrap_err().to_string().contains("loopback only"));
        let mut settings = Settings::default();
        settings.sandbox.listen = ([0, 0, 0, 0], 81).into();
        assert!(settings.mode().is_err());
        let mut settings = Settings::default();
        settings.server.public_url = "https://qlive.example.com".into();
        assert!(settings.mode().is_err(), "behind a proxy the world could log in as anybody");
        settings.server.public_url = "http://localhost:8080".into();
        assert_eq!(settings.mode().unwrap(), Mode::Sandbox);
    }

    #[test]
    fn half_a_configuration_says_what_is_missing() {
        let mut settings = Settings::default().against_sandbox("http://127.0.0.1:1");
        settings.live = None;
        assert!(settings.mode().unwrap_err().to_string().contains("[live]"));
    }

    #[test]
    fn no_secret_shows_in_debug() {
        let shown = format!("{:?}", Settings::default().against_sandbox("http://127.0.0.1:1"));
        for secret in
            ["sandbox-app-secret", "sandbox-im-key", "sandbox-push-key", "sandbox-callback-key", "sandbox-secret-key"]
        {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
}
