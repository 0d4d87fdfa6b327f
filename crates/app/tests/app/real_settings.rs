//! Settings of real mode with everything configured.

use std::path::Path;

use qlive_app::{Pem, Provider, SandboxCredentials, Settings, VerifyKey};

/// The example file, with keys that exist in place of those in files.
pub(crate) fn real_settings() -> Settings {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut settings = Settings::load(Some(&root.join("qlive.example.toml"))).unwrap();
    let credentials = SandboxCredentials::generate().unwrap();
    settings.sandbox.enabled = None;
    settings.payments.provider = Some(Provider::WechatPay);
    let wechat_pay = settings.wechat_pay.as_mut().unwrap();
    wechat_pay.private_key = Pem::Text(credentials.merchant_key.into());
    wechat_pay.verify_keys = vec![VerifyKey {
        id: credentials.public_key_id,
        key: Pem::Text(credentials.public_key.into()),
    }];
    settings
}
