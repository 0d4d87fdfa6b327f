//! The settings of a server that runs against a sandbox: the same, with the credentials of every
//! external service filled in. All of these secrets are made up and public.

use qlive_payments::Provider;
use qlive_tencent::NonEmptySecret;

use super::{
    ImSection, LiveSection, Pem, PushSection, ReportInfo, Settings, VerifyKey,
    VirtualPaymentSection, WechatPaySection,
};
use crate::sandbox_credentials::SandboxCredentials;

/// The app id that the sandbox knows: the one of the mini-program's interface document.
pub const SANDBOX_APP: &str = "wxca891295c56f2c79";

impl Settings {
    /// Returns these settings with the credentials of a sandbox at `url` filled in.
    ///
    /// New orders go to WeChat Pay, which can be paid with one call to the sandbox, unless
    /// `payments.provider` says otherwise. The mode of the returned settings is the sandbox.
    ///
    /// # Errors
    /// Never with the credentials of a sandbox.
    pub fn against_sandbox(
        &self,
        url: &str,
        credentials: &SandboxCredentials,
    ) -> anyhow::Result<Self> {
        let mut settings = self.clone();
        settings.fill_in_tencent(url)?;
        settings.fill_in_providers(url, credentials)?;
        settings.has_sandbox_credentials = true;
        Ok(settings)
    }

    fn fill_in_tencent(&mut self, url: &str) -> anyhow::Result<()> {
        let secret = NonEmptySecret::try_from;
        self.wechat.api_url = url.to_owned();
        self.wechat.apps = [(SANDBOX_APP.to_owned(), secret("sandbox-app-secret")?)].into();
        self.wechat.push = Some(PushSection {
            appid: SANDBOX_APP.into(),
            token: secret("sandbox-push-token")?,
            encoding_aes_key: secret("sandboxEncodingAESKey0123456789abcdefghijkl")?,
        });
        self.im = ImSection {
            api_url: url.to_owned(),
            sdk_app_id: 1_400_000_001,
            secret_key: Some(secret("sandbox-im-key")?),
            admin: "administrator".into(),
            callback_token: Some(secret("sandbox-im-token")?),
            ..self.im.clone()
        };
        self.live = Some(LiveSection {
            push_domain: "push.sandbox.invalid".into(),
            play_domain: "play.sandbox.invalid".into(),
            app: "live".into(),
            push_key: secret("sandbox-push-key")?,
            play_key: None,
            callback_key: Some(secret("sandbox-callback-key")?),
            push_ttl_secs: 86_400,
            api_url: url.to_owned(),
            secret_id: Some(secret("sandbox-secret-id")?),
            secret_key: Some(secret("sandbox-secret-key")?),
        });
        Ok(())
    }

    fn fill_in_providers(
        &mut self,
        url: &str,
        credentials: &SandboxCredentials,
    ) -> anyhow::Result<()> {
        self.wechat_pay = Some(WechatPaySection {
            api_url: url.to_owned(),
            mchid: "1900000001".into(),
            merchant_serial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1".into(),
            private_key: Pem::Text(credentials.merchant_key.clone().into()),
            api_v3_key: NonEmptySecret::try_from("sandbox-apiv3-key-0123456789abcd")?,
            verify_keys: verify_keys(credentials),
        });
        self.virtual_payment = Some(VirtualPaymentSection {
            appid: SANDBOX_APP.into(),
            offer_id: "1450000001".into(),
            app_key: NonEmptySecret::try_from("sandbox-xpay-app-key")?,
            env: 1,
        });
        self.payments.provider = self.payments.provider.or(Some(Provider::WechatPay));
        self.payouts.transfer_scene_id = "1005".into();
        let info = |info_type: &str, info_content: &str| ReportInfo {
            info_type: info_type.into(),
            info_content: info_content.into(),
        };
        self.payouts.report_infos =
            vec![info("岗位类型", "直播嘉宾"), info("报酬说明", "直播收益")];
        Ok(())
    }
}

/// The sandbox's public key, and its platform certificate if it has one.
fn verify_keys(credentials: &SandboxCredentials) -> Vec<VerifyKey> {
    let key = |id: &str, pem: &str| VerifyKey {
        id: id.to_owned(),
        key: Pem::Text(pem.to_owned().into()),
    };
    let mut keys = vec![key(&credentials.public_key_id, &credentials.public_key)];
    if !credentials.certificate.is_empty() {
        keys.push(key(
            &credentials.certificate_serial,
            &credentials.certificate,
        ));
    }
    keys
}
