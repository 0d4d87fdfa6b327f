//! What the server under development tells the sandbox about itself.

/// The identifiers and shared secrets with which the sandbox and the server under development know
/// each other. In production these come from the vendors' consoles; here they are made up.
#[derive(Clone)]
pub struct SandboxConfig {
    /// `AppID` of the mini-program.
    pub app_id: String,
    /// `AppSecret` of the mini-program.
    pub app_secret: String,
    /// `SDKAppID` of the Tencent IM application.
    pub sdk_app_id: u32,
    /// Secret key with which `UserSig`s of the IM application are signed.
    pub im_key: String,
    /// The IM account that may call the REST API.
    pub im_admin: String,
    /// Token with which IM signs its callbacks.
    pub im_callback_token: String,
    /// Key with which CSS signs its callbacks.
    pub live_callback_key: String,
    /// Domain to which hosts push their streams.
    pub live_push_domain: String,
    /// `SecretId` of the cloud API.
    pub cloud_secret_id: String,
    /// `SecretKey` of the cloud API.
    pub cloud_secret_key: String,
    /// WeChat Pay merchant number.
    pub mchid: String,
    /// Serial number of the merchant's API certificate.
    pub merchant_serial: String,
    /// The merchant's APIv3 key: 32 bytes, which encrypt the resources of notices.
    pub api_v3_key: String,
    /// `offerId` of virtual payment.
    pub virtual_payment_offer_id: String,
    /// `AppKey` of virtual payment, which signs calls and `paySig`.
    pub virtual_payment_app_key: String,
    /// `env` of virtual payment: 0 is production, 1 is WeChat's own sandbox.
    pub virtual_payment_env: i64,
    /// Token with which message push is signed.
    pub push_token: String,
    /// `EncodingAESKey` of message push: 43 characters of Base64.
    pub push_aes_key: String,
    /// URL below which the server takes callbacks, with a trailing slash.
    pub callback_base: String,
    /// Further origins whose pages may call the sandbox, such as `http://localhost:5173`. Those of
    /// the server itself always may.
    pub origins: Vec<String>,
    /// Whether it answers requests for private addresses, for a front end on another machine.
    pub private_addresses: bool,
}

impl SandboxConfig {
    /// The values that a server without configuration assumes. All of them are made up and public.
    #[must_use]
    pub fn new(callback_base: String) -> Self {
        Self {
            app_id: "wxca891295c56f2c79".into(),
            app_secret: "sandbox-app-secret".into(),
            sdk_app_id: 1_400_000_001,
            im_key: "sandbox-im-key".into(),
            im_admin: "administrator".into(),
            im_callback_token: "sandbox-im-token".into(),
            live_callback_key: "sandbox-callback-key".into(),
            live_push_domain: "push.sandbox.invalid".into(),
            cloud_secret_id: "sandbox-secret-id".into(),
            cloud_secret_key: "sandbox-secret-key".into(),
            mchid: "1900000001".into(),
            merchant_serial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1".into(),
            api_v3_key: "sandbox-apiv3-key-0123456789abcd".into(),
            virtual_payment_offer_id: "1450000001".into(),
            virtual_payment_app_key: "sandbox-xpay-app-key".into(),
            virtual_payment_env: 1,
            push_token: "sandbox-push-token".into(),
            push_aes_key: "sandboxEncodingAESKey0123456789abcdefghijkl".into(),
            callback_base,
            origins: Vec::new(),
            private_addresses: false,
        }
    }
}
