//! The state of the demo, and how it prints and checks its steps.

use futures_util::future::join_all;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

/// A server with a live broadcast and its viewers.
pub(crate) struct Demo {
    pub(crate) app: TestApp,
    pub(crate) stage: Stage,
    pub(crate) men: Vec<TestClient>,
    pub(crate) women: Vec<TestClient>,
}

/// Prints the heading of a section.
pub(crate) fn print_heading(title: &str) {
    println!("\n== {title}");
}

/// Prints a step.
pub(crate) fn print_step(text: &str) {
    println!("   {text}");
}

/// Checks a step and prints it.
///
/// # Panics
/// When the check fails.
#[track_caller]
pub(crate) fn check(passed: bool, text: &str) {
    assert!(passed, "check failed: {text}");
    print_step(text);
}

/// Registers fifteen users.
async fn register_users(app: &TestApp, gender: Gender, name: &str) -> Vec<TestClient> {
    let mut users = Vec::new();
    for number in 1..=15 {
        users.push(app.guest(&format!("{name}{number}"), gender).await);
    }
    users
}

impl Demo {
    /// Opens the broadcast and lets thirty viewers enter.
    pub(crate) async fn open(app: TestApp) -> Self {
        print_heading("A matchmaker opens a room, and thirty users enter");
        print_step(&format!(
            "the server listens at {}, the sandbox at {}",
            app.url, app.sandbox
        ));
        let host = app.host().await;
        let room = host.open_room().await;
        app.simulate_client(&host, json!({"stream": "start"})).await;
        let (live, group) = (room["live_id"].clone(), room["group_id"].clone());
        check(
            room["status"] == "ok",
            &format!("room {live} is live, its IM group is {group}"),
        );
        let men = register_users(&app, Gender::Male, "man").await;
        let women = register_users(&app, Gender::Female, "woman").await;
        let entering = men.iter().chain(&women).map(|client| client.enter(&live));
        for answer in join_all(entering).await {
            answer.ok();
        }
        let counts = host.enter(&live).await.ok()["num_list"].clone();
        check(
            counts == json!([0, 15, 0, 15]),
            "the host sees fifteen men and fifteen women",
        );
        let group = group.as_str().unwrap().to_owned();
        Self {
            app,
            stage: Stage { host, live, group },
            men,
            women,
        }
    }

    /// The stage as the host sees it.
    pub(crate) async fn view_stage(&self) -> Value {
        self.stage.host.enter(&self.stage.live).await.ok()
    }

    /// The one of these users who is on a mic.
    pub(crate) async fn user_on_mic(&self, users: &[TestClient]) -> TestClient {
        let stage = self.view_stage().await;
        let is_on_mic = |client: &&TestClient| {
            let mut seats = ["male", "female"].iter();
            seats.any(|seat| stage[seat]["user_id"] == client.user_id.as_str())
        };
        let found = users.iter().find(is_on_mic);
        found.expect("a user on the mic").clone()
    }

    /// The types of the messages that the room's IM group received.
    pub(crate) async fn group_messages(&self) -> Vec<String> {
        self.app.wait_for_outbox().await;
        self.app.group_summary(&self.stage.group).await
    }

    /// Checks the messages about seats that the room's IM group received so far.
    pub(crate) async fn check_seat_messages(&self, text: &str, expected: &[&str]) {
        let messages = self.group_messages().await;
        let about_seats =
            |message: &&String| message.starts_with("on ") || message.starts_with("off ");
        let about_seats: Vec<&String> = messages.iter().filter(about_seats).collect();
        assert_eq!(about_seats, expected, "{text}");
        print_step(&format!("the IM group received {text}"));
    }
}
