//! The keys and certificates of a running sandbox.

use std::time::Duration;

use anyhow::Context as _;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use serde::Deserialize;

/// How long a sandbox may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What a merchant gets in WeChat Pay's console, as the sandbox serves it at `/sandbox/papers`. The
/// sandbox generates all of it and shows it to anybody who asks.
#[derive(Clone, Deserialize)]
pub struct SandboxCredentials {
    /// The merchant's private key, in PEM.
    pub merchant_key: String,
    /// The id of `public_key`: `PUB_KEY_ID_…`.
    pub public_key_id: String,
    /// The public key of WeChat Pay, in PEM.
    pub public_key: String,
    /// The serial number of `certificate`.
    pub certificate_serial: String,
    /// The platform certificate of WeChat Pay, in PEM. Empty: there is none.
    pub certificate: String,
}

impl SandboxCredentials {
    /// Fetches the credentials of the sandbox that runs at `url`. When none runs there, no call
    /// can succeed anyway, and newly generated credentials are returned.
    ///
    /// # Errors
    /// When the answer is not what a sandbox sends, or a key cannot be generated.
    pub async fn fetch(url: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .build()?;
        match http.get(format!("{url}/sandbox/papers")).send().await {
            Ok(answer) => answer.json().await.context("the sandbox's credentials"),
            Err(_) => Self::generate(),
        }
    }

    /// Generates credentials that no sandbox knows.
    ///
    /// # Errors
    /// When OpenSSL cannot generate a key.
    pub fn generate() -> anyhow::Result<Self> {
        let key = PKey::from_rsa(Rsa::generate(2048)?)?;
        Ok(Self {
            merchant_key: String::from_utf8(key.private_key_to_pem_pkcs8()?)?,
            public_key_id: "PUB_KEY_ID_0".into(),
            public_key: String::from_utf8(key.public_key_to_pem()?)?,
            certificate_serial: String::new(),
            certificate: String::new(),
        })
    }
}
