//! The release server as a process.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::database::Database;
use crate::proc_stats::{cpu_seconds, peak_memory};
use crate::stand_in::StandIn;

/// The folder of the files that a run leaves, below the working directory.
pub(crate) const OUTPUT: &str = "target/bench";
/// Settings for as many calls to IM as the server can make.
pub(crate) const WITHOUT_IM_LIMITS: &str =
    "[im]\ncalls_per_second = 20000\nconcurrent_calls = 256\n";
/// How long the server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long it may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server. Dropping it kills the process.
pub(crate) struct Server {
    /// Where it listens, without a trailing slash.
    pub(crate) url: String,
    /// How long it took from the start of the process until it was ready.
    pub(crate) start: Duration,
    child: Child,
    _folder: TempDir,
}

impl Server {
    /// Starts the server on a database, with the default settings. Its external services are those
    /// of the stand-in.
    pub(crate) async fn start(database: &Database, stand_in: &StandIn) -> Self {
        Self::start_with(database, stand_in, "").await
    }

    /// Starts the server with these sections of a configuration besides.
    pub(crate) async fn start_with(
        database: &Database,
        stand_in: &StandIn,
        sections: &str,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let configuration = format!(
            "[server]\nlisten = \"{address}\"\n[database]\nurl = \"{}\"\n\
             [sandbox]\njoin = \"{}\"\n[limits]\nenabled = false\n{sections}",
            database.url, stand_in.address,
        );
        let file = folder.path().join("qlive.toml");
        std::fs::write(&file, configuration).unwrap();
        std::fs::create_dir_all(OUTPUT).unwrap();
        let log = std::fs::File::create(Path::new(OUTPUT).join("server.log")).unwrap();
        let binary = std::env::current_exe().unwrap();
        let started = Instant::now();
        let child = Command::new(binary.with_file_name("qlive-server"))
            .arg("--config")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let mut server = Self {
            url: format!("http://{address}"),
            start: Duration::ZERO,
            child,
            _folder: folder,
        };
        while !server.is_ready().await {
            let is_late = started.elapsed() > START_TIMEOUT;
            assert!(!is_late, "no answer; see {OUTPUT}/server.log");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.start = started.elapsed();
        server
    }

    async fn is_ready(&self) -> bool {
        let answer = reqwest::get(format!("{}/readyz", self.url)).await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// The CPU time that it has used, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.child.id())
    }

    /// The most memory that it has used, in MiB.
    pub(crate) fn peak_memory(&self) -> f64 {
        peak_memory(self.child.id())
    }

    /// Stops it as an operator does, so that it finishes what it has begun.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
        let asked = Instant::now();
        while self.child.try_wait().unwrap().is_none() && asked.elapsed() < STOP_TIMEOUT {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
