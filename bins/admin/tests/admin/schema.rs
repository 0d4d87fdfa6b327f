//! The schema is changed only on request.

use std::path::Path;
use std::process::{Command, Output};

fn list_users(folder: &Path, flags: &[&str]) -> Output {
    let url = format!("sqlite://{}", folder.join("qlive.db").display());
    Command::new(env!("CARGO_BIN_EXE_qlive-admin"))
        .args(flags)
        .args(["users", "list"])
        .env("QLIVE__DATABASE__URL", url)
        .env("QLIVE__SANDBOX__LISTEN", "127.0.0.1:1")
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn database_without_schema_is_an_error_unless_migrate_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let refused = list_users(folder.path(), &[]);
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(stderr.contains("qlive-server migrate"), "{stderr}");
    let migrated = list_users(folder.path(), &["--migrate"]);
    let stderr = String::from_utf8_lossy(&migrated.stderr);
    assert!(migrated.status.success(), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&migrated.stdout), "(none)\n");
    assert!(list_users(folder.path(), &[]).status.success());
}
