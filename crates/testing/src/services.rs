//! The services on a fresh database, against a sandbox.

use std::net::TcpListener;
use std::time::Duration;

use qlive_app::{SANDBOX_APP, SandboxCredentials, Services, Settings};
use qlive_sandbox::{Credentials, Sandbox, SandboxConfig};
use qlive_store::audit_log::Operator;
use qlive_store::testing::TestDb;
use qlive_types::{Clock, Coins, Gender, UserId};
use qlive_users::Registration;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::callbacks::{Callback, Recorded, record};

/// How long [`TestServices::wait_until`] waits.
const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// The services of one instance, without its workers. Dropping it stops the sandbox.
pub struct TestServices {
    pub services: Services,
    /// The settings that the services were built from.
    pub settings: Settings,
    /// The clock of the services and of the sandbox.
    pub clock: Clock,
    /// Where the sandbox listens, without a trailing slash.
    pub sandbox: String,
    pub http: reqwest::Client,
    recorded: Recorded,
    receiver: tokio::task::JoinHandle<std::io::Result<()>>,
    _sandbox: Sandbox,
    _db: TestDb,
}

impl Drop for TestServices {
    fn drop(&mut self) {
        self.receiver.abort();
    }
}

impl TestServices {
    /// Starts a sandbox and opens the services on `db`.
    pub async fn start(db: TestDb) -> Self {
        Self::start_with(db, |_| {}).await
    }

    /// The same with other settings.
    pub async fn start_with(db: TestDb, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Clock::system();
        let (callback_base, recorded, receiver) = record();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sandbox = format!("http://{}", listener.local_addr().unwrap());
        let credentials = Credentials::get_or_generate().unwrap();
        let credentials = SandboxCredentials {
            merchant_key: credentials.merchant_key,
            public_key_id: credentials.public_key_id,
            public_key: credentials.public_key,
            certificate_serial: credentials.certificate_serial,
            certificate: credentials.certificate,
        };
        let settings = Settings::default().against_sandbox(&sandbox, &credentials);
        let mut settings = settings.unwrap();
        settings.database.url = db.url.clone().into();
        // WeChat Pay sends its notices to the address that each request names.
        callback_base
            .trim_end_matches('/')
            .clone_into(&mut settings.server.public_url);
        change(&mut settings);
        let config = SandboxConfig::new(callback_base);
        let running = Sandbox::start(listener, config, clock.clone()).unwrap();
        let services = Services::new(&settings, db.db.clone(), clock.clone()).unwrap();
        Self {
            services,
            settings,
            clock,
            sandbox,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            recorded,
            receiver,
            _sandbox: running,
            _db: db,
        }
    }

    /// Another instance on the same database, sandbox and clock.
    pub fn second_instance(&self) -> Services {
        Services::new(&self.settings, self.services.db.clone(), self.clock.clone()).unwrap()
    }

    /// Registers a user whose WeChat profile has this name and gender; `name` is the login code.
    pub async fn user(&self, name: &str, gender: Gender) -> UserId {
        let gender = gender.number().to_string();
        let query = [("code", name), ("nickname", name), ("gender", &gender)];
        let profile = self.sandbox_get("/sandbox/profile", &query).await;
        let field = |key: &str| profile[key].as_str().unwrap().to_owned();
        let registration = Registration {
            app_id: SANDBOX_APP.into(),
            code: name.into(),
            sealed: Some((field("encryptedData"), field("iv"))),
            token: None,
        };
        self.services
            .users
            .register(registration)
            .await
            .unwrap()
            .user
    }

    /// Registers a female user and grants them the role of a matchmaker.
    pub async fn matchmaker(&self, name: &str) -> UserId {
        let user = self.user(name, Gender::Female).await;
        let rooms = &self.services.rooms;
        rooms.grant_matchmaker(operator(), user).await.unwrap();
        user
    }

    /// Grants gold to a user, as an operator does.
    pub async fn grant(&self, user: UserId, coins: i64) {
        let coins = Coins::new(coins).unwrap();
        let users = &self.services.users;
        users.grant_gold(operator(), user, coins).await.unwrap();
    }

    /// The operator of tests.
    pub fn operator(&self) -> Operator {
        operator()
    }

    /// Moves the clock of the services and of the sandbox forward.
    pub fn advance(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    /// Runs the outbox worker until nothing waits in the outbox.
    pub async fn deliver_outbox(&self) {
        let stop = CancellationToken::new();
        let worker = tokio::spawn(self.services.outbox_worker().run(stop.clone()));
        self.services.outbox.wake();
        self.wait_until("the outbox is empty", async || {
            self.services.outbox.stats().await.unwrap().waiting == 0
        })
        .await;
        stop.cancel();
        worker.await.unwrap();
    }

    /// Waits until `check` is true.
    ///
    /// # Panics
    /// When that takes longer than twenty seconds.
    pub async fn wait_until(&self, what: &str, check: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(WAIT_TIMEOUT, async {
            while !check().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(waited.await.is_ok(), "not in time: {what}");
    }

    /// The callbacks that the sandbox has sent to this path so far, for instance `pay_notify`.
    pub fn callbacks(&self, path: &str) -> Vec<Callback> {
        let recorded = self.recorded.lock().unwrap();
        let of_path = recorded.iter().filter(|callback| callback.path == path);
        of_path.cloned().collect()
    }

    /// Sends GET to the sandbox and returns the JSON that it answers.
    pub async fn sandbox_get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let request = self.http.get(format!("{}{path}", self.sandbox));
        let answer = request.query(query).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Sends POST with JSON to the sandbox and returns the status.
    pub async fn sandbox_post(&self, path: &str, body: Value) -> u16 {
        let request = self.http.post(format!("{}{path}", self.sandbox));
        request.json(&body).send().await.unwrap().status().as_u16()
    }
}

fn operator() -> Operator {
    Operator::new("test", "a test").unwrap()
}
