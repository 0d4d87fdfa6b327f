//! Starting the server as a process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output};

use tempfile::TempDir;

/// A command that runs the server in a folder, on free ports.
pub(crate) fn server(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qlive-server"));
    command
        .current_dir(folder)
        .env("QLIVE__SERVER__LISTEN", "127.0.0.1:0")
        .env("QLIVE__SANDBOX__LISTEN", "127.0.0.1:0");
    command
}

/// An empty folder for the database of a test.
pub(crate) fn temp_folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// What the process wrote to stdout and stderr.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Asserts that the process succeeded, and returns what it wrote.
#[track_caller]
pub(crate) fn assert_success(output: &Output) -> String {
    let text = text(output);
    assert!(output.status.success(), "{text}");
    text
}

/// Asserts that the process failed and wrote `expected`, and returns what it wrote.
#[track_caller]
pub(crate) fn assert_failure(output: &Output, expected: &str) -> String {
    let text = text(output);
    assert!(!output.status.success(), "{text}");
    assert!(
        text.contains(expected),
        "{expected} is missing from: {text}"
    );
    text
}

/// Waits for the line that names the address, and returns the base URL of the API.
pub(crate) fn wait_until_serving(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    // Read the rest too: the process blocks when nobody reads its output.
    std::thread::spawn(move || lines.for_each(drop));
    line.split_whitespace().last().unwrap().to_owned()
}
