//! Real or sandbox: never both.

use anyhow::{Context as _, bail};
use qlive_sandbox::Papers;
use secrecy::ExposeSecret as _;

use super::{
    Im, Live, Pem, Provider, Push, ReportInfo, Settings, VerifyKey, VirtualPayment, WechatPay,
};

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
        let money = self.wechat_pay.is_some()
            || self.virtual_payment.is_some()
            || self.wechat.push.is_some();
        let real =
            !self.wechat.apps.is_empty() || self.im.sdk_app_id != 0 || self.live.is_some() || money;
        let local = self.server.listen.ip().is_loopback()
            && self.sandbox.listen.ip().is_loopback()
            && is_local(&self.server.public_url);
        match self.sandbox.enabled {
            Some(true) if real => {
                bail!("[sandbox] is enabled beside real credentials: configure one or the other")
            }
            Some(true) if !local => {
                bail!(
                    "the sandbox serves on loopback only: set server.listen to 127.0.0.1, and no public_url"
                )
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
                self.check_money()?;
                Ok(Mode::Real)
            }
        }
    }

    /// Whether the outside world is played on this machine, by this server's sandbox or another's.
    pub(crate) fn is_played(&self) -> bool {
        is_local(&self.wechat.api_url)
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
    /// New orders go to WeChat Pay, which a person can pay with one call; `[payments] provider` says otherwise.
    #[must_use]
    pub fn against_sandbox(&self, url: &str, papers: &Papers) -> Self {
        let mut settings = self.clone();
        settings.wechat.api_url = url.to_owned();
        settings.wechat.apps = [(
            SANDBOX_APP.to_owned(),
            "sandbox-app-secret".to_owned().into(),
        )]
        .into();
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
        settings.against_sandbox_money(url, papers);
        settings
    }

    fn against_sandbox_money(&mut self, url: &str, papers: &Papers) {
        let pem = |text: &String| Pem::Text(text.clone().into());
        let verify_key = |id: &String, key: &String| VerifyKey {
            id: id.clone(),
            key: pem(key),
        };
        self.wechat.push = Some(Push {
            appid: SANDBOX_APP.into(),
            token: "sandbox-push-token".to_owned().into(),
            encoding_aes_key: "sandboxEncodingAESKey0123456789abcdefghijkl"
                .to_owned()
                .into(),
        });
        self.wechat_pay = Some(WechatPay {
            api_url: url.to_owned(),
            mchid: "1900000001".into(),
            merchant_serial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1".into(),
            private_key: pem(&papers.merchant_key),
            api_v3_key: "sandbox-apiv3-key-0123456789abcd".to_owned().into(),
            verify_keys: vec![
                verify_key(&papers.public_key_id, &papers.public_key),
                verify_key(&papers.certificate_serial, &papers.certificate),
            ],
        });
        self.virtual_payment = Some(VirtualPayment {
            appid: SANDBOX_APP.into(),
            offer_id: "1450000001".into(),
            app_key: "sandbox-xpay-app-key".to_owned().into(),
            env: 1,
        });
        self.payments.provider = self.payments.provider.or(Some(Provider::WechatPay));
        self.payouts.transfer_scene_id = "1005".into();
        let info = |kind: &str, content: &str| ReportInfo {
            info_type: kind.into(),
            info_content: content.into(),
        };
        self.payouts.report_infos =
            vec![info("岗位类型", "直播嘉宾"), info("报酬说明", "直播收益")];
    }
}

/// Whether a URL, if there is one, leads to this machine.
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

    fn papers() -> Papers {
        Papers::drawn().unwrap()
    }

    #[test]
    fn nothing_configured_is_the_sandbox() {
        assert_eq!(Settings::default().mode().unwrap(), Mode::Sandbox);
    }

    #[test]
    fn the_sandbox_never_stands_beside_real_credentials() {
        let mut settings = Settings::default().against_sandbox("http://127.0.0.1:1", &papers());
        assert_eq!(settings.mode().unwrap(), Mode::Real);
        settings.sandbox.enabled = Some(true);
        assert!(
            settings
                .mode()
                .unwrap_err()
                .to_string()
                .contains("beside real credentials")
        );
    }

    #[test]
    fn the_sandbox_never_stands_on_a_public_address() {
        let mut settings = Settings::default();
        settings.server.listen = ([0, 0, 0, 0], 80).into();
        assert!(
            settings
                .mode()
                .unwrap_err()
                .to_string()
                .contains("loopback only")
        );
        settings.sandbox.enabled = Some(true);
        assert!(
            settings
                .mode()
                .unwrap_err()
                .to_string()
                .contains("loopback only")
        );
        let mut settings = Settings::default();
        settings.sandbox.listen = ([0, 0, 0, 0], 81).into();
        assert!(settings.mode().is_err());
        let mut settings = Settings::default();
        settings.server.public_url = "https://qlive.example.com".into();
        assert!(
            settings.mode().is_err(),
            "behind a proxy the world could log in as anybody"
        );
        settings.server.public_url = "http://localhost:8080".into();
        assert_eq!(settings.mode().unwrap(), Mode::Sandbox);
    }

    #[test]
    fn half_a_configuration_says_what_is_missing() {
        let mut settings = Settings::default().against_sandbox("http://127.0.0.1:1", &papers());
        settings.live = None;
        assert!(settings.mode().unwrap_err().to_string().contains("[live]"));
    }

    #[test]
    fn no_secret_shows_in_debug() {
        let shown = format!(
            "{:?}",
            Settings::default().against_sandbox("http://127.0.0.1:1", &papers())
        );
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
