//! The databases of tests. Migrating one takes longer than many a test, so each process migrates
//! one of each engine, of which those of its tests are copies.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use tempfile::TempDir;

use crate::address::DatabaseAddress;
use crate::connection::{Access, connect};
use crate::migrations;

/// Creates a database as a file. Returns its URL and its folder.
pub(super) fn create_file(is_migrated: bool) -> (String, TempDir) {
    static MIGRATED: OnceLock<Vec<u8>> = OnceLock::new();
    let (path, folder) = new_path();
    if is_migrated {
        let migrated = MIGRATED.get_or_init(|| {
            let (path, _folder) = new_path();
            migrate(&url_of(&path));
            std::fs::read(&path).unwrap_or_else(|error| panic!("read {path:?}: {error}"))
        });
        std::fs::write(&path, migrated).unwrap_or_else(|error| panic!("write {path:?}: {error}"));
    }
    (url_of(&path), folder)
}

fn new_path() -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("temporary folder: {error}"));
    (folder.path().join("test.db"), folder)
}

fn url_of(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// Creates a database in the cluster of `server`, the URL of its maintenance database. Returns its
/// URL.
pub(super) fn create_in(server: &str, is_migrated: bool) -> String {
    static MIGRATED: OnceLock<String> = OnceLock::new();
    let process = std::process::id();
    if !is_migrated {
        return create_named(server, &next_name(process), "template1");
    }
    let migrated = MIGRATED.get_or_init(|| {
        let name = format!("qlive_migrated_{process}");
        migrate(&create_named(server, &name, "template1"));
        name
    });
    create_named(server, &next_name(process), migrated)
}

fn next_name(process: u32) -> String {
    static NEXT_NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NEXT_NUMBER.fetch_add(1, Ordering::SeqCst);
    format!("qlive_test_{process}_{number}")
}

/// Creates a database that is a copy of `template`, which nobody may be connected to.
fn create_named(server: &str, name: &str, template: &str) -> String {
    let mut conn = connect(&address(server), Access::ReadWrite)
        .unwrap_or_else(|error| panic!("connect: {error}"));
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
    conn.batch_execute(&sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let (before, after) = server.rsplit_once('/').unwrap_or((server, ""));
    let query = after
        .split_once('?')
        .map(|(_, query)| format!("?{query}"))
        .unwrap_or_default();
    format!("{before}/{name}{query}")
}

fn migrate(url: &str) {
    migrations::apply_pending(&address(url)).unwrap_or_else(|error| panic!("migrate: {error}"));
}

fn address(url: &str) -> DatabaseAddress {
    DatabaseAddress::parse(url).unwrap_or_else(|error| panic!("{error}"))
}
