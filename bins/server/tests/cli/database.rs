//! A database belongs either to a sandbox or to real services.

use std::path::Path;
use std::process::Output;

use crate::process::{assert_failure, assert_success, server, temp_folder};

/// Settings of real services.
const REAL_SERVICES: [(&str, &str); 6] = [
    ("QLIVE__WECHAT__APPS__WXCA891295C56F2C79", "a-secret"),
    ("QLIVE__IM__SDK_APP_ID", "1400000001"),
    ("QLIVE__IM__SECRET_KEY", "a-key"),
    ("QLIVE__LIVE__PUSH_DOMAIN", "push.example.com"),
    ("QLIVE__LIVE__PLAY_DOMAIN", "play.example.com"),
    ("QLIVE__LIVE__PUSH_KEY", "a-key"),
];

fn migrate_with_real_services(folder: &Path) -> Output {
    let mut command = server(folder);
    command.envs(REAL_SERVICES).arg("migrate").output().unwrap()
}

#[test]
fn database_of_real_services_behind_a_local_proxy_is_real() {
    let folder = temp_folder();
    let mut command = server(folder.path());
    for section in ["WECHAT", "IM", "LIVE"] {
        command.env(
            format!("QLIVE__{section}__API_URL"),
            "http://127.0.0.1:3128",
        );
    }
    assert_success(&command.envs(REAL_SERVICES).arg("migrate").output().unwrap());
    let bare_start = server(folder.path()).output().unwrap();
    assert_failure(&bare_start, "is --config missing");
}

#[test]
fn sandbox_refuses_the_database_of_real_services() {
    let folder = temp_folder();
    assert_success(&migrate_with_real_services(folder.path()));
    let sandbox = server(folder.path()).output().unwrap();
    assert_failure(&sandbox, "is --config missing");
}

#[test]
fn real_services_refuse_the_database_of_a_sandbox() {
    let folder = temp_folder();
    let sandbox = server(folder.path()).arg("migrate").output().unwrap();
    assert_success(&sandbox);
    let real = migrate_with_real_services(folder.path());
    assert_failure(&real, "sandbox's data");
}
