//! `qlive-server check-config`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::process::{assert_failure, assert_success, server, temp_folder};

/// Settings without payments.
const SETTINGS: &str = r#"
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

/// Virtual payment, without the push.
const VIRTUAL_PAYMENT: &str = r#"
    [virtual_payment]
    appid = "wxca891295c56f2c79"
    offer_id = "1"
    app_key = "pay-secret-1"
    env = 0
"#;

/// WeChat Pay with a private key that is no key.
const INVALID_WECHAT_PAY: &str = r#"
    [wechat_pay]
    mchid = "1"
    merchant_serial = "2"
    private_key = "not-a-key-secret-1"
    api_v3_key = "sandbox-apiv3-key-0123456789abcd"
"#;

/// A folder with a configuration file.
struct ConfigFile {
    folder: TempDir,
    path: PathBuf,
}

impl ConfigFile {
    fn new(sections: &[&str]) -> Self {
        let folder = temp_folder();
        let path = folder.path().join("qlive.toml");
        std::fs::write(&path, sections.concat()).unwrap();
        Self { folder, path }
    }

    /// The command that checks the file, with the address that the file sets.
    fn check_command(&self) -> Command {
        let mut command = server(self.folder.path());
        command
            .env_remove("QLIVE__SERVER__LISTEN")
            .arg("--config")
            .arg(&self.path)
            .arg("check-config");
        command
    }

    fn check(&self) -> Output {
        self.check_command().output().unwrap()
    }
}

/// Runs `check-config` on settings from the environment alone.
fn check_environment(folder: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = server(folder);
    let command = command.envs(variables.iter().copied()).arg("check-config");
    command.output().unwrap()
}

#[track_caller]
fn assert_no_secret(text: &str) {
    assert!(!text.contains("secret-1"), "a secret is printed");
}

#[test]
fn check_config_lists_what_is_not_configured_and_no_secrets() {
    let text = assert_success(&ConfigFile::new(&[SETTINGS]).check());
    for note in [
        "wxca891295c56f2c79",
        "callback_token is missing",
        "streams of users taken off the stage are not cut",
        "nobody can buy gold",
        "income cannot be withdrawn",
    ] {
        assert!(text.contains(note), "{note} is missing from: {text}");
    }
    assert_no_secret(&text);
}

#[test]
fn check_config_describes_virtual_payment() {
    let text = assert_success(&ConfigFile::new(&[SETTINGS, VIRTUAL_PAYMENT]).check());
    for note in [
        "new orders go to virtual payment",
        "virtual payments are found by polling only",
    ] {
        assert!(text.contains(note), "{note} is missing from: {text}");
    }
}

#[test]
fn check_config_names_an_invalid_key_without_printing_it() {
    let file = ConfigFile::new(&[SETTINGS, VIRTUAL_PAYMENT, INVALID_WECHAT_PAY]);
    let text = assert_failure(&file.check(), "private_key");
    assert_no_secret(&text);
}

#[test]
fn check_config_refuses_a_sandbox_beside_real_credentials() {
    let file = ConfigFile::new(&[SETTINGS]);
    let mut command = file.check_command();
    let output = command.env("QLIVE__SANDBOX__ENABLED", "true").output();
    assert_failure(&output.unwrap(), "beside real credentials");
}

#[test]
fn environment_variables_may_hold_lists_and_text_of_digits() {
    let folder = temp_folder();
    let output = check_environment(
        folder.path(),
        &[
            ("QLIVE__SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1"),
            ("QLIVE__IM__CALLBACK_TOKEN", "00123456"),
            ("QLIVE__LIMITS__PER_USER_PER_SECOND", "7"),
        ],
    );
    let text = assert_success(&output);
    assert!(!text.contains("no trusted_proxies"), "{text}");
    let invalid = check_environment(
        folder.path(),
        &[("QLIVE__SERVER__TRUSTED_PROXIES", "10.0.0")],
    );
    assert!(!invalid.status.success());
}
