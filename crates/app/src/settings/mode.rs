//! Whether a server runs against the real services or against the sandbox; never against both.

use anyhow::{Context as _, bail};
use qlive_tencent::NonEmptySecret;

use super::{ImSection, LiveSection, Settings};

/// Which external services a server runs against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// WeChat and Tencent.
    Real,
    /// A sandbox, in the same process or in another one on this machine.
    Sandbox,
}

impl Settings {
    /// Decides the mode.
    ///
    /// # Errors
    /// When the sandbox is enabled beside real credentials or on an address that others can reach,
    /// or when settings of real mode are missing or contradict each other.
    pub fn mode(&self) -> anyhow::Result<Mode> {
        self.check_urls()?;
        if self.has_sandbox_credentials {
            self.check_real_mode()?;
            return Ok(Mode::Sandbox);
        }
        let has_credentials = self.has_real_credentials();
        let is_local = self.is_local();
        match self.sandbox.enabled {
            Some(true) if has_credentials => {
                bail!("[sandbox] is enabled beside real credentials: configure one or the other")
            }
            Some(true) if !is_local => bail!(
                "the sandbox serves on loopback only: set server.listen to 127.0.0.1, \
                 sandbox.join and server.internal_listen likewise, and no public_url; or set \
                 sandbox.private_addresses for a private network"
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

    /// Whether the external services are a sandbox. The mode decides that, never an address: the
    /// real services may be called through a proxy on this machine.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.mode().is_ok_and(|mode| mode == Mode::Sandbox)
    }

    /// Whether the credentials of a sandbox are filled in already; see
    /// [`Settings::against_sandbox`].
    #[must_use]
    pub const fn has_sandbox_credentials(&self) -> bool {
        self.has_sandbox_credentials
    }

    /// The section `[im]`.
    ///
    /// # Errors
    /// When it is not configured.
    pub fn im(&self) -> anyhow::Result<&ImSection> {
        self.im_secret_key()?;
        Ok(&self.im)
    }

    /// The key that signs users in to Tencent IM.
    ///
    /// # Errors
    /// When `[im]` is not configured.
    pub fn im_secret_key(&self) -> anyhow::Result<&NonEmptySecret> {
        let key = self.im.secret_key.as_ref();
        key.filter(|_| self.im.sdk_app_id != 0)
            .context("[im] needs sdk_app_id and secret_key")
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

    fn check_real_mode(&self) -> anyhow::Result<()> {
        if self.wechat.apps.is_empty() {
            bail!("[wechat.apps] names no app")
        }
        self.im()?;
        self.live()?;
        self.check_required_texts()?;
        self.check_payment_sections()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox_credentials::SandboxCredentials;
    use std::path::Path;

    /// Settings with real credentials of every service.
    fn configured() -> Settings {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut settings = Settings::load(Some(&root.join("qlive.example.toml"))).unwrap();
        settings.sandbox.enabled = None;
        settings
    }

    /// Settings with the credentials of a sandbox.
    fn sandbox() -> Settings {
        let credentials = SandboxCredentials::generate().unwrap();
        let settings = Settings::default().against_sandbox("http://127.0.0.1:1", &credentials);
        settings.unwrap()
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
    fn public_url_is_local_by_its_host_and_not_by_its_beginning() {
        for url in [
            "https://localhost:x@evil.example",
            "https://localhost@evil.example",
            "https://127.0.0.1:8080@evil.example",
            "https://localhost.evil.example",
        ] {
            for enabled in [None, Some(true)] {
                let mut settings = Settings::default();
                settings.sandbox.enabled = enabled;
                settings.server.public_url = url.into();
                let error = refusal(&settings);
                assert!(
                    error.contains("loopback only") || error.contains("user name"),
                    "{url}: {error}"
                );
            }
        }
    }

    #[test]
    fn sandbox_beside_a_public_listener_is_an_error() {
        let public = Some(([0, 0, 0, 0], 9090).into());
        let mut settings = Settings::default();
        settings.server.internal_listen = public;
        assert!(refusal(&settings).contains("loopback only"));
        let mut settings = Settings::default();
        settings.sandbox.join = public;
        assert!(refusal(&settings).contains("loopback only"));
    }

    #[test]
    fn mode_is_real_although_every_api_url_is_on_this_machine() {
        let mut settings = configured();
        let proxy = "http://127.0.0.1:3128";
        for api_url in [
            &mut settings.wechat.api_url,
            &mut settings.im.api_url,
            &mut settings.live.as_mut().unwrap().api_url,
            &mut settings.wechat_pay.as_mut().unwrap().api_url,
        ] {
            proxy.clone_into(api_url);
        }
        assert_eq!(settings.mode().unwrap(), Mode::Real);
        assert!(!settings.is_sandbox());
    }

    #[test]
    fn settings_with_the_credentials_of_a_sandbox_are_the_sandbox() {
        let settings = sandbox();
        assert_eq!(settings.mode().unwrap(), Mode::Sandbox);
        assert!(settings.is_sandbox() && settings.has_sandbox_credentials());
    }

    #[test]
    fn empty_required_text_is_an_error_that_names_it() {
        type Change = fn(&mut Settings);
        let cases: [(&str, Change); 5] = [
            ("[im] admin", |s| s.im.admin.clear()),
            ("[live] play_domain", |s| {
                s.live.as_mut().unwrap().play_domain = " ".into();
            }),
            ("[wechat.push] appid", |s| {
                s.wechat.push.as_mut().unwrap().appid.clear();
            }),
            ("[virtual_payment] offer_id", |s| {
                s.virtual_payment.as_mut().unwrap().offer_id.clear();
            }),
            ("[wechat_pay] mchid", |s| {
                s.wechat_pay.as_mut().unwrap().mchid.clear();
            }),
        ];
        for (named, change) in cases {
            let mut settings = configured();
            change(&mut settings);
            assert!(refusal(&settings).contains(named), "{named}");
        }
    }

    #[test]
    fn incomplete_configuration_is_an_error_that_names_the_section() {
        let mut settings = configured();
        settings.live = None;
        assert!(refusal(&settings).contains("[live]"));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let shown = format!("{:?}", sandbox());
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
