//! How much the house carries: people enter, apply, leave and look, on SQLite
//! and PostgreSQL. Numbers of one run compare with each other; machines differ.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use qlive_store::testing::{Engine, TestDb};
use qlive_tests::{House, Phone};
use qlive_types::Gender;
use serde_json::{Value, json};

/// People at once, and how long each scene takes.
const PEOPLE: usize = 64;
const SCENE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(db) = TestDb::fresh(engine).await else { continue };
        let house = House::open(db).await;
        println!("{engine:?}, {PEOPLE} people, {} s a scene", SCENE.as_secs());
        let live = house.host().await.open_room().await["live_id"].clone();
        let mut phones = Vec::new();
        for number in 0..PEOPLE {
            let gender = if number % 2 == 0 { Gender::Male } else { Gender::Female };
            phones.push(house.guest(&format!("p{number}"), gender).await);
        }
        scene("look at the list", &phones, |phone| async move { phone.get("get_livelist/", json!({})).await.status })
            .await;
        scene("ask where I am", &phones, |phone| async move {
            phone.get("qlive_user/get_user_state/", json!({})).await.status
        })
        .await;
        let come_and_go = |phone: Phone| {
            let live: Value = live.clone();
            async move {
                phone.enter(&live).await;
                phone.apply(&live).await;
                phone.accept(&live).await;
                phone.leave(&live).await.status
            }
        };
        scene("enter, apply, reach for the mic, leave (4 calls)", &phones, come_and_go).await;
        house.close().await;
    }
}

/// Lets everybody do the same over and over, and counts.
async fn scene<F: Future<Output = u16>>(name: &str, phones: &[Phone], act: impl Fn(Phone) -> F) {
    let (done, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    join_all(phones.iter().map(|phone| async {
        while started.elapsed() < SCENE {
            if act(phone.clone()).await >= 500 {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    }))
    .await;
    let per_second = done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    println!("  {per_second:8.0}/s  {name}, {} of them 5xx", failed.load(Ordering::Relaxed));
}
