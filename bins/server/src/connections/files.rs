//! How many files the process may open, and how many of them connections may take.

use qlive_app::{Mode, Settings};

/// Files that are kept for everything except connections and the database: the log, listeners,
/// wakers of the threads, and connections that were accepted but are refused.
const RESERVED: usize = 128;
/// Files of one connection to the database: SQLite opens the database, its log, its index and
/// temporary files.
const FILES_PER_DATABASE_CONNECTION: usize = 4;
/// A server that may open very few files still serves this many connections.
const MIN_CONNECTIONS: usize = 16;

/// Raises the limit of open files as far as the system lets the process, and logs it. Returns how
/// many files the process may open.
pub(crate) fn raise_file_limit() -> usize {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => {
            tracing::info!(files, "the process may open this many files");
            usize::try_from(files).unwrap_or(usize::MAX)
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is not known; 1024 is assumed");
            1_024
        }
    }
}

/// How many connections may be open at once: what the settings say, or what the files allow.
pub(crate) fn connection_bound(files: usize, settings: &Settings, mode: Mode) -> usize {
    // A request may need a connection of its own to WeChat or Tencent. The sandbox is the other
    // end of that one.
    let files_per_connection = match mode {
        Mode::Real => 2,
        Mode::Sandbox => 3,
    };
    let pool = usize::try_from(settings.database.pool_size).unwrap_or(usize::MAX);
    let kept = FILES_PER_DATABASE_CONNECTION
        .saturating_mul(pool)
        .saturating_add(RESERVED);
    let allowed = (files.saturating_sub(kept) / files_per_connection).max(MIN_CONNECTIONS);
    let wanted = usize::try_from(settings.limits.connections).unwrap_or(usize::MAX);
    if wanted == 0 {
        return allowed;
    }
    if allowed < wanted {
        tracing::warn!(
            connections = allowed,
            wanted,
            "the limit of open files allows fewer connections than [limits] connections"
        );
    }
    wanted.min(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_for_the_database_are_kept() {
        let mut settings = Settings::default();
        settings.database.pool_size = 8;
        let bound = |files, mode| connection_bound(files, &settings, mode);
        assert_eq!(bound(1_024, Mode::Real), (1_024 - 128 - 32) / 2);
        assert_eq!(bound(1_024, Mode::Sandbox), (1_024 - 128 - 32) / 3);
        assert_eq!(bound(1_000_000, Mode::Real), 4_096, "what the settings say");
        assert_eq!(bound(100, Mode::Real), MIN_CONNECTIONS);
    }

    #[test]
    fn zero_takes_what_the_files_allow() {
        let mut settings = Settings::default();
        settings.limits.connections = 0;
        assert_eq!(
            connection_bound(100_160, &settings, Mode::Real),
            50_000,
            "two files for each connection"
        );
    }
}
