//! Settings that the server refuses at its start.

use crate::process::{assert_failure, server, temp_folder};

/// Name and value of a setting, and a part of the error message.
const INVALID: [(&str, &str, &str); 11] = [
    ("QLIVE__SERVER__LISTEN", "0.0.0.0:0", "loopback only"),
    (
        "QLIVE__SERVER__INTERNAL_LISTEN",
        "0.0.0.0:0",
        "loopback only",
    ),
    (
        "QLIVE__SERVER__PUBLIC_URL",
        "https://localhost:hidden-password@evil.example",
        "user name or a password",
    ),
    (
        "QLIVE__SERVER__PUBLIC_URL",
        "https://evil.example",
        "loopback only",
    ),
    ("QLIVE__SANDBOX__JOIN", "127.0.0.1:1", "no sandbox answers"),
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
];

#[test]
fn invalid_setting_is_refused_and_no_password_is_printed() {
    for (name, value, message) in INVALID {
        let folder = temp_folder();
        let output = server(folder.path()).env(name, value).output().unwrap();
        let text = assert_failure(&output, message);
        assert!(!text.contains("hidden-password"), "{name}={value}");
    }
}
