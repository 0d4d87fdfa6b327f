//! The log contains no secrets, at the most detailed level.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::process::{server, temp_folder, wait_until_serving};

/// The id of the mini-program that the sandbox knows.
const APP: &str = "wxca891295c56f2c79";
/// The real name that a withdrawal sends.
const REAL_NAME: &str = "一个保密的名字";
/// Secrets that the sandbox draws or fixes, forged values, and names of secret parameters.
const FIXED_SECRETS: [&str; 17] = [
    REAL_NAME,
    "a-forged-signature",
    "a-forged-nonce",
    "a-forged-ciphertext",
    "a-forged-push",
    "sandbox-apiv3-key",
    "sandbox-xpay-app-key",
    "sandbox-push-token",
    "sandboxEncodingAESKey",
    "bob.secret-code",
    "sandbox-app-secret",
    "sandbox-im-key",
    "sandbox-im-token",
    "sandbox-push-key",
    "sandbox-callback-key",
    "sandbox-secret-key",
    "usersig=",
];

/// Starts the server with the most detailed log, written to `log_path`.
fn start_with_trace_log(folder: &Path, sandbox: &str, log_path: &Path) -> Child {
    server(folder)
        .env("QLIVE__SANDBOX__LISTEN", sandbox)
        .env("QLIVE__SERVER__LOG", "trace")
        .env("QLIVE__WECHAT__CONTENT_CHECK", "true")
        .env("QLIVE__PAYMENTS__PROVIDER", "virtual")
        .stdout(Stdio::piped())
        .stderr(Stdio::from(File::create(log_path).unwrap()))
        .spawn()
        .unwrap()
}

#[test]
fn log_contains_no_secrets() {
    let folder = temp_folder();
    let log_path = folder.path().join("log");
    let free_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sandbox = free_port.local_addr().unwrap().to_string();
    drop(free_port);
    let mut child = start_with_trace_log(folder.path(), &sandbox, &log_path);
    let api = Api {
        base: wait_until_serving(&mut child),
        sandbox: format!("http://{sandbox}"),
        http: Client::builder().no_proxy().build().unwrap(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let secrets = runtime.block_on(use_every_secret(&api));
    std::thread::sleep(Duration::from_millis(500));
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::read_to_string(log_path).unwrap();
    assert!(
        log.contains("accept_micro"),
        "the log has no line about requests"
    );
    assert!(
        log.contains("a callback does not verify"),
        "the log has no line about forged callbacks"
    );
    for secret in secrets {
        assert!(secret.len() >= 8, "too short to be found: {secret}");
        if let Some(at) = log.find(&secret) {
            let line_number = log[..at].lines().count();
            let line = log.lines().nth(line_number.saturating_sub(1));
            panic!("a secret is in the log: {}", line.unwrap());
        }
    }
}

/// The addresses of the server and its sandbox.
struct Api {
    /// The base URL of the API.
    base: String,
    sandbox: String,
    http: Client,
}

impl Api {
    async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header("Authorization", format!("QLiveToken {token}"));
        let answer = request.json(&body).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn credentials(&self) -> Value {
        let request = self.http.get(format!("{}/sandbox/papers", self.sandbox));
        request.send().await.unwrap().json().await.unwrap()
    }
}

/// Sends a request and returns the status.
async fn send(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

fn field(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap().to_owned()
}

/// The signature in the URL that a stream is pushed to.
fn push_secret(answer: &Value) -> String {
    let url = answer["push_url"].as_str().unwrap();
    let secret = url.split("txSecret=").nth(1).unwrap();
    secret.split('&').next().unwrap().to_owned()
}

/// Makes the server use every secret, and returns those that its log must not contain.
async fn use_every_secret(api: &Api) -> Vec<String> {
    let login = json!({"appId": APP, "code": "host"});
    let host = api.post("qlive_user/login/", "", login).await;
    let registration = json!({"appId": APP, "code": "bob.secret-code"});
    let bob = api.post("qlive_user/", "", registration).await;
    let mut secrets: Vec<String> = FIXED_SECRETS.map(str::to_owned).into();
    // The sandbox derives the session key from the login code.
    let session_key = STANDARD.encode(Md5::digest("session key of bob.secret-code"));
    let merchant_key = field(&api.credentials().await, "merchant_key");
    let line_of_merchant_key = merchant_key.lines().nth(3).unwrap().to_owned();
    secrets.extend([
        "access_token=".to_owned(),
        session_key,
        line_of_merchant_key,
        field(&host, "token"),
        field(&host, "user_sign"),
        field(&bob, "token"),
        field(&bob, "user_sign"),
    ]);
    let token = field(&bob, "token");
    secrets.extend(use_room(api, &field(&host, "token"), &token).await);
    secrets.extend(use_money(api, &token).await);
    send_forged_callbacks(api).await;
    secrets
}

/// Opens a room and lets the user take the mic. Returns the secrets in the push URLs.
async fn use_room(api: &Api, host_token: &str, token: &str) -> [String; 2] {
    let path = "qlive_room/matchmaker_enter/";
    let room = api.post(path, host_token, json!({})).await;
    let profile = json!({"nickname": "bob", "gender": 1});
    api.post("qlive_user/update_userinfo/", token, profile)
        .await;
    let url = format!("{}get_playurl/?live_id={}", api.base, room["live_id"]);
    let enter = api.http.get(url);
    let enter = enter.header("Authorization", format!("QLiveToken {token}"));
    assert_eq!(send(enter).await, 200);
    let live = json!({"live_id": room["live_id"]});
    api.post("qlive_room/apply_micro/", token, live.clone())
        .await;
    let accepted = api.post("qlive_room/accept_micro/", token, live).await;
    [push_secret(&accepted), push_secret(&room)]
}

/// Pays an order and requests a withdrawal with a real name. Returns the signatures.
async fn use_money(api: &Api, token: &str) -> [String; 3] {
    let order = api.post("qlive_pay/", token, json!({"block_id": 1})).await;
    let content: Value = serde_json::from_str(order["content"].as_str().unwrap()).unwrap();
    let number = field(&content, "out_trade_no");
    let pay = api
        .http
        .post(format!("{}/sandbox/pay/{number}", api.sandbox));
    assert_eq!(send(pay.json(&content)).await, 200);
    let path = "qlive_user/update_userinfo/";
    let profile = api.post(path, token, json!({})).await;
    assert_eq!(profile["gold"], 60, "{profile}");
    let withdrawal = json!({"income": 100, "request_id": "w", "real_name": REAL_NAME});
    let refused = api.post("qlive_user/withdraw/", token, withdrawal).await;
    assert_eq!(refused["code"], "not_withdrawable");
    [
        field(&content, "paySig"),
        field(&content, "signature"),
        field(&order, "sign"),
    ]
}

/// Sends callbacks with invalid signatures.
async fn send_forged_callbacks(api: &Api) {
    let notice = api
        .http
        .post(format!("{}pay_notify/", api.base))
        .header("Wechatpay-Signature", "a-forged-signature")
        .header("Wechatpay-Timestamp", "1")
        .header("Wechatpay-Nonce", "a-forged-nonce")
        .body(r#"{"resource":{"ciphertext":"a-forged-ciphertext"}}"#);
    assert_eq!(send(notice).await, 401);
    let query = "signature=a-forged-push&timestamp=1&nonce=2";
    let push = api.http.post(format!("{}wx_notify/?{query}", api.base));
    assert_eq!(send(push.body("<xml/>")).await, 401);
}
