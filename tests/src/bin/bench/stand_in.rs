//! The external services of the server: IM answers after 20 ms, and everything else is passed on to
//! a sandbox.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use qlive_sandbox::{Sandbox, SandboxConfig};
use qlive_types::Clock;
use serde_json::{Value, json};

/// How long IM takes to answer.
const IM_DELAY: Duration = Duration::from_millis(20);

/// The running services. Dropping them stops them.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    _sandbox: Sandbox,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// What IM received.
#[derive(Default)]
pub(crate) struct Counts(Mutex<Received>);

/// What IM received so far.
#[derive(Default)]
struct Received {
    counted: Counted,
    /// The number of the last message of each group and priority, which is a lane.
    last_seqs: HashMap<(String, String), i64>,
}

/// How many messages IM received.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) group_messages: i64,
    /// How many of them had a lower number than one before.
    pub(crate) out_of_order: i64,
}

impl Counts {
    /// How many messages there were so far.
    pub(crate) fn read(&self) -> Counted {
        self.0.lock().unwrap().counted
    }

    fn count(&self, message: &Value) {
        let text = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
        let custom: Value = serde_json::from_str(&text("CloudCustomData")).unwrap_or_default();
        let seq = custom["seq"].as_i64().unwrap_or(0);
        let mut received = self.0.lock().unwrap();
        received.counted.group_messages += 1;
        let lane = (text("GroupId"), text("MsgPriority"));
        let last = received.last_seqs.insert(lane, seq);
        if last.is_some_and(|last| last >= seq) {
            received.counted.out_of_order += 1;
        }
    }
}

struct State {
    counts: Arc<Counts>,
    http: reqwest::Client,
    sandbox: String,
}

impl StandIn {
    /// Starts the services. Must be called inside a tokio runtime.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // Nothing that is measured causes a callback.
        let config = SandboxConfig::new("http://127.0.0.1:1/".into());
        let sandbox = Sandbox::start(listener, config, Clock::system()).unwrap();
        let counts = Arc::new(Counts::default());
        let state = web::Data::new(State {
            counts: Arc::clone(&counts),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            sandbox: sandbox.url(),
        });
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(web::PayloadConfig::new(1 << 20))
                .route("/v4/{service}/{command}", web::post().to(answer_im))
                .default_service(web::to(pass_on))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind("127.0.0.1:0")
        .unwrap();
        Self {
            address: server.addrs()[0],
            counts,
            _sandbox: sandbox,
            task: tokio::spawn(server.run()),
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers as IM does when everything succeeds and everybody is connected.
async fn answer_im(
    state: web::Data<State>,
    path: web::Path<(String, String)>,
    body: web::Json<Value>,
) -> HttpResponse {
    let command = path.into_inner().1;
    if command == "send_group_msg" {
        state.counts.count(&body);
    }
    let accounts = body.get("To_Account").and_then(Value::as_array);
    let rows: Vec<Value> = accounts
        .into_iter()
        .flatten()
        .map(|account| json!({"To_Account": account, "Status": "Online"}))
        .collect();
    tokio::time::sleep(IM_DELAY).await;
    HttpResponse::Ok().json(json!({
        "ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "QueryResult": rows,
        "ErrorList": [],
    }))
}

/// Passes a request on to the sandbox.
async fn pass_on(state: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let url = format!("{}{}", state.sandbox, request.uri());
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes()).unwrap();
    let mut passed = state.http.request(method, url).body(body.to_vec());
    if let Some(kind) = request.headers().get("content-type") {
        passed = passed.header("content-type", kind.as_bytes());
    }
    let answer = passed.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    HttpResponse::build(status)
        .content_type("application/json")
        .body(answer.bytes().await.unwrap())
}
