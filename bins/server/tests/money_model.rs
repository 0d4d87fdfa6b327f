//! Random evenings of money against a model of it, over HTTP, with the server
//! killed in the middle of things. After each step the purses are the model's;
//! after each evening so are the accounts of the house and of the providers,
//! and the audit holds.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "model/books.rs"]
mod books;
#[path = "model/evening.rs"]
mod evening;

use std::path::Path;

use books::Step;
use evening::Evening;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::random;

on_both!(random_evenings_keep_the_books);

/// Evenings on each engine, and steps in each.
const EVENINGS: usize = 8;
const STEPS: std::ops::Range<usize> = 20..36;

fn step() -> impl Strategy<Value = Step> {
    let who = 0..3_usize;
    prop_oneof![
        4 => (who.clone(), 1..=2_i64, any::<bool>()).prop_map(|(who, block, wechat)| Step::Order { who, block, wechat }),
        6 => (0..12_usize, 0..7_u8).prop_map(|(order, how)| Step::Pay { order, how }),
        2 => (0..12_usize, 0..6_u8).prop_map(|(order, how)| Step::Forge { order, how }),
        2 => (0..12_usize).prop_map(|order| Step::Ask { order }),
        2 => (who.clone(), 1..40_i64).prop_map(|(who, coins)| Step::Grant { who, coins }),
        9 => (who.clone(), 1..3_usize, 1..30_i64, 0..6_u8).prop_map(|(who, to, num, fate)| Step::Gift { who, to, num, fate }),
        2 => (0..12_usize).prop_map(|gift| Step::Repeat { gift }),
        3 => (0..12_usize, 1..700_i64, any::<bool>()).prop_map(|(order, fen, ours)| Step::Refund { order, fen, ours }),
        2 => (0..30_usize).prop_map(|entry| Step::Reverse { entry }),
        4 => (who, 1..60_i64, 0..4_u8).prop_map(|(who, income, fate)| Step::Withdraw { who, income, fate }),
        1 => Just(Step::Kill),
    ]
}

/// Draws cases from a seed that is printed, and can be given again.
fn runner() -> TestRunner {
    let given = std::env::var("QLIVE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: i64 = given.unwrap_or_else(|| random::within(0..=i64::MAX));
    eprintln!("QLIVE_SEED={seed} repeats this");
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
    )
}

async fn random_evenings_keep_the_books(db: TestDb) {
    let mut runner = runner();
    let mut evening = Evening::open(db, Path::new(env!("CARGO_BIN_EXE_qlive-server"))).await;
    for _ in 0..EVENINGS {
        let steps = vec(step(), STEPS).new_tree(&mut runner).unwrap().current();
        for (at, step) in steps.iter().enumerate() {
            evening.play(step).await;
            evening.check_purses(&steps[..=at]).await;
        }
        evening.check_books(&steps).await;
    }
    evening.end().await;
}
