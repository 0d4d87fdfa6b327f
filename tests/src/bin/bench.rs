//! Measures requests per second of typical operations, on SQLite and PostgreSQL. The numbers of one
//! run can be compared with each other, but not with those of another machine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use qlive_store::testing::{Engine, TestDb};
use qlive_tests::{TestApp, TestClient, gifts};
use qlive_types::Gender;
use serde_json::{Value, json};

/// How many clients send requests at the same time.
const CLIENTS: usize = 64;
/// How long each operation is measured.
const DURATION: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(db) = TestDb::fresh(engine).await else {
            continue;
        };
        let app = TestApp::start(db).await;
        println!(
            "{engine:?}, {CLIENTS} clients, {} s per measurement",
            DURATION.as_secs()
        );
        let stage = app.open_stage().await;
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let gender = if number % 2 == 0 {
                Gender::Male
            } else {
                Gender::Female
            };
            clients.push(app.guest(&format!("user{number}"), gender).await);
        }
        measure_rooms(&clients, &stage.live).await;
        measure_gifts(&app, &clients, &stage.host, &stage.live).await;
        app.close().await;
    }
}

/// Measures what viewers send.
async fn measure_rooms(clients: &[TestClient], live: &Value) {
    measure("list the live rooms", clients, |client| async move {
        client.get("get_livelist/", json!({})).await.status
    })
    .await;
    measure("get the own user state", clients, |client| async move {
        let path = "qlive_user/get_user_state/";
        client.get(path, json!({})).await.status
    })
    .await;
    let visit_room = |client: TestClient| async move {
        client.enter(live).await;
        client.apply(live).await;
        client.accept(live).await;
        client.leave(live).await.status
    };
    let name = "enter, apply, take the mic, leave (4 requests)";
    measure(name, clients, visit_room).await;
}

/// Measures gifts: first to the next client each, then all to the host, so that every gift changes
/// the balances of the same user.
async fn measure_gifts(app: &TestApp, clients: &[TestClient], host: &TestClient, live: &Value) {
    for client in clients {
        app.grant(client, 1_000_000).await;
        client.enter(live).await.ok();
    }
    let next_client = |client: &TestClient| {
        let at = clients
            .iter()
            .position(|other| other.user_id == client.user_id)
            .unwrap();
        clients[(at + 1) % clients.len()].clone()
    };
    measure("give to the next client", clients, |client| {
        let receiver = next_client(&client);
        async move {
            let answer = client.give(&receiver, gifts::ROSE, 1, json!({})).await;
            answer.status
        }
    })
    .await;
    measure("all give to the host", clients, |client| async move {
        client.give(host, gifts::ROSE, 1, json!({})).await.status
    })
    .await;
    app.audit().await;
}

/// Lets every client repeat an operation for [`DURATION`], and prints how often it finished.
async fn measure<F: Future<Output = u16>>(
    name: &str,
    clients: &[TestClient],
    operation: impl Fn(TestClient) -> F,
) {
    let (finished, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let started = Instant::now();
    join_all(clients.iter().map(|client| async {
        while started.elapsed() < DURATION {
            if operation(client.clone()).await >= 500 {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            finished.fetch_add(1, Ordering::Relaxed);
        }
    }))
    .await;
    let per_second = finished.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    println!(
        "  {per_second:8.0}/s  {name}, {} answers of status 5xx",
        failed.load(Ordering::Relaxed)
    );
}
