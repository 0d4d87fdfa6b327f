//! An empty variable of the environment does not replace a secret of the file.

use std::process::Stdio;

use md5::{Digest as _, Md5};
use qlive_types::Clock;
use reqwest::Client;
use serde_json::json;

use crate::process::{server, temp_folder, wait_until_serving};

/// Settings of real services, which are not called.
const SETTINGS: &str = r#"
    [wechat.apps]
    wx0000000000000000 = "a-secret"
    [im]
    sdk_app_id = 1400000001
    secret_key = "a-key"
    [live]
    push_domain = "push.example.com"
    play_domain = "play.example.com"
    push_key = "a-key"
    callback_key = "good-callback-key"
"#;

/// Sends a stream callback that is signed with `key`, and returns the status.
async fn send_stream_callback(base: &str, key: &str) -> u16 {
    let expires_at = Clock::system().now().secs() + 600;
    let sign = Md5::digest(format!("{key}{expires_at}"));
    let sign: String = sign.iter().map(|byte| format!("{byte:02x}")).collect();
    let body = json!({"event_type": 1, "stream_id": "1", "t": expires_at, "sign": sign});
    let http = Client::builder().no_proxy().build().unwrap();
    let request = http.post(format!("{base}live_notify/")).json(&body);
    request.send().await.unwrap().status().as_u16()
}

#[test]
fn empty_variable_leaves_the_callback_key_of_the_file() {
    let folder = temp_folder();
    let file = folder.path().join("qlive.toml");
    std::fs::write(&file, SETTINGS).unwrap();
    for value in ["", "  "] {
        let mut child = server(folder.path())
            .arg("--config")
            .arg(&file)
            .env("QLIVE__LIVE__CALLBACK_KEY", value)
            .env("QLIVE__LIVE__PUSH_KEY", value)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let base = wait_until_serving(&mut child);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let statuses = runtime.block_on(async {
            let mut statuses = Vec::new();
            for key in ["", value, "good-callback-key"] {
                statuses.push(send_stream_callback(&base, key).await);
            }
            statuses
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(statuses, [401, 401, 200], "{value:?}");
    }
}
