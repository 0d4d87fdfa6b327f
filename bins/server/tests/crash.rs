//! The server killed at random instants under a load of gifts and notices.
//! Whatever it answered is in the books once; whatever it did not is there
//! once or not at all.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::print_stdout,
    reason = "how much was tried belongs to the result"
)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone, Process, eventually};
use qlive_types::{Gender, random};
use serde_json::{Value, json};
use tokio::sync::Mutex;

on_both!(killed_at_random_it_loses_and_doubles_nothing);

/// How often it is killed; `just crash` sets more.
const KILLS: &str = "QLIVE_CRASHES";
/// Givers at once, and buyers.
const GIVERS: usize = 6;
const BUYERS: usize = 2;
/// What a gift costs, and what each giver has.
const PRICE: i64 = 7;
const PURSE: i64 = 7_000_000;

#[derive(Default)]
struct Load {
    over: AtomicBool,
    numbers: AtomicU32,
    /// Gifts by request key, with whether they were answered.
    gifts: Mutex<Vec<(String, bool)>>,
    orders: Mutex<Vec<Value>>,
}

async fn killed_at_random_it_loses_and_doubles_nothing(db: TestDb) {
    let kills: u32 = std::env::var(KILLS)
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(10);
    let mut house = House::open(db).await;
    let mut givers = Vec::new();
    for number in 0..GIVERS {
        let giver = house.guest(&format!("giver{number}"), Gender::Male).await;
        house.grant(&giver, PURSE).await;
        givers.push(giver);
    }
    let receiver = house.guest("receiver", Gender::Female).await;
    let gift = house.gift("rose", PRICE).await;
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        buyers.push(house.guest(&format!("buyer{number}"), Gender::Male).await);
    }
    let mut process =
        Process::start(Path::new(env!("CARGO_BIN_EXE_qlive-server")), &mut house).await;
    let load = Load::default();
    for _ in 0..kills {
        load.over.store(false, Ordering::SeqCst);
        let giving = join_all(
            givers
                .iter()
                .map(|giver| give(&load, giver, &receiver, gift)),
        );
        let buying = join_all(buyers.iter().map(|buyer| buy(&load, &house, buyer)));
        let killing = async {
            let lives = Duration::from_millis(u64::try_from(random::within(20..=400)).unwrap());
            process.kill_after(lives).await;
            load.over.store(true, Ordering::SeqCst);
        };
        tokio::join!(giving, buying, killing);
        check_gifts(&house, &load).await;
        check_notices(&house).await;
        process.serve(&house).await;
        house.audit().await;
    }
    // What was paid and not told is told again, or asked about.
    let orders = load.orders.lock().await.clone();
    for order in &orders {
        eventually("a paid order is credited", || async {
            let no = order["out_trade_no"].as_str().unwrap();
            house
                .parts
                .payments
                .query(house.operator(), no)
                .await
                .unwrap()
                .shown_state()
                == "paid"
        })
        .await;
    }
    let gifts = load.gifts.lock().await;
    let answered = gifts.iter().filter(|(_, answered)| *answered).count();
    let told = format!(
        "{kills} kills, {answered} gifts answered, {} not, {} orders",
        gifts.len() - answered,
        orders.len()
    );
    assert!(
        answered > 0 && answered < gifts.len() && !orders.is_empty(),
        "too quiet to mean anything: {told}"
    );
    println!("{told}");
    let audit = house.audit().await;
    let credited = i64::try_from(orders.len()).unwrap() * 60;
    assert_eq!(
        audit.systems[3],
        ("wechat_pay", -credited),
        "each paid order once"
    );
    assert!(!process.log().contains("panicked"), "{}", process.log());
}

/// Gives until the server is gone. A gift without an answer is tried no more: nobody knows whether it was given.
async fn give(load: &Load, giver: &Phone, receiver: &Phone, gift: i64) {
    while !load.over.load(Ordering::SeqCst) {
        let id = format!("r{}", load.numbers.fetch_add(1, Ordering::SeqCst));
        let path = format!(
            "qlive_gift/push_gift/?user_id={}&gift_id={gift}&num=1&request_id={id}",
            receiver.user_id
        );
        let answer = giver.request(reqwest::Method::GET, &path).send().await;
        let body = match answer {
            Ok(answer) => answer.json::<Value>().await.ok(),
            Err(_) => None,
        };
        if let Some(body) = &body {
            assert_eq!(body["code"], "success", "{body}");
        }
        load.gifts
            .lock()
            .await
            .push((format!("gift:{}:{id}", giver.user_id), body.is_some()));
    }
}

/// Orders and pays until the server is gone. WeChat has the money; its notice goes out again and again.
async fn buy(load: &Load, house: &House, buyer: &Phone) {
    while !load.over.load(Ordering::SeqCst) {
        let answer = buyer
            .request(reqwest::Method::POST, "qlive_pay/")
            .json(&json!({"block_id": 1}))
            .send()
            .await;
        let Ok(answer) = answer else { return };
        let Ok(body) = answer.json::<Value>().await else {
            return;
        };
        let Some(content) = body["content"].as_str() else {
            return;
        };
        let order: Value = serde_json::from_str(content).unwrap();
        if house.try_pay(&order, json!({})).await == 200 {
            load.orders.lock().await.push(order);
        }
    }
}

/// Every answered gift is in the books, and every one that is there is there once.
async fn check_gifts(house: &House, load: &Load) {
    let kept = house.request_keys("gift:").await;
    for (key, answered) in load.gifts.lock().await.iter() {
        assert!(
            !answered || kept.contains(key),
            "{key} was answered, and is lost"
        );
    }
    let (gifts, spent) = (
        house.gifts_sent().await,
        i64::try_from(kept.len()).unwrap() * PRICE,
    );
    assert_eq!(gifts, kept.len(), "a record for each, and each once");
    let given = house.ledger_total(3).await;
    assert_eq!(given, spent, "and its coins");
}

/// Every notice that was accepted is credited already, before anybody asks.
async fn check_notices(house: &House) {
    let notices = house.outside().await["notices"].clone();
    for notice in notices
        .as_array()
        .unwrap()
        .iter()
        .filter(|notice| notice["accepted"] == true)
    {
        let no = notice["about"].as_str().unwrap();
        let state = house.parts.payments.order(no).await.unwrap().shown_state();
        assert_eq!(
            state, "paid",
            "the notice of {no} was accepted, and is lost"
        );
    }
}
