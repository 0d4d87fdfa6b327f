//! The server as a process: what it prints, what it refuses, how it ends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
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
    let mut child = server(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let base = serving(&mut child);
    assert!(base.starts_with("http://127.0.0.1:") && base.ends_with("/wx/api/qlive/"), "{base}");
    assert!(folder.path().join("qlive.db").is_file());
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn it_starts_again_on_what_it_left() {
    let folder = folder();
    for _ in 0..2 {
        let mut child = server(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
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
        command.env_remove("QLIVE__SERVER__LISTEN").arg("--config").arg(&file).arg("check-config");
        command
    };
    let output = check().output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    for note in ["wxca891295c56f2c79", "callback_token is missing", "streams of those put off stage are not cut"] {
        assert!(text(&output).contains(note), "{}", text(&output));
    }
    assert!(!text(&output).contains("secret-1"), "a secret is printed");
    let output = check().env("QLIVE__SANDBOX__ENABLED", "true").output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("beside real credentials"), "{}", text(&output));
}

#[test]
fn it_refuses_what_makes_no_sense() {
    for (key, value, why) in [
        ("QLIVE__SERVER__LISTEN", "0.0.0.0:0", "loopback only"),
        ("QLIVE__DATABASE__URL", "qlive.db", "sqlite:// or postgres://"),
        ("QLIVE__DATABASE__URL", "postgres://u:hidden-password@127.0.0.1:1/d", "database"),
        ("QLIVE__NO_SUCH__SETTING", "1", "no_such"),
        ("QLIVE__ROOMS__ADMISSION", "everybody", "everybody"),
    ] {
        let folder = folder();
        let output = server(folder.path()).env(key, value).output().unwrap();
        assert!(!output.status.success(), "{key}={value}");
        assert!(text(&output).contains(why), "{key}={value}: {}", text(&output));
        assert!(!text(&output).contains("hidden-password"), "{}", text(&output));
    }
}
