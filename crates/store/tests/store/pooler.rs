//! PgBouncer between the program and PostgreSQL.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use qlive_store::testing::{Engine, TestDb, unprivileged_user};
use qlive_store::{StoreError, find_session_faults};
use tempfile::TempDir;

/// How long PgBouncer may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A running PgBouncer. Dropping it stops it.
struct PgBouncer {
    /// The URL of the database behind it.
    url: String,
    process: Child,
    _folder: TempDir,
}

/// Whether this machine has PgBouncer. Asked as oneself: started as another user, a program that is
/// missing may look like one that may not be run.
fn is_installed() -> bool {
    let version = Command::new("pgbouncer").arg("--version").output();
    match version {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => panic!("{error}"),
    }
}

impl PgBouncer {
    /// Starts it in front of `db`. `None` where PgBouncer is not installed.
    fn start(db: &TestDb, mode: &str, role: &str) -> Option<Self> {
        if !is_installed() {
            let is_ci = std::env::var_os("CI").is_some();
            assert!(!is_ci, "CI must test PgBouncer, but this machine has none");
            return None;
        }
        let (address, name) = db.url.rsplit_once('/').unwrap();
        let port = address.rsplit_once(':').unwrap().1;
        let folder = tempfile::tempdir().unwrap();
        let own_port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let configuration = format!(
            "[databases]\n{name} = host=127.0.0.1 port={port} user={role}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {own_port}\nauth_type = any\n\
             unix_socket_dir =\npool_mode = {mode}\nlogfile = {}\n",
            folder.path().join("log").display()
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, configuration).unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let mut command = Command::new("pgbouncer");
        if let Some((uid, gid)) = unprivileged_user().unwrap() {
            command.uid(uid).gid(gid);
        }
        let process = command.arg(&file).stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self {
            url: format!("postgres://{role}@127.0.0.1:{own_port}/{name}"),
            process,
            _folder: folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", own_port)).is_err() {
            assert!(begun.elapsed() < START_TIMEOUT, "PgBouncer does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(pooler)
    }

    /// The names of the settings that are wrong behind it.
    async fn wrong_settings(&self) -> Vec<String> {
        let faults = find_session_faults(&self.url).await.unwrap();
        let name = |fault: &String| fault.split(' ').next().unwrap().to_owned();
        faults.iter().map(name).collect()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A database, and the name of a role with these settings that may use it.
async fn role_with(settings: &[&str]) -> Option<(TestDb, String)> {
    let db = TestDb::fresh(Engine::Postgres).await?;
    let role = format!("pooled_{}", db.url.rsplit_once('/').unwrap().1);
    let mut statements = format!("CREATE ROLE {role} LOGIN SUPERUSER;");
    for setting in settings {
        statements.push_str(&format!("ALTER ROLE {role} SET {setting};"));
    }
    let created = db
        .db
        .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statements)?));
    created.await.unwrap();
    Some((db, role))
}

/// PostgreSQL's own settings, and `synchronous_commit` as somebody set it for speed.
const CARELESS: [&str; 1] = ["synchronous_commit = off"];
const CAREFUL: [&str; 3] = [
    "synchronous_commit = on",
    "lock_timeout = '3s'",
    "idle_in_transaction_session_timeout = '30s'",
];

/// The cluster of the tests does not sync, which is always found.
const ALWAYS: &str = "fsync";

#[tokio::test]
async fn sessions_of_their_own_have_the_settings_of_the_program() {
    let Some((db, role)) = role_with(&CARELESS).await else {
        return;
    };
    let url = db.url.replace("qlive@", &format!("{role}@"));
    let faults = find_session_faults(&url).await.unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("fsync is off"), "{faults:?}");
    let Some(pooler) = PgBouncer::start(&db, "session", &role) else {
        return;
    };
    assert_eq!(pooler.wrong_settings().await, [ALWAYS]);
}

#[tokio::test]
async fn shared_sessions_have_the_settings_of_the_role() {
    let Some((db, role)) = role_with(&CARELESS).await else {
        return;
    };
    let Some(pooler) = PgBouncer::start(&db, "transaction", &role) else {
        return;
    };
    let wrong = pooler.wrong_settings().await;
    let expected = [
        "synchronous_commit",
        ALWAYS,
        "lock_timeout",
        "idle_in_transaction_session_timeout",
    ];
    assert_eq!(wrong, expected);
    drop(pooler);

    let Some((db, role)) = role_with(&CAREFUL).await else {
        return;
    };
    let pooler = PgBouncer::start(&db, "transaction", &role).unwrap();
    assert_eq!(pooler.wrong_settings().await, [ALWAYS]);
}

#[tokio::test]
async fn sqlite_has_nothing_to_check() {
    let db = TestDb::fresh(Engine::Sqlite).await.unwrap();
    assert!(find_session_faults(&db.url).await.unwrap().is_empty());
}
