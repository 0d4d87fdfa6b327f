//! The server under attack: the real binary as a process, with few files and the common limits.

use std::net::SocketAddr;
use std::path::PathBuf;

use qlive_store::testing::TestDb;
use qlive_tests::{ProcessOptions, ServerProcess, Stage, TestApp, TestClient};
use qlive_types::Gender;

/// How many files the server may open, connections included: the common limit of a service.
const FILES: u32 = 1024;
/// How many users are measured.
const USERS: usize = 8;
/// How many users the attackers have.
const ATTACKERS: usize = 4;
/// The login code of the user who logs in after each attack.
const LATE_USER: &str = "late";
/// The gold of each user: more than they can give.
const GOLD: i64 = 1_000_000;

/// A server process with a live broadcast, its users, and accounts of the attackers.
pub(crate) struct Target {
    pub(crate) app: TestApp,
    pub(crate) process: ServerProcess,
    pub(crate) stage: Stage,
    pub(crate) users: Vec<TestClient>,
    pub(crate) attackers: Vec<TestClient>,
    /// Where the server listens.
    pub(crate) address: SocketAddr,
    /// The path of the largest file that the server serves.
    pub(crate) largest_page: String,
}

impl Target {
    /// Prepares the database with a server in this process, and starts the binary in its place.
    pub(crate) async fn start(db: TestDb) -> Self {
        let mut app = TestApp::start_with(db, |settings| settings.limits.enabled = true).await;
        let stage = app.open_stage().await;
        let users = register(&app, "user", USERS).await;
        for user in &users {
            app.grant(user, GOLD).await;
            user.enter(&stage.live).await.ok();
        }
        let attackers = register(&app, "attacker", ATTACKERS).await;
        // Each login makes a token, and a user's sixth removes the first: so this is nobody else.
        app.guest(LATE_USER, Gender::Female).await;
        let largest_page = find_largest_page(&app).await;
        let options = ProcessOptions {
            files: Some(FILES),
            log: "info",
        };
        let process = ServerProcess::start_with(&binary(), &mut app, options).await;
        Self {
            address: app.url.trim_start_matches("http://").parse().unwrap(),
            app,
            process,
            stage,
            users,
            attackers,
            largest_page,
        }
    }

    /// Whether a registered user can log in over a new connection.
    pub(crate) async fn answers_a_login(&self) -> bool {
        let body = serde_json::json!({"appId": qlive_tests::APP, "code": LATE_USER});
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(self.app.url_of("qlive_user/login/"));
        let answer = request.json(&body).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }
}

async fn register(app: &TestApp, name: &str, count: usize) -> Vec<TestClient> {
    let mut clients = Vec::new();
    for number in 0..count {
        let gender = if number % 2 == 0 {
            Gender::Male
        } else {
            Gender::Female
        };
        clients.push(app.guest(&format!("{name}{number}"), gender).await);
    }
    clients
}

/// The server's binary, which cargo puts into the same folder as this program.
fn binary() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let binary = own.with_file_name("qlive-server");
    assert!(
        binary.exists(),
        "{} is missing: build it together with this program",
        binary.display()
    );
    binary
}

/// The path of the largest file among those that the page of the API explorer loads.
async fn find_largest_page(app: &TestApp) -> String {
    let index = app.page("/docs/").await;
    let names = index
        .split(['"', '\''])
        .filter(|piece| piece.ends_with(".js") || piece.ends_with(".css"));
    let mut largest = (0, String::new());
    for name in names {
        let path = format!("/docs/{}", name.trim_start_matches("./"));
        let size = app.page(&path).await.len();
        if size > largest.0 {
            largest = (size, path);
        }
    }
    largest.1
}
