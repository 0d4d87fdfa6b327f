//! A fresh server with its sandbox.

use std::sync::Arc;
use std::time::Duration;

use qlive_gifts::NewGift;
use qlive_ledger::Audit;
use qlive_sandbox::{Papers, Sandbox};
use qlive_server::{Application, BASE, Parts, Settings};
use qlive_store::StoreError;
use qlive_store::audit::Operator;
use qlive_store::testing::TestDb;
use qlive_types::{Clock, Coins, Gender, Moment, UserId};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::contract::Contract;
use crate::phone::Phone;

/// A server under test. Dropping it stops it.
pub struct House {
    pub url: String,
    pub sandbox: String,
    pub clock: Clock,
    pub parts: Parts,
    pub http: reqwest::Client,
    /// Settings with which another instance joins this one's database and sandbox.
    pub settings: Settings,
    pub(crate) contract: Arc<Contract>,
    handle: Option<tokio::task::JoinHandle<Option<Sandbox>>>,
    stop: StopHandle,
    /// The sandbox of a server that was stopped since.
    _sandbox: Option<Sandbox>,
    _db: Option<Arc<TestDb>>,
}

type StopHandle = Box<dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl House {
    /// Opens a house on this database, without rate limits.
    pub async fn open(db: TestDb) -> Self {
        Self::open_with(db, |_| {}).await
    }

    /// The same at noon in Shanghai, so that no day ends while a test looks at it.
    pub async fn open_at_noon(db: TestDb) -> Self {
        let house = Self::open(db).await;
        let today = house.clock.now().shanghai();
        let midnight = Moment::parse_day(&today[..10]).unwrap();
        let noon = midnight.after(Duration::from_secs(36 * 3_600));
        house.advance(noon.since(house.clock.now()).as_secs());
        house
    }

    /// The same with other settings.
    pub async fn open_with(db: TestDb, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        settings.server.listen = ([127, 0, 0, 1], 0).into();
        settings.sandbox.listen = ([127, 0, 0, 1], 0).into();
        settings.database.url = db.url.clone().into();
        settings.limits.enabled = false;
        change(&mut settings);
        Self::start(settings, Clock::system(), None, Some(Arc::new(db))).await
    }

    /// Another instance on the same database and sandbox.
    pub async fn second(&self) -> Self {
        Self::start(
            self.settings.clone(),
            self.clock.clone(),
            Some(self.sandbox.clone()),
            None,
        )
        .await
    }

    /// Another instance with settings of its own, beside this sandbox and clock.
    pub async fn with_settings_at(settings: Settings, beside: &Self) -> Self {
        Self::start(
            settings,
            beside.clock.clone(),
            Some(beside.sandbox.clone()),
            None,
        )
        .await
    }

    /// Stops the server as SIGTERM does, lets time pass, and starts it again at the same address.
    pub async fn restart(self, meanwhile_secs: u64) -> Self {
        self.restart_while(meanwhile_secs, async {}).await
    }

    /// The same, with something happening while it is gone.
    pub async fn restart_while(
        mut self,
        meanwhile_secs: u64,
        meanwhile: impl Future<Output = ()>,
    ) -> Self {
        (self.stop)().await;
        let sandbox = self
            .handle
            .take()
            .unwrap()
            .await
            .unwrap()
            .or(self._sandbox.take());
        meanwhile.await;
        self.advance(meanwhile_secs);
        let mut settings = self.settings.clone();
        settings.server.listen = self.url.trim_start_matches("http://").parse().unwrap();
        let (url, db) = (Some(self.sandbox.clone()), self._db.clone());
        let mut again = Self::start(settings, self.clock.clone(), url, db).await;
        again._sandbox = sandbox;
        again
    }

    /// A house with just these settings, for the demo.
    pub async fn with_settings(settings: Settings) -> Self {
        Self::start(settings, Clock::system(), None, None).await
    }

    async fn start(
        settings: Settings,
        clock: Clock,
        sandbox: Option<String>,
        db: Option<Arc<TestDb>>,
    ) -> Self {
        let application = Application::build(&settings, clock.clone()).await.unwrap();
        let url = application.url().to_owned();
        let sandbox = sandbox.or_else(|| application.sandbox_url()).unwrap();
        let parts = application.parts().clone();
        let server = application.handle();
        let handle = tokio::spawn(async move { application.run().await.unwrap() });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let document = http
            .get(format!("{url}/openapi.json"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        Self {
            settings: settings.against_sandbox(&sandbox, &Papers::drawn().unwrap()),
            url,
            sandbox,
            clock,
            parts,
            http,
            contract: Arc::new(Contract::new(document)),
            handle: Some(handle),
            _sandbox: None,
            stop: Box::new(move || Box::pin(server.stop(true))),
            _db: db,
        }
    }

    /// Stops the server, but not its sandbox: somebody else may serve at its address.
    pub async fn stop_serving(&mut self) {
        (self.stop)().await;
        if let Some(handle) = self.handle.take() {
            self._sandbox = handle.await.unwrap();
        }
    }

    /// Stops it as SIGTERM does, its workers and its sandbox too.
    pub async fn close(mut self) {
        (self.stop)().await;
        if let Some(handle) = self.handle.take() {
            drop(handle.await.unwrap());
        }
    }

    /// Does to the database what only its owner can.
    pub async fn sql(&self, statement: &str) {
        use diesel::connection::SimpleConnection as _;
        let statement = statement.to_owned();
        self.parts
            .db
            .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statement)?))
            .await
            .unwrap();
    }

    /// What operators did: who, what, to what, why.
    pub async fn audit_log(&self) -> Vec<(String, String, String, String)> {
        use diesel::prelude::*;
        use qlive_store::schema::audit_log::dsl;
        let columns = (dsl::who, dsl::action, dsl::subject, dsl::reason);
        self.parts
            .db
            .read(move |conn| Ok::<_, StoreError>(dsl::audit_log.select(columns).load(conn)?))
            .await
            .unwrap()
    }

    /// The request keys in the books that begin so.
    pub async fn request_keys(&self, prefix: &str) -> std::collections::BTreeSet<String> {
        use diesel::prelude::*;
        use qlive_store::schema::ledger_requests::dsl;
        let like = format!("{prefix}%");
        let keys = dsl::ledger_requests
            .filter(dsl::key.like(like))
            .select(dsl::key);
        let found: Vec<String> = self
            .parts
            .db
            .read(move |conn| Ok::<_, StoreError>(keys.load(conn)?))
            .await
            .unwrap();
        found.into_iter().collect()
    }

    /// How many gifts are on record.
    pub async fn gifts_sent(&self) -> usize {
        use diesel::prelude::*;
        use qlive_store::schema::gifts_sent::dsl;
        let count: i64 = self
            .parts
            .db
            .read(|conn| Ok::<_, StoreError>(dsl::gifts_sent.count().get_result(conn)?))
            .await
            .unwrap();
        usize::try_from(count).unwrap()
    }

    /// The number of the latest entry in the books.
    pub async fn last_entry(&self) -> i64 {
        use diesel::prelude::*;
        use qlive_store::schema::ledger_groups::dsl;
        let last = dsl::ledger_groups.select(diesel::dsl::max(dsl::id));
        let last: Option<i64> = self
            .parts
            .db
            .read(move |conn| Ok::<_, StoreError>(last.get_result(conn)?))
            .await
            .unwrap();
        last.unwrap()
    }

    /// What all entries of a kind moved.
    pub async fn ledger_total(&self, kind: i32) -> i64 {
        use diesel::prelude::*;
        use qlive_store::schema::ledger_groups::dsl;
        let totals = dsl::ledger_groups
            .filter(dsl::kind.eq(kind))
            .select(dsl::total);
        let totals: Vec<i64> = self
            .parts
            .db
            .read(move |conn| Ok::<_, StoreError>(totals.load(conn)?))
            .await
            .unwrap();
        totals.into_iter().sum()
    }

    /// Where its database is.
    pub fn database_url(&self) -> &str {
        self.settings.database.url.expose_secret()
    }

    /// The address of an operation.
    pub fn at(&self, path: &str) -> String {
        format!("{}{BASE}{path}", self.url)
    }

    /// A registered user with a complete profile.
    pub async fn guest(&self, name: &str, gender: Gender) -> Phone {
        Phone::register(self, name, gender).await
    }

    /// The seeded matchmaker, logged in.
    pub async fn host(&self) -> Phone {
        Phone::login(self, "host").await
    }

    /// A registered user who was made a matchmaker.
    pub async fn matchmaker(&self, name: &str) -> Phone {
        let phone = self.guest(name, Gender::Female).await;
        self.parts
            .rooms
            .grant_matchmaker(operator(), phone.id())
            .await
            .unwrap();
        phone
    }

    /// A user without name or gender of his own.
    pub async fn nameless(&self, name: &str) -> Phone {
        Phone::register_bare(self, name).await
    }

    /// Who acts for operators in tests.
    pub fn operator(&self) -> Operator {
        operator()
    }

    pub async fn ban(&self, user: UserId) {
        self.parts.rooms.ban(operator(), user).await.unwrap();
    }

    pub async fn unban(&self, user: UserId) {
        self.parts.rooms.unban(operator(), user).await.unwrap();
    }

    /// Gives a user gold, as an operator does.
    pub async fn grant(&self, to: &Phone, coins: i64) {
        self.parts
            .users
            .grant_gold(operator(), to.id(), Coins::new(coins).unwrap())
            .await
            .unwrap();
    }

    /// Sets a config, at once.
    pub async fn configure(&self, key: &str, value: &str) {
        self.parts
            .configs
            .set(operator(), key.into(), value.into())
            .await
            .unwrap();
    }

    /// A gift of this price, added to the catalogue.
    pub async fn gift(&self, name: &str, price: i64) -> i64 {
        let gift = NewGift {
            name: name.into(),
            price: Coins::new(price).unwrap(),
            image: "i".into(),
            effect: "e".into(),
        };
        self.parts.gifts.add(operator(), gift).await.unwrap()
    }

    /// Proves the books.
    #[track_caller]
    pub fn audit(&self) -> impl Future<Output = Audit> {
        let parts = self.parts.clone();
        async move {
            parts
                .audit()
                .await
                .unwrap()
                .unwrap_or_else(|offence| panic!("{}", offence.0))
        }
    }

    /// Puts the clock of server and sandbox forward.
    pub fn advance(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    /// A matchmaker's room with a man on the mic: both, and the `live_id`.
    pub async fn with_man_on_mic(&self) -> (Phone, Phone, Value) {
        let host = self.host().await;
        let live = host.open_room().await["live_id"].clone();
        let bob = self.guest("bob", Gender::Male).await;
        bob.take_mic(&live).await;
        (host, bob, live)
    }

    /// A counter of `/metrics`, 0 when it never moved.
    pub async fn metric(&self, line: &str) -> u64 {
        let text = self
            .http
            .get(format!("{}/metrics", self.url))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let found = text
            .lines()
            .find_map(|found| found.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or(0)
    }

    /// How many callbacks of a kind had this verdict.
    pub async fn callbacks(&self, kind: &str, verdict: &str) -> u64 {
        self.metric(&format!(
            "qlive_callbacks_total{{kind=\"{kind}\",verdict=\"{verdict}\"}}"
        ))
        .await
    }

    /// Waits for something that takes time: a minute passes in a second, slowly enough
    /// that what is signed on one side is not too old when it comes to the other.
    pub async fn with_time<F: Future<Output = bool>>(
        &self,
        what: &str,
        mut check: impl FnMut() -> F,
    ) {
        for _ in 0..60 {
            if check().await {
                return;
            }
            self.advance(30);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("waited in vain: {what}");
    }

    /// Waits until nothing is left to deliver.
    pub async fn delivered(&self) {
        eventually("everything is delivered", || async {
            self.parts.office.stats().await.unwrap().waiting == 0
        })
        .await;
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            // The server's threads end with its handle; nobody waits for them here.
            let stop = (self.stop)();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(stop);
            }
            handle.abort();
        }
    }
}

fn operator() -> Operator {
    Operator {
        name: "test".into(),
        reason: json!("a test").to_string(),
    }
}

/// Waits for something that happens in the background: long enough for a busy machine,
/// but for less than a lease, so that nobody passes who waits for that of somebody gone.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    for _ in 0..800 {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited in vain: {what}");
}
