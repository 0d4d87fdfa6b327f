//! The files of a SQLite database: made for their owner alone, since they hold session keys and
//! real names.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

const OWNER_ALONE: u32 = 0o600;
/// The permissions of group and others.
const OF_OTHERS: u32 = 0o077;

/// Creates the database's file when it is missing, for its owner alone whatever the umask is.
/// SQLite gives the files beside it (`-wal`, `-shm`) the same mode. The permissions of
/// group and others are removed from existing files; where that fails, a warning is logged.
///
/// # Errors
/// When the file can neither be created nor looked at.
pub(crate) fn create_for_owner_alone(path: &str) -> io::Result<()> {
    // Names that SQLite does not read as the path of a file.
    if path.starts_with(':') || path.starts_with("file:") {
        return Ok(());
    }
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ALONE)
        .open(path);
    match created {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    for name in [
        path.to_owned(),
        format!("{path}-wal"),
        format!("{path}-shm"),
    ] {
        match remove_permissions_of_others(&name) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, file = name, "other users may be able to read this file");
            }
        }
    }
    Ok(())
}

fn remove_permissions_of_others(path: &str) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    let mode = metadata.permissions().mode();
    if metadata.is_file() && mode & OF_OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode & !OF_OTHERS))?;
    }
    Ok(())
}
