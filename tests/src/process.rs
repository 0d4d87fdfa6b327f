//! The server as a process of its own, which a test can kill.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::test_app::TestApp;

/// How long the process may take to start on a machine that is busy with other tests.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How a server process is started.
#[derive(Debug, Clone, Copy)]
pub struct ProcessOptions {
    /// How many files it may open, connections included. `None`: as many as the test.
    pub files: Option<u32>,
    /// The filter of its log.
    pub log: &'static str,
}

/// A server process that serves at the address of a stopped [`TestApp`], with its database and
/// sandbox. Dropping it kills the process.
pub struct ServerProcess {
    binary: PathBuf,
    options: ProcessOptions,
    folder: TempDir,
    child: Option<Child>,
}

impl ServerProcess {
    /// Stops the server of `app` and starts the binary in its place.
    pub async fn start(binary: &Path, app: &mut TestApp) -> Self {
        let options = ProcessOptions {
            files: None,
            log: "warn",
        };
        Self::start_with(binary, app, options).await
    }

    /// Stops the server of `app` and starts the binary in its place, with these options.
    pub async fn start_with(binary: &Path, app: &mut TestApp, options: ProcessOptions) -> Self {
        app.stop_server().await;
        let folder = tempfile::tempdir().unwrap();
        let configuration = configuration(app, options);
        std::fs::write(folder.path().join("qlive.toml"), configuration).unwrap();
        let mut process = Self {
            binary: binary.to_owned(),
            options,
            folder,
            child: None,
        };
        process.spawn(app).await;
        process
    }

    /// Starts the process, again after a kill, and waits until it answers.
    pub async fn spawn(&mut self, app: &TestApp) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let child = self
            .command()
            .arg("--config")
            .arg(self.folder.path().join("qlive.toml"))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        self.child = Some(child);
        let started = Instant::now();
        while !is_ready(app).await {
            assert!(
                started.elapsed() < START_TIMEOUT,
                "the process does not serve: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The command without its arguments. The shell sets the soft and the hard limit of files, so
    /// that the server cannot raise it.
    fn command(&self) -> Command {
        let Some(files) = self.options.files else {
            return Command::new(&self.binary);
        };
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "ulimit -n \"$0\" && exec \"$@\""])
            .arg(files.to_string())
            .arg(&self.binary);
        shell
    }

    /// The id of the running process.
    ///
    /// # Panics
    /// When it was killed.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Kills the process with SIGKILL, without a graceful shutdown.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Kills the process after this time.
    pub async fn kill_after(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
        self.kill();
    }

    /// What the process logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// How much the process logged.
    pub fn log_bytes(&self) -> u64 {
        let log = std::fs::metadata(self.folder.path().join("log"));
        log.unwrap().len()
    }
}

async fn is_ready(app: &TestApp) -> bool {
    let request = app.http.get(format!("{}/readyz", app.url));
    request
        .send()
        .await
        .is_ok_and(|answer| answer.status() == 200)
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Settings with which a process joins the database and the sandbox of `app`.
fn configuration(app: &TestApp, options: ProcessOptions) -> String {
    format!(
        r#"
[server]
listen = {listen:?}
log = {log:?}
[database]
url = {database:?}
pool_size = 8
[sandbox]
join = {sandbox:?}
[limits]
enabled = {limits}
[payments]
provider = "wechat_pay"
[payouts]
min_age_days = 0
"#,
        listen = app.url.trim_start_matches("http://"),
        log = options.log,
        limits = app.settings.limits.enabled,
        database = app.database_url(),
        sandbox = app.sandbox.trim_start_matches("http://"),
    )
}
