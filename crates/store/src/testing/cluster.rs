//! The PostgreSQL cluster that this process starts for its tests.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Printed when the machine has no PostgreSQL.
const SKIPPED: &[u8] = b"skipped: every PostgreSQL test, because this machine has no PostgreSQL \
    (apt-get install postgresql)\n";

/// A shell script that waits until its standard input closes, which happens when the process that
/// started it ends, then stops the cluster and removes its files.
const WATCHER: &str = r#"
    cat >/dev/null
    "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
    rm -rf "$2"
"#;

/// Starts the cluster on first use. Returns the URL of its maintenance database, or `None` when
/// there is no PostgreSQL to test with.
pub(super) fn server_url() -> Option<String> {
    static SERVER_URL: OnceLock<Option<String>> = OnceLock::new();
    SERVER_URL
        .get_or_init(|| {
            match std::env::var("QLIVE_TEST_POSTGRES_URL") {
                Ok(url) if url == "none" => return None,
                Ok(url) => return Some(url),
                Err(_) => {}
            }
            let Some(bin) = binary_folder() else {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "CI must test PostgreSQL, but this machine has none"
                );
                // Not by `eprintln!`, whose output the test runner captures.
                let _ = io::stderr().write_all(SKIPPED);
                return None;
            };
            Some(start(&bin).unwrap_or_else(|error| panic!("cannot start PostgreSQL: {error}")))
        })
        .clone()
}

/// The folder of `initdb` and `postgres`: Debian's newest version, otherwise one on the path.
fn binary_folder() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut folders: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

fn start(bin: &Path) -> io::Result<String> {
    let folder = tempfile::Builder::new()
        .prefix("qlive-pg-")
        .tempdir()?
        .keep();
    let user = unprivileged_user()?;
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid))?;
    }
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o700))?;
    let data = folder.join("data");
    let as_user = |program: &str| {
        let mut command = Command::new(bin.join(program));
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").stdout(Stdio::null());
        command
    };
    run_command(
        as_user("initdb")
            .args([
                "-U",
                "qlive",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
                "-D",
            ])
            .arg(&data),
    )?;
    let port = free_port()?;
    // The data need not survive a power failure: no fsync. Without autovacuum no table has
    // statistics, on which plans would depend: a test that runs longer than another one would be
    // planned for tables that it emptied.
    let options = format!(
        "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off \
         -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB \
         -c deadlock_timeout=100ms -c autovacuum=off"
    );
    run_command(
        as_user("pg_ctl")
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(folder.join("log"))
            .args(["-w", "-o", &options, "start"]),
    )?;
    start_watcher(bin, &folder, user)?;
    Ok(format!("postgres://qlive@127.0.0.1:{port}/postgres"))
}

/// Starts the watcher. Its standard input stays open until this process ends.
fn start_watcher(bin: &Path, folder: &Path, user: Option<(u32, u32)>) -> io::Result<()> {
    static WATCHERS: OnceLock<Child> = OnceLock::new();
    let mut command = Command::new("sh");
    command
        .args(["-c", WATCHER, "sh"])
        .arg(bin)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    command
        .stderr(Stdio::null())
        .current_dir("/")
        .process_group(0);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    let child = command.spawn()?;
    WATCHERS.get_or_init(|| child);
    Ok(())
}

/// The user and group to run PostgreSQL as when this process runs as root, which PostgreSQL
/// refuses; otherwise `None`. PgBouncer refuses it too.
///
/// # Errors
/// When the machine has no such user.
pub fn unprivileged_user() -> io::Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = passwd
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .map(Some)
        .ok_or_else(|| {
            io::Error::other(
                "run as root, which PostgreSQL refuses, without a user postgres or nobody",
            )
        })
}

fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

fn run_command(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{command:?}: {status}")))
    }
}
