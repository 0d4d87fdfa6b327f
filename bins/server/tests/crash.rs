//! Kills the server at random moments under a load of gifts and payments. An answered request is
//! in the ledger exactly once; an unanswered one is there once or not at all.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::print_stdout,
    reason = "the size of the load belongs to the result"
)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use qlive_ledger::EntryKind;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{ServerProcess, TestApp, TestClient, blocks, wait_until};
use qlive_types::{Gender, random};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

on_both!(killed_server_neither_loses_nor_repeats_a_request);

/// The environment variable with the number of kills; `just crash` sets it.
const KILLS: &str = "QLIVE_CRASHES";
/// How many users give at the same time: enough that a kill meets batches of several gifts.
const GIVERS: usize = 16;
/// How many users buy at the same time.
const BUYERS: usize = 2;
/// The price of a gift, in coins.
const PRICE: i64 = 7;
/// The gold of each giver: more than they can spend.
const GIVER_GOLD: i64 = 7_000_000;
/// The gold of the block that is bought.
const BLOCK_GOLD: i64 = 60;

/// A gift that was requested.
struct RequestedGift {
    /// The idempotency key in the ledger.
    key: String,
    is_answered: bool,
}

/// What the clients requested, over all kills.
#[derive(Default)]
struct Load {
    is_stopped: AtomicBool,
    next_request_id: AtomicU32,
    gifts: Mutex<Vec<RequestedGift>>,
    /// Orders that WeChat was paid for.
    paid_orders: Mutex<Vec<Value>>,
}

/// The users who cause the load.
struct Users {
    givers: Vec<TestClient>,
    receiver: TestClient,
    buyers: Vec<TestClient>,
}

impl Users {
    async fn register(app: &TestApp) -> Self {
        let mut givers = Vec::new();
        for number in 0..GIVERS {
            let giver = app.guest(&format!("giver{number}"), Gender::Male).await;
            app.grant(&giver, GIVER_GOLD).await;
            givers.push(giver);
        }
        let receiver = app.guest("receiver", Gender::Female).await;
        let mut buyers = Vec::new();
        for number in 0..BUYERS {
            buyers.push(app.guest(&format!("buyer{number}"), Gender::Male).await);
        }
        Self {
            givers,
            receiver,
            buyers,
        }
    }
}

async fn killed_server_neither_loses_nor_repeats_a_request(db: TestDb) {
    let kills = std::env::var(KILLS).ok();
    let kills: u32 = kills.and_then(|kills| kills.parse().ok()).unwrap_or(10);
    let mut app = TestApp::start(db).await;
    let users = Users::register(&app).await;
    let gift = app.add_gift("rose", PRICE).await;
    let binary = Path::new(env!("CARGO_BIN_EXE_qlive-server"));
    let mut process = ServerProcess::start(binary, &mut app).await;
    let load = Load::default();
    for _ in 0..kills {
        run_until_killed(&app, &load, &users, gift, &mut process).await;
        check_gifts(&app, &load).await;
        check_notices(&app).await;
        process.spawn(&app).await;
        app.audit().await;
    }
    let orders = load.paid_orders.lock().await.clone();
    for order in &orders {
        wait_until("a paid order is credited", || async {
            app.query_order(order).await.unwrap().state_name() == "paid"
        })
        .await;
    }
    check_load_size(kills, &load).await;
    let credited = i64::try_from(orders.len()).unwrap() * BLOCK_GOLD;
    assert_eq!(
        app.system_balance("wechat_pay").await,
        -credited,
        "each paid order is credited once"
    );
    app.check_sums().await;
    let log = process.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// Sends gifts and orders until the server is killed after a random time.
async fn run_until_killed(
    app: &TestApp,
    load: &Load,
    users: &Users,
    gift: i64,
    process: &mut ServerProcess,
) {
    load.is_stopped.store(false, Ordering::SeqCst);
    let givers = users.givers.iter();
    let giving = join_all(givers.map(|giver| give(load, giver, &users.receiver, gift)));
    let buying = join_all(users.buyers.iter().map(|buyer| buy(load, app, buyer)));
    let killing = async {
        let millis = u64::try_from(random::within(20..=400)).unwrap();
        process.kill_after(Duration::from_millis(millis)).await;
        load.is_stopped.store(true, Ordering::SeqCst);
    };
    tokio::join!(giving, buying, killing);
}

/// Gives until the server is killed. A gift without an answer is not requested again, so that it
/// stays open whether it was given.
async fn give(load: &Load, giver: &TestClient, receiver: &TestClient, gift: i64) {
    while !load.is_stopped.load(Ordering::SeqCst) {
        let number = load.next_request_id.fetch_add(1, Ordering::SeqCst);
        let id = format!("r{number}");
        let path = format!(
            "qlive_gift/push_gift/?user_id={}&gift_id={gift}&num=1&request_id={id}",
            receiver.user_id
        );
        let answer = giver.request(Method::GET, &path).send().await;
        let body = match answer {
            Ok(answer) => answer.json::<Value>().await.ok(),
            Err(_) => None,
        };
        if let Some(body) = &body {
            assert_eq!(body["code"], "success", "{body}");
        }
        load.gifts.lock().await.push(RequestedGift {
            key: format!("gift:{}:{id}", giver.user_id),
            is_answered: body.is_some(),
        });
    }
}

/// Orders and pays until the server is killed. WeChat repeats the notices that are not answered.
async fn buy(load: &Load, app: &TestApp, buyer: &TestClient) {
    while !load.is_stopped.load(Ordering::SeqCst) {
        let request = buyer.request(Method::POST, "qlive_pay/");
        let body = json!({"block_id": blocks::SIXTY});
        let Ok(answer) = request.json(&body).send().await else {
            return;
        };
        let Ok(body) = answer.json::<Value>().await else {
            return;
        };
        let Some(content) = body["content"].as_str() else {
            return;
        };
        let order: Value = serde_json::from_str(content).unwrap();
        if app.pay_with(&order, json!({})).await == 200 {
            load.paid_orders.lock().await.push(order);
        }
    }
}

/// Checks that every answered gift is in the ledger, and every gift in the ledger is there once.
async fn check_gifts(app: &TestApp, load: &Load) {
    let keys = app.idempotency_keys("gift:").await;
    for gift in load.gifts.lock().await.iter() {
        assert!(
            !gift.is_answered || keys.contains(&gift.key),
            "{} was answered, but is not in the ledger",
            gift.key
        );
    }
    assert_eq!(
        app.count_gifts_sent().await,
        keys.len(),
        "each key has one record"
    );
    assert_eq!(
        app.ledger_total(EntryKind::Gift.number()).await,
        i64::try_from(keys.len()).unwrap() * PRICE,
        "each key has moved the price"
    );
}

/// Checks that the order of every accepted notice is credited before anything is queried.
async fn check_notices(app: &TestApp) {
    let notices = app.sandbox_state().await["notices"].clone();
    let notices = notices.as_array().unwrap().iter();
    for notice in notices.filter(|notice| notice["accepted"] == true) {
        let number = notice["about"].as_str().unwrap();
        let order = app.services.payments.order(number).await.unwrap();
        assert_eq!(
            order.state_name(),
            "paid",
            "the notice of {number} was accepted, but the order is not credited"
        );
    }
}

/// Prints how much was requested, and checks that the kills interrupted some of it.
async fn check_load_size(kills: u32, load: &Load) {
    let gifts = load.gifts.lock().await;
    let orders = load.paid_orders.lock().await.len();
    let answered = gifts.iter().filter(|gift| gift.is_answered).count();
    let size = format!(
        "{kills} kills, {answered} gifts answered, {} not answered, {orders} orders",
        gifts.len() - answered
    );
    assert!(
        answered > 0 && answered < gifts.len() && orders > 0,
        "the load is too small to prove anything: {size}"
    );
    println!("{size}");
}
