//! Load by `wrk`: as many requests as the server answers.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::operations::Load;
use crate::options::CLIENTS;

/// How many threads send requests that are independent of each other.
const THREADS: usize = 2;
/// How long a failed run is repeated to get the body of a refusal.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// What a run of requests measured. Latencies are in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) requests: f64,
    pub(crate) seconds: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
}

/// Sends a load to the server at `url` for this time.
///
/// # Panics
/// When a request failed or was answered with an error. The message has the body of one of them.
pub(crate) async fn run_wrk(url: &str, load: &Load, duration: Duration) -> Measured {
    let (url, load) = (url.to_owned(), load.clone());
    let run = move || {
        let folder = tempfile::tempdir().unwrap();
        let threads = write_requests(folder.path(), &load);
        let result = start_wrk(&url, folder.path(), threads, duration, None);
        let number = |name: &str| result[name].as_f64().unwrap();
        if number("refused") + number("failed") > 0.0 {
            let report = folder.path().join("refusal");
            start_wrk(&url, folder.path(), threads, SECOND_LOOK, Some(&report));
            let refusal = std::fs::read_to_string(report).unwrap_or_default();
            panic!("wrk: {result}; a refusal: {refusal}");
        }
        Measured {
            requests: number("requests"),
            seconds: number("micros") / 1e6,
            p50: number("p50") / 1e3,
            p99: number("p99") / 1e3,
            p999: number("p999") / 1e3,
        }
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// Writes the script and a file of requests for each thread. Returns how many threads there are:
/// one for each client when the order of its requests matters.
fn write_requests(folder: &Path, load: &Load) -> usize {
    std::fs::write(folder.join("wrk.lua"), include_str!("wrk.lua")).unwrap();
    let threads = if load.in_order { CLIENTS } else { THREADS };
    for thread in 0..threads {
        let tracks = load.tracks.iter().skip(thread).step_by(threads);
        let requests = tracks.flatten().map(|request| format!("{request}\u{1}"));
        let requests: String = requests.collect();
        std::fs::write(folder.join(thread.to_string()), requests).unwrap();
    }
    threads
}

fn start_wrk(
    url: &str,
    folder: &Path,
    threads: usize,
    duration: Duration,
    report: Option<&Path>,
) -> Value {
    let mut command = Command::new("wrk");
    command
        .args(["--threads", &threads.to_string()])
        .args(["--connections", &CLIENTS.to_string()])
        .args(["--duration", &format!("{}s", duration.as_secs())])
        .args(["--timeout", "10s", "--script"])
        .arg(folder.join("wrk.lua"))
        .args([url, "--"])
        .arg(folder);
    command.args(report);
    let output = command.output().expect("wrk (apt-get install wrk)");
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text.lines().find_map(|line| line.strip_prefix("RESULT "));
    let error = String::from_utf8_lossy(&output.stderr);
    let result = result.unwrap_or_else(|| panic!("wrk: {text}{error}"));
    serde_json::from_str(result).unwrap()
}
