//! A fresh server with its sandbox.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use qlive_app::{BASE_PATH, Provider, SandboxCredentials, Services, Settings};
use qlive_sandbox::Sandbox;
use qlive_server::{Application, ConnectionLimits};
use qlive_store::testing::TestDb;
use qlive_types::{Clock, Moment};
use secrecy::ExposeSecret as _;

use crate::contract::Contract;

/// A server under test. Dropping it stops the server and the sandbox.
pub struct TestApp {
    /// Where the server listens, without a trailing slash.
    pub url: String,
    /// Where the pages for operators are served, without a trailing slash.
    pub internal: String,
    /// Where the sandbox listens, without a trailing slash.
    pub sandbox: String,
    /// The clock of the server and of the sandbox.
    pub clock: Clock,
    /// The services of the server: what a test changes or reads without HTTP.
    pub services: Services,
    pub http: reqwest::Client,
    /// The settings with which another instance joins this one's database and sandbox.
    pub settings: Settings,
    pub(crate) contract: Arc<Contract>,
    handle: Option<ServerHandle>,
    stop: StopServer,
    /// The sandbox of an instance that was stopped before this one was started.
    _sandbox: Option<Sandbox>,
    _db: Option<Arc<TestDb>>,
}

type ServerHandle = tokio::task::JoinHandle<Option<Sandbox>>;
type StopServer = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl TestApp {
    /// Starts a server on `db`, without rate limits.
    pub async fn start(db: TestDb) -> Self {
        Self::start_with(db, |_| {}).await
    }

    /// Starts a server whose clock shows noon in Shanghai, so that the day does not change
    /// during the test.
    pub async fn start_at_noon(db: TestDb) -> Self {
        let app = Self::start(db).await;
        app.advance_to_noon();
        app
    }

    /// Moves the clock to the next day's noon in Shanghai.
    pub fn advance_to_noon(&self) {
        let today = self.clock.now().shanghai();
        let midnight = Moment::parse_day(&today[..10]).unwrap();
        let noon = midnight.after(Duration::from_secs(36 * 3_600));
        self.advance(noon.since(self.clock.now()).as_secs());
    }

    /// Starts a server that sells gold by virtual payment instead of WeChat Pay.
    pub async fn start_with_virtual_payment(db: TestDb) -> Self {
        Self::start_with(db, |settings| {
            settings.payments.provider = Some(Provider::Virtual);
        })
        .await
    }

    /// Starts a server with changed settings.
    pub async fn start_with(db: TestDb, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_with_limits(db, ConnectionLimits::default(), change).await
    }

    /// Starts a server with other limits of connections and changed settings.
    pub async fn start_with_limits(
        db: TestDb,
        limits: ConnectionLimits,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::default();
        settings.server.listen = ([127, 0, 0, 1], 0).into();
        settings.sandbox.listen = ([127, 0, 0, 1], 0).into();
        settings.database.url = db.url.clone().into();
        settings.limits.enabled = false;
        change(&mut settings);
        let db = Some(Arc::new(db));
        Self::run_with(settings, Clock::system(), None, db, &limits).await
    }

    /// Starts a server with exactly these settings.
    pub async fn start_from(settings: Settings) -> Self {
        Self::run(settings, Clock::system(), None, None).await
    }

    /// Starts another instance on the same database, sandbox and clock.
    pub async fn second_instance(&self) -> Self {
        self.second_instance_from(self.settings.clone()).await
    }

    /// Starts another instance with these settings on the same sandbox and clock.
    pub async fn second_instance_from(&self, settings: Settings) -> Self {
        let sandbox = Some(self.sandbox.clone());
        Self::run(settings, self.clock.clone(), sandbox, None).await
    }

    /// Stops the server as SIGTERM does, moves the clock, and starts the server again at the same
    /// address.
    pub async fn restart(self, seconds_stopped: u64) -> Self {
        self.restart_while(seconds_stopped, async {}).await
    }

    /// Restarts the server and runs `meanwhile` while it is stopped.
    pub async fn restart_while(
        mut self,
        seconds_stopped: u64,
        meanwhile: impl Future<Output = ()>,
    ) -> Self {
        (self.stop)().await;
        let handle = self.handle.take().unwrap();
        let sandbox = handle.await.unwrap().or(self._sandbox.take());
        meanwhile.await;
        self.advance(seconds_stopped);
        let mut settings = self.settings.clone();
        settings.server.listen = self.url.trim_start_matches("http://").parse().unwrap();
        let (url, db) = (Some(self.sandbox.clone()), self._db.clone());
        let mut restarted = Self::run(settings, self.clock.clone(), url, db).await;
        restarted._sandbox = sandbox;
        restarted
    }

    /// Runs a server, with a sandbox of its own when `sandbox` is `None`.
    async fn run(
        settings: Settings,
        clock: Clock,
        sandbox: Option<String>,
        db: Option<Arc<TestDb>>,
    ) -> Self {
        Self::run_with(settings, clock, sandbox, db, &ConnectionLimits::default()).await
    }

    async fn run_with(
        settings: Settings,
        clock: Clock,
        sandbox: Option<String>,
        db: Option<Arc<TestDb>>,
        limits: &ConnectionLimits,
    ) -> Self {
        let application = Application::build_with(&settings, clock.clone(), limits).await;
        let application = application.unwrap();
        let url = application.url().to_owned();
        let internal = application.internal_url().unwrap_or(&url).to_owned();
        let sandbox = sandbox.or_else(|| application.sandbox_url()).unwrap();
        let services = application.services().clone();
        let server = application.handle();
        let handle = tokio::spawn(async move { application.run().await.unwrap() });
        // A connection that the server closes soon is not used again: it may be closed just then.
        let is_kept = limits.idle >= ConnectionLimits::default().idle;
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(if is_kept { usize::MAX } else { 0 });
        let http = http.build().unwrap();
        let document = http.get(format!("{internal}/openapi.json"));
        let document = document.send().await.unwrap().json().await.unwrap();
        let credentials = SandboxCredentials::fetch(&sandbox).await.unwrap();
        Self {
            settings: settings.against_sandbox(&sandbox, &credentials).unwrap(),
            url,
            internal,
            sandbox,
            clock,
            services,
            http,
            contract: Arc::new(Contract::new(document)),
            handle: Some(handle),
            _sandbox: None,
            stop: Box::new(move || Box::pin(server.stop(true))),
            _db: db,
        }
    }

    /// Stops the server but keeps its sandbox, so that another process can serve at its address.
    pub async fn stop_server(&mut self) {
        (self.stop)().await;
        if let Some(handle) = self.handle.take() {
            self._sandbox = handle.await.unwrap();
        }
    }

    /// Stops the server as SIGTERM does, and waits for its workers and its sandbox.
    pub async fn close(mut self) {
        (self.stop)().await;
        if let Some(handle) = self.handle.take() {
            drop(handle.await.unwrap());
        }
    }

    /// The URL of the database.
    pub fn database_url(&self) -> &str {
        self.settings.database.url.expose_secret()
    }

    /// The URL of an operation; `path` starts below the API's base path.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}{BASE_PATH}{path}", self.url)
    }

    /// Moves the clock of the server and of the sandbox forward.
    pub fn advance(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    /// Sets the time of the server and of the sandbox back; no time passes.
    pub fn set_clock_back(&self, secs: u64) {
        self.clock.set_back(Duration::from_secs(secs));
    }

    /// Sets the time of the server and of the sandbox forward; no time passes.
    pub fn set_clock_forward(&self, secs: u64) {
        self.clock.set_forward(Duration::from_secs(secs));
    }

    /// The text of a page outside the API, such as `/metrics`.
    pub async fn page(&self, path: &str) -> String {
        let answer = self
            .http
            .get(format!("{}{path}", self.internal))
            .send()
            .await;
        answer.unwrap().text().await.unwrap()
    }

    /// The value of the metric whose line in `/metrics` starts with `name`; 0 when it has no line.
    pub async fn metric(&self, name: &str) -> u64 {
        let text = self.page("/metrics").await;
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        found.unwrap_or(0)
    }

    /// How many callbacks of this kind were counted with this verdict.
    pub async fn callback_count(&self, kind: &str, verdict: &str) -> u64 {
        let labels = format!("kind=\"{kind}\",verdict=\"{verdict}\"");
        self.metric(&format!("qlive_callbacks_total{{{labels}}}"))
            .await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            // Nothing waits here: the server's threads end when its handle is dropped.
            let stop = (self.stop)();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(stop);
            }
            handle.abort();
        }
    }
}
