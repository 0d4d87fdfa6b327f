//! The files of a SQLite database belong to their owner alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use qlive_store::testing::{Engine, TestDb};
use qlive_store::{Db, StoreError};

use crate::config_rows::insert;

/// The modes of the database's file and of those beside it.
fn modes(path: &str) -> Vec<(String, u32)> {
    let folder = Path::new(path).parent().unwrap();
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut modes: Vec<_> = files
        .map(|file| {
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            (file.file_name().into_string().unwrap(), mode)
        })
        .collect();
    modes.sort();
    modes
}

/// Writes a row, so that SQLite has its files beside the database's.
async fn write(db: &Db) {
    let written = db.write(|conn| Ok::<_, StoreError>(insert(conn, "a", "1")?));
    written.await.unwrap();
}

fn owner_alone() -> Vec<(String, u32)> {
    ["test.db", "test.db-shm", "test.db-wal"]
        .map(|name| (name.to_owned(), 0o600))
        .into()
}

#[tokio::test]
async fn new_files_are_for_their_owner_alone() {
    let db = TestDb::fresh(Engine::Sqlite).await.unwrap();
    let path = db.url.strip_prefix("sqlite://").unwrap();
    write(&db.db).await;
    assert_eq!(modes(path), owner_alone());
}

#[tokio::test]
async fn permissions_of_others_are_removed_from_existing_files() {
    let (url, _folder) = TestDb::without_schema(Engine::Sqlite).await.unwrap();
    let path = url.strip_prefix("sqlite://").unwrap();
    fs::write(path, "").unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o664)).unwrap();
    let db = Db::open(&url, 2).await.unwrap();
    db.migrate().await.unwrap();
    write(&db).await;
    assert_eq!(modes(path), owner_alone());
}
