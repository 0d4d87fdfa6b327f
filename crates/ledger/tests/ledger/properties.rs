//! Random entries against a model of the books, on both engines.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use qlive_ledger::{
    Account, Code, Entry, Kind, LedgerError, Purpose, System, audit, post, purse, reverse, seal,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::{EntryId, Moment, UserId, random};

use crate::support::{coins, houseful, user};

on_both!(random_entries_keep_the_books);

/// Sequences tried on each engine.
const CASES: u32 = 24;

#[derive(Debug, Clone)]
enum Step {
    /// Moves that stand or fall together.
    Post(Vec<Move>),
    /// Takes the n-th entry back.
    Reverse(usize),
    Seal,
}

fn account() -> impl Strategy<Value = Account> {
    let users = (1..=3_i64, 0..5_usize).prop_map(|(number, purpose)| {
        Account::User(user(number), Purpose::ALL.get(purpose).copied().unwrap())
    });
    let systems =
        (0..5_usize).prop_map(|system| Account::System(System::ALL.get(system).copied().unwrap()));
    prop_oneof![3 => users, 2 => systems]
}

fn step() -> impl Strategy<Value = Step> {
    let moved =
        (account(), account(), 1..=20_i64).prop_filter("two sides", |(from, to, _)| from != to);
    prop_oneof![8 => vec(moved, 1..5).prop_map(Step::Post), 2 => (0..40_usize).prop_map(Step::Reverse), 1 => Just(Step::Seal)]
}

type Move = (Account, Account, i64);
/// An entry, what it moved, and whether it was taken back.
type Posted = (EntryId, Vec<Move>, bool);

/// Balances as they must be. Transfers of an entry count together: what comes may go at once.
#[derive(Default, Clone)]
struct Model {
    balances: BTreeMap<Account, i64>,
    entries: Vec<Posted>,
}

impl Model {
    fn after(&self, moves: &[Move]) -> Option<BTreeMap<Account, i64>> {
        let mut balances = self.balances.clone();
        for (from, to, amount) in moves {
            *balances.entry(*from).or_default() -= amount;
            *balances.entry(*to).or_default() += amount;
        }
        let allowed = |(account, balance): (&Account, &i64)| match account {
            Account::System(_) => true,
            Account::User(_, Purpose::Debt) => *balance <= 0,
            Account::User(..) => *balance >= 0,
        };
        balances.iter().all(allowed).then_some(balances)
    }

    fn of(&self, user: UserId, purpose: Purpose) -> i64 {
        self.balances
            .get(&Account::User(user, purpose))
            .copied()
            .unwrap_or(0)
    }
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

async fn random_entries_keep_the_books(db: TestDb) {
    houseful(&db).await;
    let mut model = Model::default();
    let mut runner = runner();
    for _ in 0..CASES {
        let steps = vec(step(), 1..20).new_tree(&mut runner).unwrap().current();
        for step in steps {
            play(&db, &mut model, step).await;
        }
        check(&db, &model).await;
    }
}

async fn play(db: &TestDb, model: &mut Model, step: Step) {
    let now = Moment::from_millis(1);
    match step {
        Step::Seal => drop(db.db.write(move |conn| seal(conn, now, 0)).await.unwrap()),
        Step::Post(moves) => {
            // Grants, so that they may be reversed.
            let entry = moves.iter().fold(
                Entry::new(Kind::Grant, "random"),
                |entry, (from, to, amount)| entry.moving(*from, *to, coins(*amount), Code::Grant),
            );
            let done = db.db.write(move |conn| post(conn, now, &entry)).await;
            match (done, model.after(&moves)) {
                (Ok(group), Some(balances)) => {
                    model.balances = balances;
                    model.entries.push((group, moves, false));
                }
                (Err(LedgerError::Short), None) => {}
                (done, expected) => panic!("{moves:?}: {done:?}, but the model says {expected:?}"),
            }
        }
        Step::Reverse(number) => {
            let Some((group, moves, reversed)) = model.entries.get(number).cloned() else {
                return;
            };
            let mirrored: Vec<_> = moves
                .iter()
                .map(|(from, to, amount)| (*to, *from, *amount))
                .collect();
            let done = db
                .db
                .write(move |conn| reverse(conn, now, group, "back"))
                .await;
            match (done, model.after(&mirrored)) {
                (Err(LedgerError::NotReversible), _) if reversed => {}
                (Ok(_), Some(balances)) if !reversed => {
                    model.balances = balances;
                    if let Some(entry) = model.entries.get_mut(number) {
                        entry.2 = true;
                    }
                }
                (Err(LedgerError::Short), None) if !reversed => {}
                (done, expected) => {
                    panic!("reversing {moves:?}: {done:?}, but the model says {expected:?}")
                }
            }
        }
    }
}

async fn check(db: &TestDb, model: &Model) {
    let audited = db.db.read(audit).await.unwrap().unwrap();
    for (system, balance) in System::ALL.into_iter().zip(audited.systems) {
        assert_eq!(
            balance.1,
            model
                .balances
                .get(&Account::System(system))
                .copied()
                .unwrap_or(0),
            "{system:?}"
        );
    }
    for number in 1..=3 {
        let user = user(number);
        let found = db.db.read(move |conn| purse(conn, user)).await.unwrap();
        let found =
            [found.bought, found.granted, found.income, found.held].map(|coins| coins.get());
        let expected = [
            Purpose::Bought,
            Purpose::Granted,
            Purpose::Income,
            Purpose::Held,
        ]
        .map(|purpose| model.of(user, purpose));
        assert_eq!(found, expected);
    }
}
