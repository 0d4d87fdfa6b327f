//! An HTTP server that records callbacks and answers them as a test wants.

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;

/// How long to wait for callbacks that are expected, and for those that are not.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_millis(400);

/// A callback as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Callback {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Shared {
    callbacks: Vec<Callback>,
    /// Answers to the next callbacks; after them all are answered 200 with an empty body.
    answers: VecDeque<(u16, String)>,
}

/// The receiver. Dropping it stops it.
pub(crate) struct Receiver {
    base: String,
    shared: Arc<Mutex<Shared>>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared::default()));
        let data = web::Data::new(shared.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(take))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let task = tokio::spawn(server);
        Self { base, shared, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Answers one of the next callbacks like this.
    pub(crate) fn answer_next(&self, status: u16, body: &str) {
        let mut shared = self.shared.lock().unwrap();
        shared.answers.push_back((status, body.to_owned()));
    }

    pub(crate) fn callbacks(&self) -> Vec<Callback> {
        self.shared.lock().unwrap().callbacks.clone()
    }

    /// Waits until so many callbacks arrived in all, and returns them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Callback> {
        let waiting = async {
            loop {
                let callbacks = self.callbacks();
                if callbacks.len() >= count {
                    return callbacks;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        match tokio::time::timeout(WAIT_TIMEOUT, waiting).await {
            Ok(callbacks) => callbacks,
            Err(_) => panic!("{count} callbacks expected, got {:?}", self.callbacks()),
        }
    }

    /// Waits a moment, and fails the test when other than so many callbacks arrived in all.
    pub(crate) async fn assert_stays_at(&self, count: usize) {
        tokio::time::sleep(QUIET).await;
        let callbacks = self.callbacks();
        assert_eq!(callbacks.len(), count, "{callbacks:?}");
    }
}

async fn take(
    shared: web::Data<Arc<Mutex<Shared>>>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string());
    let header = |(name, value): (&actix_web::http::header::HeaderName, &_)| {
        let value: &actix_web::http::header::HeaderValue = value;
        (
            name.as_str().to_owned(),
            value.to_str().unwrap_or_default().to_owned(),
        )
    };
    let callback = Callback {
        path: request.path().to_owned(),
        query: query.map(web::Query::into_inner).unwrap_or_default(),
        headers: request.headers().iter().map(header).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let mut shared = shared.lock().unwrap();
    let echo = callback.query.get("echostr").cloned().unwrap_or_default();
    shared.callbacks.push(callback);
    let (status, body) = shared.answers.pop_front().unwrap_or((200, echo));
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).body(body)
}
