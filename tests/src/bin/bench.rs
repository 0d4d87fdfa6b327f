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
        let Some(db) = TestDb::fresh(engine).await else {
            continue;
        };
        let house = House::open(db).await;
        println!("{engine:?}, {PEOPLE} people, {} s a scene", SCENE.as_secs());
        let live = house.host().await.open_room().await["live_id"].clone();
        let mut phones = Vec::new();
        for number in 0..PEOPLE {
            let gender = if number % 2 == 0 {
                Gender::Male
            } else {
                Gender::Female
            };
            phones.push(house.guest(&format!("p{number}"), gender).await);
        }
        scene("look at the list", &phones, |phone| async move {
            phone.get("get_livelist/", json!({})).await.status
        })
        .await;
        scene("ask where I am", &phones, |phone| async move {
            phone
                .get("qlive_user/get_user_state/", json!({}))
                .await
                .status
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
        scene(
            "enter, apply, reach for the mic, leave (4 calls)",
            &phones,
            come_and_go,
        )
        .await;
        gifts(&house, &phones, &live).await;
        house.close().await;
    }
}

/// Everybody gives: each to his neighbour, then all to one host, whose purse is then the one row they meet in.
async fn gifts(house: &House, phones: &[Phone], live: &Value) {
    let host = Phone::login(house, "host").await;
    for phone in phones {
        house.grant(phone, 1_000_000).await;
        phone.enter(live).await.ok();
    }
    let neighbour = |phone: &Phone| {
        let at = phones
            .iter()
            .position(|one| one.user_id == phone.user_id)
            .unwrap();
        phones[(at + 1) % phones.len()].clone()
    };
    scene("give to a neighbour in the room", phones, |phone| {
        let to = neighbour(&phone);
        async move { phone.give(&to, 2, 1, json!({})).await.status }
    })
    .await;
    scene("all give to the host", phones, |phone| {
        let host = host.clone();
        async move { phone.give(&host, 2, 1, json!({})).await.status }
    })
    .await;
    house.audit().await;
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
    println!(
        "  {per_second:8.0}/s  {name}, {} of them 5xx",
        failed.load(Ordering::Relaxed)
    );
}
