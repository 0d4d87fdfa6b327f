//! The keys and certificates of a running sandbox.

use std::error::Error as _;
use std::io;
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
    /// Fetches the credentials of the sandbox that runs at `url`.
    ///
    /// # Errors
    /// When no sandbox answers there.
    pub async fn fetch(url: &str) -> anyhow::Result<Self> {
        let answer = send(url).await?;
        read(answer).await
    }

    /// Fetches the credentials of the sandbox that runs at `url`. When nothing listens there, no
    /// call can succeed anyway, and newly generated credentials are returned.
    ///
    /// # Errors
    /// When something listens there that does not answer as a sandbox does, or a key cannot be
    /// generated.
    pub async fn fetch_or_generate(url: &str) -> anyhow::Result<Self> {
        match send(url).await {
            Ok(answer) => read(answer).await,
            Err(error) if is_refused(&error) => Self::generate(),
            Err(error) => Err(error.into()),
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

async fn send(url: &str) -> reqwest::Result<reqwest::Response> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()?;
    http.get(format!("{url}/sandbox/papers")).send().await
}

async fn read(answer: reqwest::Response) -> anyhow::Result<SandboxCredentials> {
    let answer = answer.error_for_status();
    let credentials = answer.context("the sandbox's credentials")?.json().await;
    credentials.context("the sandbox's credentials")
}

/// Whether nothing listens at the address that was called.
fn is_refused(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    #[tokio::test]
    async fn credentials_are_generated_only_when_nothing_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert!(SandboxCredentials::fetch(&url).await.is_err());
        let generated = SandboxCredentials::fetch_or_generate(&url).await.unwrap();
        assert!(generated.merchant_key.contains("PRIVATE KEY"));
    }

    #[tokio::test]
    async fn other_server_at_the_address_of_the_sandbox_is_an_error() {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "",
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 4096]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            });
            let result = SandboxCredentials::fetch_or_generate(&url).await;
            assert!(result.is_err(), "{answer:?}");
            server.join().unwrap();
        }
    }
}
