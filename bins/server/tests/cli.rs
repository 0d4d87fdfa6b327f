//! The server as a process: what it prints, what it refuses, how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

fn server(folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qlive-server"));
    command
        .current_dir(folder)
        .env("QLIVE__SERVER__LISTEN", "127.0.0.1:0")
        .env("QLIVE__SANDBOX__LISTEN", "127.0.0.1:0");
    command
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Waits for the line that says where it serves.
fn serving(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    // Keep reading, so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    line.split_whitespace().last().unwrap().to_owned()
}

#[test]
fn it_serves_with_no_configuration_and_stops_when_told() {
    let folder = folder();
    let mut child = server(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let base = serving(&mut child);
    assert!(
        base.starts_with("http://127.0.0.1:") && base.ends_with("/wx/api/qlive/"),
        "{base}"
    );
    assert!(folder.path().join("qlive.db").is_file());
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn it_starts_again_on_what_it_left() {
    let folder = folder();
    for _ in 0..2 {
        let mut child = server(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        serving(&mut child);
        std::thread::sleep(Duration::from_millis(200));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn it_migrates() {
    let folder = folder();
    for _ in 0..2 {
        let output = server(folder.path()).arg("migrate").output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).contains("up to date"));
    }
}

#[test]
fn it_checks_a_configuration() {
    let folder = folder();
    let file = folder.path().join("qlive.toml");
    let config = r#"
        [server]
        listen = "0.0.0.0:8080"
        [wechat.apps]
        wxca891295c56f2c79 = "app-secret-1"
        [im]
        sdk_app_id = 1400000001
        secret_key = "im-secret-1"
        [live]
        push_domain = "push.example.com"
        play_domain = "play.example.com"
        push_key = "push-secret-1"
    "#;
    std::fs::write(&file, config).unwrap();
    let check = || {
        let mut command = server(folder.path());
        command
            .env_remove("QLIVE__SERVER__LISTEN")
            .arg("--config")
            .arg(&file)
            .arg("check-config");
        command
    };
    let output = check().output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    for note in [
        "wxca891295c56f2c79",
        "callback_token is missing",
        "streams of those put off stage are not cut",
        "nobody can buy gold",
        "income cannot be withdrawn",
    ] {
        assert!(text(&output).contains(note), "{}", text(&output));
    }
    assert!(!text(&output).contains("secret-1"), "a secret is printed");
    let money = format!(
        "{config}\n[virtual_payment]\nappid = \"wxca891295c56f2c79\"\noffer_id = \"1\"\napp_key = \"pay-secret-1\"\nenv = 0\n"
    );
    std::fs::write(&file, &money).unwrap();
    let output = check().output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    for note in [
        "new orders go to virtual payment",
        "virtual payments are only found by asking",
    ] {
        assert!(text(&output).contains(note), "{}", text(&output));
    }
    let broken = "[wechat_pay]\nmchid = \"1\"\nmerchant_serial = \"2\"\nprivate_key = \"not-a-key-secret-1\"\n\
                  api_v3_key = \"sandbox-apiv3-key-0123456789abcd\"\n";
    std::fs::write(&file, format!("{money}{broken}")).unwrap();
    let output = check().output().unwrap();
    assert!(
        !output.status.success() && text(&output).contains("private_key"),
        "{}",
        text(&output)
    );
    assert!(!text(&output).contains("secret-1"), "a secret is printed");
    std::fs::write(&file, config).unwrap();
    let output = check()
        .env("QLIVE__SANDBOX__ENABLED", "true")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(
        text(&output).contains("beside real credentials"),
        "{}",
        text(&output)
    );
}

#[test]
fn the_environment_is_taken_to_the_letter() {
    // Text that looks like a number, and a list.
    let folder = folder();
    let output = server(folder.path())
        .env("QLIVE__SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1")
        .env("QLIVE__IM__CALLBACK_TOKEN", "00123456")
        .env("QLIVE__LIMITS__PER_USER_PER_SECOND", "7")
        .arg("check-config")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        !text(&output).contains("no trusted_proxies"),
        "{}",
        text(&output)
    );
    let wrong = server(folder.path())
        .env("QLIVE__SERVER__TRUSTED_PROXIES", "10.0.0")
        .arg("check-config")
        .output();
    assert!(!wrong.unwrap().status.success());
}

#[test]
fn it_refuses_what_makes_no_sense() {
    for (key, value, why) in [
        ("QLIVE__SERVER__LISTEN", "0.0.0.0:0", "loopback only"),
        (
            "QLIVE__DATABASE__URL",
            "qlive.db",
            "sqlite://PATH or postgres://",
        ),
        (
            "QLIVE__DATABASE__URL",
            "postgres://u:hidden-password@127.0.0.1:1/d",
            "database",
        ),
        (
            "QLIVE__DATABASE__URL",
            "postgres://u:hidden-password%@127.0.0.1:1/d",
            "percent-encoded",
        ),
        (
            "QLIVE__DATABASE__URL",
            "postgres://u:hidden-password/x@127.0.0.1:1/d",
            "percent-encoded",
        ),
        ("QLIVE__NO_SUCH__SETTING", "1", "no_such"),
        ("QLIVE__ROOMS__ADMISSION", "everybody", "everybody"),
    ] {
        let folder = folder();
        let output = server(folder.path()).env(key, value).output().unwrap();
        assert!(!output.status.success(), "{key}={value}");
        assert!(
            text(&output).contains(why),
            "{key}={value}: {}",
            text(&output)
        );
        assert!(
            !text(&output).contains("hidden-password"),
            "{}",
            text(&output)
        );
    }
}

#[test]
fn a_sandbox_never_touches_real_data() {
    let folder = folder();
    let real = [
        ("QLIVE__WECHAT__APPS__WXCA891295C56F2C79", "a-secret"),
        ("QLIVE__IM__SDK_APP_ID", "1400000001"),
        ("QLIVE__IM__SECRET_KEY", "a-key"),
        ("QLIVE__LIVE__PUSH_DOMAIN", "push.example.com"),
        ("QLIVE__LIVE__PLAY_DOMAIN", "play.example.com"),
        ("QLIVE__LIVE__PUSH_KEY", "a-key"),
    ];
    let migrated = server(folder.path())
        .envs(real)
        .arg("migrate")
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{}", text(&migrated));
    let refused = server(folder.path()).output().unwrap();
    assert!(
        !refused.status.success() && text(&refused).contains("is --config missing"),
        "{}",
        text(&refused)
    );
    // Nor does real money flow by what was played.
    let folder = self::folder();
    assert!(
        server(folder.path())
            .arg("migrate")
            .output()
            .unwrap()
            .status
            .success()
    );
    let refused = server(folder.path())
        .envs(real)
        .arg("migrate")
        .output()
        .unwrap();
    assert!(
        !refused.status.success() && text(&refused).contains("sandbox's data"),
        "{}",
        text(&refused)
    );
}

#[test]
fn no_secret_is_ever_logged() {
    let folder = folder();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let mut child = server(folder.path())
        .env("QLIVE__SANDBOX__LISTEN", &free)
        .env("QLIVE__SERVER__LOG", "trace")
        .env("QLIVE__WECHAT__CONTENT_CHECK", "true")
        .env("QLIVE__PAYMENTS__PROVIDER", "virtual")
        .stdout(Stdio::piped())
        .stderr(Stdio::from(
            std::fs::File::create(folder.path().join("log")).unwrap(),
        ))
        .spawn()
        .unwrap();
    let base = serving(&mut child);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let secrets = runtime.block_on(an_hour_of_secrets(&base, &format!("http://{free}")));
    std::thread::sleep(Duration::from_millis(500));
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("accept_micro"), "nothing was logged at all");
    assert!(
        log.contains("a callback does not verify"),
        "nor was the forgery"
    );
    for secret in secrets {
        assert!(secret.len() >= 8, "{secret}");
        if let Some(at) = log.find(&secret) {
            let line = log[..at].lines().count();
            panic!(
                "a secret is in the log: {}",
                log.lines().nth(line.saturating_sub(1)).unwrap()
            );
        }
    }
}

/// Sends notices that somebody made up.
async fn forge(http: &reqwest::Client, base: &str) {
    let notice = http
        .post(format!("{base}pay_notify/"))
        .header("Wechatpay-Signature", "a-forged-signature")
        .header("Wechatpay-Timestamp", "1")
        .header("Wechatpay-Nonce", "a-forged-nonce")
        .body(r#"{"resource":{"ciphertext":"a-forged-ciphertext"}}"#);
    assert_eq!(notice.send().await.unwrap().status(), 401);
    let push = http
        .post(format!(
            "{base}wx_notify/?signature=a-forged-push&timestamp=1&nonce=2"
        ))
        .body("<xml/>");
    assert_eq!(push.send().await.unwrap().status(), 401);
}

/// Uses every secret that there is, and answers those that a log must not show.
async fn an_hour_of_secrets(base: &str, sandbox: &str) -> Vec<String> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = |path: &str, token: String, body: serde_json::Value| {
        let request = http
            .post(format!("{base}{path}"))
            .header("Authorization", format!("QLiveToken {token}"))
            .json(&body);
        async {
            request
                .send()
                .await
                .unwrap()
                .json::<serde_json::Value>()
                .await
                .unwrap()
        }
    };
    let app = "wxca891295c56f2c79";
    let text = |answer: &serde_json::Value, key: &str| answer[key].as_str().unwrap().to_owned();
    let host = post(
        "qlive_user/login/",
        String::new(),
        serde_json::json!({"appId": app, "code": "host"}),
    )
    .await;
    let room = post(
        "qlive_room/matchmaker_enter/",
        text(&host, "token"),
        serde_json::json!({}),
    )
    .await;
    let bob = post(
        "qlive_user/",
        String::new(),
        serde_json::json!({"appId": app, "code": "bob.secret-code"}),
    )
    .await;
    let token = text(&bob, "token");
    post(
        "qlive_user/update_userinfo/",
        token.clone(),
        serde_json::json!({"nickname": "bob", "gender": 1}),
    )
    .await;
    let live = serde_json::json!({"live_id": room["live_id"]});
    let enter = http
        .get(format!("{base}get_playurl/?live_id={}", room["live_id"]))
        .header("Authorization", format!("QLiveToken {token}"));
    assert_eq!(enter.send().await.unwrap().status(), 200);
    post("qlive_room/apply_micro/", token.clone(), live.clone()).await;
    let won = post("qlive_room/accept_micro/", token.clone(), live).await;
    let push_secret = |answer: &serde_json::Value| {
        let url = answer["push_url"].as_str().unwrap();
        url.split("txSecret=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    };
    // Money: an order signed with the session key, its notice, a name for a payout.
    let order = post(
        "qlive_pay/",
        token.clone(),
        serde_json::json!({"block_id": 1}),
    )
    .await;
    let content: serde_json::Value =
        serde_json::from_str(order["content"].as_str().unwrap()).unwrap();
    let paid = http
        .post(format!(
            "{sandbox}/sandbox/pay/{}",
            text(&content, "out_trade_no")
        ))
        .json(&content);
    assert_eq!(paid.send().await.unwrap().status(), 200);
    let me = post(
        "qlive_user/update_userinfo/",
        token.clone(),
        serde_json::json!({}),
    )
    .await;
    assert_eq!(me["gold"], 60, "{me}");
    let wish = serde_json::json!({"income": 100, "request_id": "w", "real_name": "一个保密的名字"});
    assert_eq!(
        post("qlive_user/withdraw/", token.clone(), wish).await["code"],
        "not_withdrawable"
    );
    forge(&http, base).await;
    let papers: serde_json::Value = http
        .get(format!("{sandbox}/sandbox/papers"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let line_of_key = text(&papers, "merchant_key")
        .lines()
        .nth(3)
        .unwrap()
        .to_owned();
    let session_key = STANDARD.encode(Md5::digest("session key of bob.secret-code"));
    vec![
        line_of_key,
        session_key,
        text(&content, "paySig"),
        text(&content, "signature"),
        text(&order, "sign"),
        "一个保密的名字".into(),
        "a-forged-signature".into(),
        "a-forged-nonce".into(),
        "a-forged-ciphertext".into(),
        "a-forged-push".into(),
        "sandbox-apiv3-key".into(),
        "sandbox-xpay-app-key".into(),
        "sandbox-push-token".into(),
        "sandboxEncodingAESKey".into(),
        token,
        text(&host, "token"),
        text(&bob, "user_sign"),
        text(&host, "user_sign"),
        push_secret(&won),
        push_secret(&room),
        "bob.secret-code".into(),
        "sandbox-app-secret".into(),
        "sandbox-im-key".into(),
        "sandbox-im-token".into(),
        "sandbox-push-key".into(),
        "sandbox-callback-key".into(),
        "sandbox-secret-key".into(),
        "usersig=".into(),
        "access_token=".into(),
    ]
}
