//! Starting, stopping and killing the server.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process::{assert_success, server, temp_folder, wait_until_serving};

#[test]
fn server_without_configuration_serves_and_stops_on_sigterm() {
    let folder = temp_folder();
    let mut child = server(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let base = wait_until_serving(&mut child);
    assert!(
        base.starts_with("http://127.0.0.1:") && base.ends_with("/wx/api/qlive/"),
        "{base}"
    );
    assert!(folder.path().join("qlive.db").is_file());
    let signalled = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(signalled.success());
    let status = child.wait().unwrap();
    let mut log = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut log).unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
    let has_colours = log.contains('\u{1b}');
    assert!(log.contains("stopping") && !has_colours, "{log}");
}

#[test]
fn killed_server_starts_again_on_its_database() {
    let folder = temp_folder();
    for _ in 0..2 {
        let mut child = server(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until_serving(&mut child);
        std::thread::sleep(Duration::from_millis(200));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn migrate_can_be_repeated() {
    let folder = temp_folder();
    for _ in 0..2 {
        let output = server(folder.path()).arg("migrate").output().unwrap();
        let text = assert_success(&output);
        assert!(text.contains("up to date"), "{text}");
    }
}
