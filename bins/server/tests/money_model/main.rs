//! Random actions that move money, over HTTP, held against a model. The server is killed at random
//! moments. After each action the balances of the users must be those of the model; after each
//! sequence of actions so must the system accounts and the orders, and the audit must pass.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod action;
mod gifts;
mod ledger;
mod payments;
mod scenario;
mod withdrawals;

use std::ops::Range;
use std::path::Path;

use proptest::collection::vec;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::random;

use crate::action::any_action;
use crate::scenario::Scenario;

on_both!(random_actions_leave_the_balances_of_the_model);

/// How many sequences of actions run on each engine.
const SEQUENCES: usize = 8;
/// How many actions a sequence has.
const LENGTH: Range<usize> = 20..36;

/// A runner with a random seed, which is printed. Setting `QLIVE_SEED` repeats a run.
fn runner() -> TestRunner {
    let given = std::env::var("QLIVE_SEED").ok();
    let given = given.and_then(|seed| seed.parse().ok());
    let seed: i64 = given.unwrap_or_else(|| random::within(0..=i64::MAX));
    eprintln!("QLIVE_SEED={seed} repeats this run");
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
    )
}

async fn random_actions_leave_the_balances_of_the_model(db: TestDb) {
    let mut runner = runner();
    let binary = Path::new(env!("CARGO_BIN_EXE_qlive-server"));
    let mut scenario = Scenario::start(db, binary).await;
    for _ in 0..SEQUENCES {
        let sequence = vec(any_action(), LENGTH).new_tree(&mut runner);
        let actions = sequence.unwrap().current();
        for (at, action) in actions.iter().enumerate() {
            scenario.run(action).await;
            scenario.check_balances(&actions[..=at]).await;
        }
        scenario.check_ledger(&actions).await;
    }
    scenario.check_sums().await;
    scenario.assert_no_panic();
}
