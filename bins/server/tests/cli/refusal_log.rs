//! Refused requests write a bounded number of log lines, and the limit of open files is raised.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::{server, temp_folder, wait_until_serving};

/// Sends bytes on a connection of its own and returns what the server answers.
fn send(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // The server may reset a connection on which it left something unread.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

fn start(command: &mut Command, log: &Path) -> (Child, String) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::from(File::create(log).unwrap()))
        .spawn()
        .unwrap();
    let base = wait_until_serving(&mut child);
    let address = base.split('/').nth(2).unwrap().to_owned();
    (child, address)
}

#[test]
fn refusals_are_counted_and_logged_by_sample() {
    let folder = temp_folder();
    let log = folder.path().join("log");
    let (mut child, address) = start(&mut server(folder.path()), &log);
    let close = "Host: x\r\nConnection: close\r\n\r\n";
    for _ in 0..100 {
        send(&address, b"\x16\x03\x01 no request \r\n\r\n");
        let unknown = format!("GET /wx/api/qlive/nothing HTTP/1.1\r\n{close}");
        assert!(send(&address, unknown.as_bytes()).starts_with("HTTP/1.1 404"));
        let forged = format!("POST /wx/api/qlive/live_notify/ HTTP/1.1\r\n{close}");
        assert!(send(&address, forged.as_bytes()).starts_with("HTTP/1.1 4"));
    }
    let metrics = send(
        &address,
        format!("GET /metrics HTTP/1.1\r\n{close}").as_bytes(),
    );
    child.kill().unwrap();
    child.wait().unwrap();
    for line in [
        "qlive_callbacks_total{kind=\"live\",verdict=\"forged\"} 100",
        "qlive_connections_closed_total{reason=\"no_request\"} 100",
        "qlive_requests_total{operation=\"other\",status=\"404\"} 100",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let log = std::fs::read_to_string(log).unwrap();
    for line in [
        "a callback does not verify",
        "stream error",
        "access::refused",
    ] {
        let lines = log.lines().filter(|text| !text.contains("were left out"));
        let count = lines.filter(|text| text.contains(line)).count();
        // Two samples when a minute ends meanwhile.
        assert!((30..=60).contains(&count), "{line}: {count} times");
    }
}

#[test]
fn limit_of_open_files_is_raised_and_logged() {
    let folder = temp_folder();
    let log = folder.path().join("log");
    let binary = server(folder.path());
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -Sn 100 && exec \"$0\""])
        .arg(binary.get_program())
        .current_dir(folder.path())
        .env("QLIVE__SERVER__LOG_FORMAT", "json");
    for (name, value) in binary.get_envs() {
        command.env(name, value.unwrap());
    }
    let (mut child, _) = start(&mut command, &log);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let numbers: Vec<&str> = files.unwrap().split_whitespace().collect();
    let (soft, hard) = (numbers[3], numbers[4]);
    assert_eq!(soft, hard);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains(&format!("\"files\":{soft}")), "{log}");
}
