//! The outbox on a fresh database, its worker, a lookup in memory, and the sandbox.

mod deliveries;
mod lookup;

pub(crate) use deliveries::{
    BROADCAST, LIVE, about, gift, invite, over, seat_freed, seat_taken, user,
};
pub(crate) use lookup::TestLookup;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use qlive_outbox::{Delivery, Dispatcher, ImLimits, Outbox, OutboxWorker, Status, enqueue};
use qlive_sandbox::{Sandbox, SandboxConfig};
use qlive_store::audit_log::Operator;
use qlive_store::schema::outbox;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError};
use qlive_tencent::css::CssClient;
use qlive_tencent::im::{ImClient, ImConfig};
use qlive_tencent::tc3::Credential;
use qlive_tencent::{HttpClient, NonEmptySecret};
use qlive_types::{Clock, random};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for a condition.
const TIMEOUT: Duration = Duration::from_secs(20);
const SDK_APP_ID: u32 = 1_400_000_001;
const PUSH_DOMAIN: &str = "push.sandbox.invalid";

/// Path prefixes of calls, for faults.
pub(crate) const SEND_GROUP_MESSAGE: &str = "/v4/group_open_http_svc/send_group_msg";
pub(crate) const SEND_DIRECT_MESSAGE: &str = "/v4/openim/sendmsg";
pub(crate) const CREATE_GROUP: &str = "/v4/group_open_http_svc/create_group";

/// An outbox with its database, lookup and sandbox. Its worker runs only when a test starts it.
pub(crate) struct TestOutbox {
    pub(crate) db: TestDb,
    pub(crate) clock: Clock,
    pub(crate) outbox: Outbox,
    pub(crate) lookup: TestLookup,
    sandbox: Sandbox,
    http: reqwest::Client,
}

/// A worker that runs in the background.
pub(crate) struct RunningWorker {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl RunningWorker {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends the worker as a crash does: nothing is released.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// A row as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) status: i32,
    pub(crate) detail: String,
    pub(crate) attempts: i32,
    pub(crate) seq: Option<i64>,
    pub(crate) random: i64,
    pub(crate) content: Option<String>,
}

impl TestOutbox {
    /// An outbox with room 1, whose host is user 1, and the accounts of users 1 to 3. Room and
    /// users are not known to IM yet.
    pub(crate) async fn start(db: TestDb) -> Self {
        let clock = Clock::system();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sandbox = Sandbox::start(
            listener,
            SandboxConfig::new("http://127.0.0.1:9/".into()),
            clock.clone(),
        )
        .unwrap();
        Self {
            outbox: Outbox::new(db.db.clone(), clock.clone()),
            db,
            clock,
            lookup: TestLookup::new(),
            sandbox,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// The same with the group of room 1 and the accounts imported into IM.
    pub(crate) async fn start_with_group(db: TestDb) -> Self {
        let outbox = Self::start(db).await;
        outbox.enqueue(Delivery::CreateGroup { live: LIVE }).await;
        for number in 1..=3 {
            let user = user(number);
            outbox.enqueue(Delivery::ImportAccount { user }).await;
        }
        outbox.deliver().await;
        outbox
    }

    /// Writes a delivery in a transaction of its own.
    pub(crate) async fn enqueue(&self, delivery: Delivery) {
        self.enqueue_all([delivery]).await;
    }

    /// Writes deliveries in one transaction.
    pub(crate) async fn enqueue_all(&self, deliveries: impl IntoIterator<Item = Delivery>) {
        let (now, deliveries) = (self.clock.now(), Vec::from_iter(deliveries));
        self.write(move |conn| {
            let mut deliveries = deliveries.iter();
            deliveries.try_for_each(|delivery| enqueue(conn, now, delivery))
        })
        .await;
    }

    /// Runs one write transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.db.db.write(change).await.unwrap()
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sql.to_owned();
        self.write(move |conn| Ok(conn.batch_execute(&sql)?)).await;
    }

    /// Starts a worker with leases of its own, as in another instance.
    pub(crate) fn start_worker(&self) -> RunningWorker {
        self.start_worker_with(Some(self.css()))
    }

    pub(crate) fn start_worker_with(&self, css: Option<CssClient>) -> RunningWorker {
        let config = ImConfig {
            url: self.sandbox.url(),
            sdk_app_id: SDK_APP_ID,
            secret_key: NonEmptySecret::new("sandbox-im-key").unwrap(),
            admin: "administrator".into(),
        };
        let dispatcher = Dispatcher {
            im: Arc::new(ImClient::new(
                HttpClient::new().unwrap(),
                config,
                random::u32,
            )),
            css,
            lookup: Arc::new(self.lookup.clone()),
        };
        let (db, clock) = (self.db.db.clone(), self.clock.clone());
        let worker = OutboxWorker::new(db, clock, dispatcher, &self.outbox, ImLimits::default());
        let stop = CancellationToken::new();
        let task = tokio::spawn(worker.run(stop.clone()));
        RunningWorker { stop, task }
    }

    fn css(&self) -> CssClient {
        let credential = Credential {
            secret_id: NonEmptySecret::new("sandbox-secret-id").unwrap(),
            secret_key: NonEmptySecret::new("sandbox-secret-key").unwrap(),
        };
        let http = HttpClient::new().unwrap();
        CssClient::new(http, &self.sandbox.url(), credential, PUSH_DOMAIN, "live")
    }

    /// Runs a worker until no row waits.
    pub(crate) async fn deliver(&self) {
        let worker = self.start_worker();
        self.wait_for_delivery().await;
        worker.stop().await;
    }

    /// Waits until no row waits.
    pub(crate) async fn wait_for_delivery(&self) {
        self.wait_until("no row waits", async || {
            self.outbox.stats().await.unwrap().waiting == 0
        })
        .await;
    }

    /// Waits until `condition` holds.
    pub(crate) async fn wait_until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(TIMEOUT, async {
            while !condition().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(waited.await.is_ok(), "not in time: {what}");
    }

    /// All rows in the order of their ids.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let load = |conn: &mut Conn| {
            let rows = outbox::table.order(outbox::id).select(Row::as_select());
            Ok::<_, StoreError>(rows.load(conn)?)
        };
        self.db.db.read(load).await.unwrap()
    }

    /// The newest row.
    pub(crate) async fn last_row(&self) -> Row {
        self.rows().await.pop().unwrap()
    }

    /// Status and detail of the newest row.
    pub(crate) async fn last_result(&self) -> (Status, String) {
        let row = self.last_row().await;
        (Status::from_number(row.status).unwrap(), row.detail)
    }

    /// The messages that the group of room 1 received, without repeated ones.
    pub(crate) async fn group_messages(&self) -> Vec<Value> {
        let messages = self.sandbox_get("/sandbox/messages?group=group-1").await;
        without_repeated(&messages)
    }

    /// The messages that a user received, without repeated ones.
    pub(crate) async fn messages_to(&self, number: i64) -> Vec<Value> {
        let path = format!("/sandbox/messages?to={}", user(number));
        without_repeated(&self.sandbox_get(&path).await)
    }

    /// What IM and CSS know: `accounts`, `groups`, `kicked`, `stream_orders`, `calls`.
    pub(crate) async fn sandbox_state(&self) -> Value {
        self.sandbox_get("/sandbox/state").await
    }

    pub(crate) async fn sandbox_get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sandbox.url());
        let answer = self.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Lets calls fail whose path begins with `path`.
    pub(crate) async fn add_fault(&self, path: &str, mut fault: Value) {
        fault["path"] = json!(path);
        let url = format!("{}/sandbox/faults", self.sandbox.url());
        let answer = self.http.post(url).json(&fault).send().await.unwrap();
        assert!(answer.status().is_success(), "{fault}");
    }

    pub(crate) async fn clear_faults(&self) {
        let url = format!("{}/sandbox/faults", self.sandbox.url());
        self.http.delete(url).send().await.unwrap();
    }

    pub(crate) fn advance(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }
}

fn without_repeated(messages: &Value) -> Vec<Value> {
    let messages = messages.as_array().unwrap().iter();
    let first = messages.filter(|message| message["double"] == json!(false));
    first.cloned().collect()
}

pub(crate) fn operator() -> Operator {
    Operator::new("ops", "a test").unwrap()
}
