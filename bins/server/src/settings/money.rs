//! Settings of money: providers, payouts, and the keys they need.

use std::path::PathBuf;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

/// Which provider new orders go to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payments {
    /// The one that is configured, when absent; virtual payment when both are.
    pub provider: Option<Provider>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Virtual,
    WechatPay,
}

/// WeChat Pay, API v3.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatPay {
    #[serde(default = "pay_url")]
    pub api_url: String,
    pub mchid: String,
    /// The serial of the merchant's API certificate.
    pub merchant_serial: String,
    /// That certificate's private key.
    #[serde(rename = "private_key_path")]
    pub private_key: Pem,
    pub api_v3_key: SecretString,
    /// WeChat's public key, its certificates, or both while it moves from one to the
    /// other. Without a public key, certificates are fetched.
    #[serde(default)]
    pub verify_keys: Vec<VerifyKey>,
}

/// A key with which WeChat signs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyKey {
    /// A certificate's serial, or `PUB_KEY_ID_…`.
    pub id: String,
    #[serde(rename = "path")]
    pub key: Pem,
}

/// A PEM: in a file; or at hand, as the sandbox's are, which are drawn when it starts.
#[derive(Debug, Clone)]
pub enum Pem {
    File(PathBuf),
    Text(SecretString),
}

impl<'de> Deserialize<'de> for Pem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PathBuf::deserialize(deserializer).map(Self::File)
    }
}

impl Pem {
    /// What the PEM says.
    pub fn read(&self) -> anyhow::Result<SecretString> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                Ok(text.into())
            }
        }
    }
}

/// Virtual payment of mini-programs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualPayment {
    pub appid: String,
    pub offer_id: String,
    /// The key of the environment below.
    pub app_key: SecretString,
    /// 0 production, 1 sandbox.
    #[serde(default)]
    pub env: i64,
}

/// Payouts of income. Configured once `transfer_scene_id` is set; they go through WeChat Pay.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payouts {
    pub transfer_scene_id: String,
    pub remark: String,
    pub report_infos: Vec<ReportInfo>,
    pub min_age_days: u64,
    pub second_operator_above_fen: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportInfo {
    pub info_type: String,
    pub info_content: String,
}

impl Default for Payouts {
    fn default() -> Self {
        Self {
            transfer_scene_id: String::new(),
            remark: "收益提现".into(),
            report_infos: Vec::new(),
            min_age_days: 7,
            second_operator_above_fen: 100_000,
        }
    }
}

fn pay_url() -> String {
    "https://api.mch.weixin.qq.com".into()
}

impl super::Settings {
    /// Which provider new orders go to. An error when it names one that is not configured.
    pub fn provider(&self) -> anyhow::Result<Option<Provider>> {
        let (wechat_pay, xpay) = (self.wechat_pay.is_some(), self.virtual_payment.is_some());
        match self.payments.provider {
            Some(Provider::WechatPay) if !wechat_pay => {
                anyhow::bail!("[payments] names wechat_pay: configure [wechat_pay]")
            }
            Some(Provider::Virtual) if !xpay => {
                anyhow::bail!("[payments] names virtual: configure [virtual_payment]")
            }
            Some(provider) => Ok(Some(provider)),
            None if xpay => Ok(Some(Provider::Virtual)),
            None => Ok(wechat_pay.then_some(Provider::WechatPay)),
        }
    }

    /// What contradicts itself in the settings of money.
    pub(super) fn check_money(&self) -> anyhow::Result<()> {
        self.provider()?;
        if let Some(xpay) = &self.virtual_payment {
            anyhow::ensure!(
                [0, 1].contains(&xpay.env),
                "[virtual_payment] env is 0 or 1"
            );
            anyhow::ensure!(
                self.wechat.apps.contains_key(&xpay.appid),
                "[virtual_payment] appid is not among [wechat.apps]"
            );
        }
        if let (Some(push), Some(xpay)) = (&self.wechat.push, &self.virtual_payment) {
            anyhow::ensure!(
                push.appid == xpay.appid,
                "[wechat.push] is for another app than [virtual_payment]"
            );
        }
        if let Some(pay) = &self.wechat_pay {
            anyhow::ensure!(
                pay.api_v3_key.expose_secret().len() == 32,
                "[wechat_pay] api_v3_key has 32 characters"
            );
        }
        if !self.payouts.transfer_scene_id.is_empty() {
            anyhow::ensure!(
                self.wechat_pay.is_some(),
                "[payouts] go through WeChat Pay: configure [wechat_pay]"
            );
            anyhow::ensure!(
                !self.payouts.report_infos.is_empty(),
                "[payouts] needs report_infos"
            );
            // Longer ones WeChat refuses for good.
            let texts = self
                .payouts
                .report_infos
                .iter()
                .map(|info| &info.info_content);
            let fits = |text: &String| (1..=32).contains(&text.chars().count());
            anyhow::ensure!(
                texts.chain([&self.payouts.remark]).all(fits),
                "[payouts] remark and info_content have 1 to 32 characters"
            );
            anyhow::ensure!(
                self.payouts.second_operator_above_fen >= 0,
                "[payouts] second_operator_above_fen is not negative"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn settings(toml: &str) -> anyhow::Result<Settings> {
        let source = config::File::from_str(toml, config::FileFormat::Toml);
        Ok(config::Config::builder()
            .add_source(source)
            .build()?
            .try_deserialize()?)
    }

    const WECHAT_PAY: &str = r#"
        [wechat_pay]
        mchid = "1900000001"
        merchant_serial = "5157F09EFDC096DE"
        private_key_path = "/etc/qlive/merchant.pem"
        api_v3_key = "made-up-apiv3-key-0123456789abcd"
        [[wechat_pay.verify_keys]]
        id = "PUB_KEY_ID_1"
        path = "/etc/qlive/wechat.pem"
        "#;
    const VIRTUAL: &str = r#"
        [wechat.apps]
        wx1 = "s"
        [virtual_payment]
        appid = "wx1"
        offer_id = "145"
        app_key = "k"
        "#;

    #[test]
    fn new_orders_go_to_the_provider_that_is_configured() {
        assert_eq!(settings("").unwrap().provider().unwrap(), None);
        assert_eq!(
            settings(WECHAT_PAY).unwrap().provider().unwrap(),
            Some(Provider::WechatPay)
        );
        assert_eq!(
            settings(VIRTUAL).unwrap().provider().unwrap(),
            Some(Provider::Virtual)
        );
        let both = format!("{VIRTUAL}{WECHAT_PAY}");
        assert_eq!(
            settings(&both).unwrap().provider().unwrap(),
            Some(Provider::Virtual)
        );
        let chosen = format!("{both}\n[payments]\nprovider = \"wechat_pay\"");
        assert_eq!(
            settings(&chosen).unwrap().provider().unwrap(),
            Some(Provider::WechatPay)
        );
        assert!(
            settings("[payments]\nprovider = \"virtual\"")
                .unwrap()
                .provider()
                .is_err()
        );
        assert!(settings("[payments]\nprovider = \"paypal\"").is_err());
    }

    #[test]
    fn contradictions_are_named() {
        for (toml, why) in [
            (VIRTUAL.replace("wx1 = ", "wx2 = "), "not among"),
            (format!("{VIRTUAL}env = 2"), "env is 0 or 1"),
            (
                format!(
                    "{VIRTUAL}[wechat.push]\nappid = \"wx2\"\ntoken = \"t\"\nencoding_aes_key = \"k\""
                ),
                "another app",
            ),
            (WECHAT_PAY.replace("0123456789abcd", ""), "32 characters"),
            (
                "[payouts]\ntransfer_scene_id = \"1005\"".to_owned(),
                "configure [wechat_pay]",
            ),
            (
                format!("{WECHAT_PAY}[payouts]\ntransfer_scene_id = \"1005\""),
                "report_infos",
            ),
        ] {
            let error = settings(&toml)
                .unwrap()
                .check_money()
                .unwrap_err()
                .to_string();
            assert!(error.contains(why), "{error}");
        }
        settings(&format!("{VIRTUAL}{WECHAT_PAY}"))
            .unwrap()
            .check_money()
            .unwrap();
    }

    #[test]
    fn no_secret_of_money_shows_in_debug() {
        let settings =
            settings(&format!("{VIRTUAL}{WECHAT_PAY}").replace("\"k\"", "\"hidden-app-key\""))
                .unwrap();
        let shown = format!(
            "{settings:?} {:?}",
            Pem::Text("hidden-pem".to_owned().into())
        );
        assert!(
            !shown.contains("made-up-apiv3") && !shown.contains("hidden"),
            "{shown}"
        );
        assert!(shown.contains("/etc/qlive/merchant.pem"));
    }
}
