//! A fresh PostgreSQL with the durability of production: the one of the tests does not sync.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The settings of the server. What concerns durability is as PostgreSQL has it by default, and
/// written here so that nobody wonders. The write-ahead log may grow, so that no checkpoint happens
/// in the middle of a measurement more often than in production.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=on \
    -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=256MB -c max_wal_size=4GB \
    -c max_connections=200 -c shared_preload_libraries=pg_stat_statements \
    -c log_line_prefix=%p:";

/// A shell script that waits until its standard input closes, which happens when this program ends,
/// however it does, then stops PostgreSQL and removes its files.
const WATCHER: &str = r#"
    cat >/dev/null
    "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1
    rm -rf "$2"
"#;

/// A running PostgreSQL. Dropping it stops it and removes its files.
pub(crate) struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    watcher: Option<Child>,
}

impl Postgres {
    /// Creates and starts it. `None` when the machine has no PostgreSQL.
    pub(crate) fn start() -> Option<Self> {
        let bin = binary_folder()?;
        let folder = tempfile::Builder::new().prefix("qlive-bench-").tempdir();
        let folder = folder.unwrap().keep();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut postgres = Self {
            bin,
            folder,
            port,
            user: unprivileged_user(),
            watcher: None,
        };
        let path = postgres.folder.clone();
        if let Some((uid, gid)) = postgres.user {
            std::os::unix::fs::chown(&path, Some(uid), Some(gid)).unwrap();
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        let data = postgres.data();
        let initdb = ["-U", "qlive", "-A", "trust", "-E", "UTF8", "--locale=C"];
        run(postgres.command("initdb").args(initdb).arg("-D").arg(&data));
        let settings = format!("{SETTINGS} -c port={port}");
        run(postgres
            .command("pg_ctl")
            .args(["-w", "-o", &settings])
            .arg("-l")
            .arg(path.join("log"))
            .arg("-D")
            .arg(&data)
            .arg("start"));
        postgres.watcher = Some(postgres.start_watcher());
        postgres.execute("CREATE EXTENSION pg_stat_statements");
        Some(postgres)
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://qlive@127.0.0.1:{}/postgres", self.port)
    }

    /// The process that started all others of this PostgreSQL.
    pub(crate) fn process(&self) -> u32 {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Executes a statement outside of a transaction, such as `VACUUM`.
    pub(crate) fn execute(&self, statement: &str) {
        let mut psql = self.client("psql");
        psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", statement]);
        run(psql.stdout(Stdio::null()));
    }

    /// What it has logged. Each line begins with the id of the session and a colon.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.folder.join("log")).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// A client program that connects to the database.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "qlive")
            .env("PGDATABASE", "postgres");
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn start_watcher(&self) -> Child {
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCHER, "sh"]);
        watcher.arg(&self.bin).arg(&self.folder);
        watcher.stdin(Stdio::piped()).current_dir("/");
        // A signal to the group of this program, as Ctrl-C is, must not end it.
        watcher.process_group(0);
        if let Some((uid, gid)) = self.user {
            watcher.uid(uid).gid(gid);
        }
        watcher.spawn().unwrap()
    }

    /// A program of PostgreSQL, run as the user that PostgreSQL accepts.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").stdout(Stdio::null());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut watcher) = self.watcher.take() {
            drop(watcher.stdin.take());
            drop(watcher.wait());
        }
    }
}

/// The folder of the newest version that Debian installed, otherwise one on the path.
fn binary_folder() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql");
    let versions = debian.into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = folders
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("pgbench").is_file())
}

/// The user `postgres` when this program runs as root, which PostgreSQL refuses.
fn unprivileged_user() -> Option<(u32, u32)> {
    let own = std::fs::metadata("/proc/self").unwrap().uid();
    if own != 0 {
        return None;
    }
    let passwd = std::fs::read_to_string(Path::new("/etc/passwd")).unwrap();
    let mut lines = passwd.lines();
    let line = lines.find(|line| line.starts_with("postgres:")).unwrap();
    let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
    Some((fields.next().unwrap(), fields.next().unwrap()))
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
