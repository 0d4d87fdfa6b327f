//! The settings of money: `[payments]`, `[wechat_pay]`, `[virtual_payment]` and `[payouts]`.

use std::path::PathBuf;

use anyhow::Context as _;
use qlive_payments::Provider;
use qlive_tencent::NonEmptySecret;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// `[payments]`: which provider new orders go to.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentsSection {
    /// `virtual` or `wechat_pay`. Not set: the one that is configured, `virtual` when both are.
    pub provider: Option<Provider>,
    /// Above this, in fen to one user within seven days, two operators must ask for a refund.
    pub second_operator_above_fen: i64,
}

impl Default for PaymentsSection {
    fn default() -> Self {
        Self {
            provider: None,
            second_operator_above_fen: 100_000,
        }
    }
}

/// `[wechat_pay]`: WeChat Pay, API v3.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatPaySection {
    #[serde(default = "default_wechat_pay_api_url")]
    pub api_url: String,
    pub mchid: String,
    /// The serial number of the merchant's API certificate.
    pub merchant_serial: String,
    /// The private key of that certificate.
    #[serde(rename = "private_key_path")]
    pub private_key: Pem,
    /// 32 characters.
    pub api_v3_key: NonEmptySecret,
    /// The keys with which WeChat Pay signs: its public key, platform certificates, or both while
    /// WeChat moves the merchant from one to the other. Without a public key, platform
    /// certificates are fetched.
    #[serde(default)]
    pub verify_keys: Vec<VerifyKey>,
}

/// `[[wechat_pay.verify_keys]]`: a key with which WeChat Pay signs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyKey {
    /// The serial number of a certificate, or `PUB_KEY_ID_…`.
    pub id: String,
    #[serde(rename = "path")]
    pub key: Pem,
}

/// A key in PEM. A setting names a file; the keys of the sandbox, which are generated when it
/// starts, are texts.
#[derive(Debug, Clone)]
pub enum Pem {
    File(PathBuf),
    Text(SecretString),
}

impl<'de> Deserialize<'de> for Pem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        if path.to_string_lossy().trim().is_empty() {
            return Err(D::Error::custom("the path of a key must not be empty"));
        }
        Ok(Self::File(path))
    }
}

impl Pem {
    /// Reads the file, or returns the text.
    ///
    /// # Errors
    /// When the file cannot be read; the error names it.
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

/// `[virtual_payment]`: virtual payment of mini-programs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualPaymentSection {
    pub appid: String,
    pub offer_id: String,
    /// The key of the environment that `env` names.
    pub app_key: NonEmptySecret,
    /// 0 production, 1 WeChat's own sandbox.
    #[serde(default)]
    pub env: i64,
}

/// `[payouts]`: withdrawals of income, paid through WeChat Pay.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PayoutsSection {
    /// The transfer scene. Empty: no withdrawals.
    pub transfer_scene_id: String,
    /// Shown to the user by WeChat; 1 to 32 characters.
    pub remark: String,
    /// What WeChat asks for the transfer scene.
    pub report_infos: Vec<ReportInfo>,
    /// How old income must be, in days.
    pub min_age_days: u64,
    /// A withdrawal of more needs two operators.
    pub second_operator_above_fen: i64,
}

/// One answer that WeChat asks for the transfer scene.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportInfo {
    pub info_type: String,
    /// 1 to 32 characters.
    pub info_content: String,
}

impl Default for PayoutsSection {
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

fn default_wechat_pay_api_url() -> String {
    "https://api.mch.weixin.qq.com".into()
}
