//! A sandbox of one test.

use std::net::TcpListener;
use std::time::Duration;

use futures_util::future::join_all;
use hmac::{Hmac, Mac as _};
use qlive_sandbox::{Credentials, Sandbox, SandboxConfig};
use qlive_types::Clock;
use serde_json::{Value, json};
use sha2::Sha256;

use super::receiver::Receiver;

/// A sandbox on a free port. Dropping it stops the sandbox and the receiver.
pub(crate) struct TestSandbox {
    pub(crate) url: String,
    pub(crate) config: SandboxConfig,
    pub(crate) credentials: Credentials,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    /// Where the sandbox sends its callbacks.
    pub(crate) receiver: Receiver,
    _sandbox: Sandbox,
}

/// A status and a JSON body; null when the body is no JSON.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl TestSandbox {
    pub(crate) fn start() -> Self {
        let receiver = Receiver::start();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = config(receiver.url("/callbacks/"));
        let clock = Clock::system();
        let sandbox = Sandbox::start(listener, config.clone(), clock.clone()).unwrap();
        Self {
            url: sandbox.url(),
            config,
            credentials: Credentials::get_or_generate().unwrap(),
            clock,
            http: client_with_user_agent(),
            receiver,
            _sandbox: sandbox,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.url));
        answer_of(request).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).json(&body);
        answer_of(request).await
    }

    /// Calls a control path; fails the test unless it answers 200 or 204.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        let answer = self.post(&format!("/sandbox/{path}"), body).await;
        assert!([200, 204].contains(&answer.status), "{path}: {answer:?}");
        answer.body
    }

    /// Switches a fault on.
    pub(crate) async fn add_fault(&self, fault: Value) {
        self.control("faults", fault).await;
    }

    /// Everything that the sandbox remembers.
    pub(crate) async fn state(&self) -> Value {
        self.get("/sandbox/state").await.body
    }

    /// Exchanges a login code.
    pub(crate) async fn log_in(&self, code: &str) -> Value {
        let path = format!(
            "/sns/jscode2session?appid={}&secret={}&js_code={code}&grant_type=authorization_code",
            self.config.app_id, self.config.app_secret
        );
        self.get(&path).await.body
    }

    /// The answer to a request for the stable access token.
    pub(crate) async fn request_token(&self, force_refresh: bool) -> Value {
        let body = json!({"grant_type": "client_credential", "appid": self.config.app_id,
            "secret": self.config.app_secret, "force_refresh": force_refresh});
        self.post("/cgi-bin/stable_token", body).await.body
    }

    pub(crate) async fn access_token(&self) -> String {
        let answer = self.request_token(false).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

/// A client that names itself and uses no proxy.
pub(crate) fn client_with_user_agent() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .user_agent("sandbox-tests")
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// Sends a request; fails the test when nobody answers.
pub(crate) async fn answer_of(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, body }
}

/// Runs calls at the same time and returns their results.
pub(crate) async fn run_at_once<F: Future>(calls: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    join_all(calls).await
}

/// HMAC-SHA256 in hexadecimal.
pub(crate) fn hmac_hex(key: &[u8], message: &[u8]) -> String {
    hex::encode(hmac(key, message))
}

/// HMAC-SHA256.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn config(callback_base: String) -> SandboxConfig {
    SandboxConfig {
        app_id: "wx1234567890abcdef".into(),
        app_secret: "app-secret".into(),
        sdk_app_id: 1_400_000_000,
        im_key: "im-key".into(),
        im_admin: "administrator".into(),
        im_callback_token: "im-token".into(),
        live_callback_key: "live-key".into(),
        live_push_domain: "push.example.com".into(),
        cloud_secret_id: "cloud-id".into(),
        cloud_secret_key: "cloud-key".into(),
        mchid: "1900000001".into(),
        merchant_serial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1".into(),
        api_v3_key: "0123456789abcdef0123456789abcdef".into(),
        virtual_payment_offer_id: "offer".into(),
        virtual_payment_app_key: "app-key".into(),
        virtual_payment_env: 1,
        push_token: "push-token".into(),
        push_aes_key: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".into(),
        callback_base,
        origins: Vec::new(),
        private_addresses: false,
    }
}
