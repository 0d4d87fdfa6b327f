//! The users whose calls are measured, on a thread of their own, so that the attackers in this
//! process do not delay them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use qlive_tests::{TestClient, gifts};
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::target::Target;

/// How often a user sends a request: eight a second, below the limit of twenty.
const INTERVAL: Duration = Duration::from_millis(125);
/// How long a user waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Users who send requests until this is dropped.
pub(crate) struct Users {
    shared: Arc<Mutex<Calls>>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The calls of all users.
#[derive(Default)]
struct Calls {
    ended: Vec<Call>,
    /// When the running call of each user was sent.
    running: Vec<Option<Instant>>,
}

impl Calls {
    /// Notes that the running call of a user has ended.
    fn end(&mut self, user: usize, call: Call) {
        self.running[user] = None;
        self.ended.push(call);
    }
}

/// A call of a user that has ended.
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) sent: Instant,
    pub(crate) took: Duration,
    /// What went wrong, if anything did.
    pub(crate) failure: Option<String>,
}

impl Users {
    /// Starts the users of `target`.
    pub(crate) fn start(target: &Target) -> Self {
        let shared = Arc::new(Mutex::new(Calls {
            ended: Vec::new(),
            running: vec![None; target.users.len()],
        }));
        let stop = CancellationToken::new();
        let (live, host) = (&target.stage.live, &target.stage.host.user_id);
        let paths: Arc<[String]> = [
            "get_configs/".to_owned(),
            "qlive_user/get_user_state/".to_owned(),
            format!("get_playurl/?live_id={live}"),
            format!("qlive_room/apply_micro/?live_id={live}"),
            format!(
                "qlive_gift/push_gift/?user_id={host}&gift_id={}&num=1",
                gifts::ROSE
            ),
        ]
        .into();
        let (clients, sink, stopped) = (target.users.clone(), Arc::clone(&shared), stop.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let users = clients.into_iter().enumerate();
            let users = users.map(|(number, client)| use_server(number, client, &paths, &sink));
            runtime.unwrap().block_on(async {
                tokio::select! {
                    _ = join_all(users) => {}
                    () = stopped.cancelled() => {}
                }
            });
        });
        Self {
            shared,
            stop,
            thread: Some(thread),
        }
    }

    /// The calls that were sent before this moment and not taken yet. Waits until they have ended.
    pub(crate) async fn take_calls_before(&self, moment: Instant) -> Vec<Call> {
        while self.is_running_since(moment) {
            sleep(Duration::from_millis(10)).await;
        }
        let mut calls = self.shared.lock().unwrap();
        calls
            .ended
            .extract_if(.., |call| call.sent < moment)
            .collect()
    }

    fn is_running_since(&self, moment: Instant) -> bool {
        let calls = self.shared.lock().unwrap();
        let mut running = calls.running.iter().flatten();
        running.any(|sent| *sent < moment)
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Sends one request after the other as one user. Half of the users keep their connection; the
/// others open a new one for each request.
async fn use_server(number: usize, client: TestClient, paths: &[String], calls: &Mutex<Calls>) {
    let builder = reqwest::Client::builder().no_proxy().timeout(TIMEOUT);
    let idle_connections = usize::from(number.is_multiple_of(2));
    let builder = builder.pool_max_idle_per_host(idle_connections);
    let mut client = client;
    client.http = builder.build().unwrap();
    sleep(INTERVAL / 8 * u32::try_from(number).unwrap()).await;
    for path in paths.iter().cycle() {
        let sent = Instant::now();
        calls.lock().unwrap().running[number] = Some(sent);
        let failure = call(&client, path).await;
        let took = sent.elapsed();
        calls.lock().unwrap().end(
            number,
            Call {
                path: path.clone(),
                sent,
                took,
                failure,
            },
        );
        sleep(INTERVAL.saturating_sub(took)).await;
    }
}

/// Sends one request. Returns what went wrong, if anything did.
async fn call(client: &TestClient, path: &str) -> Option<String> {
    let method = if path.contains("apply_micro") {
        Method::POST
    } else {
        Method::GET
    };
    let answer = match client.request(method, path).send().await {
        Ok(answer) => answer,
        Err(error) => return Some(format!("{path}: {error:?}")),
    };
    let status = answer.status();
    let body: Value = match answer.json().await {
        Ok(body) => body,
        Err(error) => return Some(format!("{path}: {status}, {error:?}")),
    };
    let is_failed = status != 200 || body["code"] == "failed";
    is_failed.then(|| format!("{path}: {status} {body}"))
}
