//! Random entries against a model of the ledger, on both engines.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, LedgerError, SystemAccount, TransferCode, post_entry,
    reverse_entry, seal_entries,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::{EntryId, Moment, random};

use crate::support::{audit_report, balances, coins, register_users, user};

on_both!(random_entries_agree_with_the_model);

/// Sequences of steps for each engine.
const CASES: u32 = 24;
const AT: Moment = Moment::from_millis(1);

#[derive(Debug, Clone)]
enum Step {
    /// Posts one entry of this kind with these transfers.
    Post(EntryKind, Vec<Move>),
    /// Reverses the entry with this index in the model.
    Reverse(usize),
    /// Seals a batch.
    Seal,
}

/// From, to, and the amount.
type Move = (Account, Account, i64);

fn account() -> impl Strategy<Value = Account> {
    let users = (1..=3_i64, 0..5_usize)
        .prop_map(|(number, kind)| Account::User(user(number), BalanceKind::ALL[kind]));
    let systems = (0..5_usize).prop_map(|system| Account::System(SystemAccount::ALL[system]));
    prop_oneof![3 => users, 2 => systems]
}

fn step() -> impl Strategy<Value = Step> {
    let transfer = (account(), account(), 1..=20_i64)
        .prop_filter("two different accounts", |(from, to, _)| from != to);
    // Only these can be reversed. In both, any transfer can occur.
    let kind = prop_oneof![Just(EntryKind::Grant), Just(EntryKind::Gift)];
    prop_oneof![
        8 => (kind, vec(transfer, 1..5)).prop_map(|(kind, moves)| Step::Post(kind, moves)),
        2 => (0..40_usize).prop_map(Step::Reverse),
        1 => Just(Step::Seal)
    ]
}

/// A posted entry.
#[derive(Clone)]
struct Posted {
    id: EntryId,
    moves: Vec<Move>,
    reversed: bool,
}

/// Why the model refuses an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Refusals {
    insufficient: bool,
    in_debt: bool,
}

impl Refusals {
    fn contain(self, error: &LedgerError) -> bool {
        match error {
            LedgerError::InsufficientBalance => self.insufficient,
            LedgerError::InDebt => self.in_debt,
            _ => false,
        }
    }
}

/// The expected balances. The transfers of an entry count together, so coins that one of them
/// brings can leave with another.
#[derive(Default, Clone)]
struct Model {
    balances: BTreeMap<Account, i64>,
    entries: Vec<Posted>,
}

impl Model {
    /// The balances after these moves, or the refusals, of which the ledger answers one. A gift may
    /// neither spend income nor bring any beside a debt.
    fn after(&self, kind: EntryKind, moves: &[Move]) -> Result<BTreeMap<Account, i64>, Refusals> {
        let mut balances = self.balances.clone();
        for (from, to, amount) in moves {
            *balances.entry(*from).or_default() -= amount;
            *balances.entry(*to).or_default() += amount;
        }
        let allowed = |(account, balance): (&Account, &i64)| match account {
            Account::System(_) => true,
            Account::User(_, BalanceKind::Debt) => *balance <= 0,
            Account::User(..) => *balance >= 0,
        };
        let debt_of = |user| {
            let debt = balances.get(&Account::User(user, BalanceKind::Debt));
            debt.copied().unwrap_or(0)
        };
        let moves_income_in_debt = |account: Account| match account {
            Account::User(user, BalanceKind::Income) => debt_of(user) < 0,
            _ => false,
        };
        let refusals = Refusals {
            insufficient: !balances.iter().all(allowed),
            in_debt: kind == EntryKind::Gift
                && moves
                    .iter()
                    .any(|(from, to, _)| moves_income_in_debt(*from) || moves_income_in_debt(*to)),
        };
        if refusals == Refusals::default() {
            Ok(balances)
        } else {
            Err(refusals)
        }
    }

    fn balance(&self, account: Account) -> i64 {
        self.balances.get(&account).copied().unwrap_or(0)
    }
}

/// A runner with a seed that is printed. `QLIVE_SEED` repeats a run.
fn runner() -> TestRunner {
    let given = std::env::var("QLIVE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: i64 = given.unwrap_or_else(|| random::within(0..=i64::MAX));
    eprintln!("QLIVE_SEED={seed} repeats this run");
    let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
    )
}

async fn random_entries_agree_with_the_model(db: TestDb) {
    register_users(&db).await;
    let mut model = Model::default();
    let mut runner = runner();
    for _ in 0..CASES {
        let steps = vec(step(), 1..20).new_tree(&mut runner).unwrap().current();
        for step in steps {
            run_step(&db, &mut model, step).await;
        }
        compare(&db, &model).await;
    }
}

async fn run_step(db: &TestDb, model: &mut Model, step: Step) {
    match step {
        Step::Seal => {
            let sealed = db.db.write(|conn| seal_entries(conn, AT, 0)).await;
            sealed.unwrap();
        }
        Step::Post(kind, moves) => post(db, model, kind, moves).await,
        Step::Reverse(index) => reverse(db, model, index).await,
    }
}

async fn post(db: &TestDb, model: &mut Model, kind: EntryKind, moves: Vec<Move>) {
    let entry = moves
        .iter()
        .fold(Entry::new(kind, "random"), |entry, (from, to, amount)| {
            entry.with_transfer(*from, *to, coins(*amount), TransferCode::Grant)
        });
    let posted = db.db.write(move |conn| post_entry(conn, AT, &entry)).await;
    match (posted, model.after(kind, &moves)) {
        (Ok(id), Ok(balances)) => {
            model.balances = balances;
            model.entries.push(Posted {
                id,
                moves,
                reversed: false,
            });
        }
        (Err(error), Err(refusals)) if refusals.contain(&error) => {}
        (posted, expected) => {
            panic!("{kind:?} {moves:?}: {posted:?}, but the model has {expected:?}")
        }
    }
}

async fn reverse(db: &TestDb, model: &mut Model, index: usize) {
    let Some(entry) = model.entries.get(index).cloned() else {
        return;
    };
    let id = entry.id;
    let opposite: Vec<_> = entry
        .moves
        .iter()
        .map(|(from, to, amount)| (*to, *from, *amount))
        .collect();
    let reversal = db
        .db
        .write(move |conn| reverse_entry(conn, AT, id, "back"))
        .await;
    match (reversal, model.after(EntryKind::Reversal, &opposite)) {
        (Err(LedgerError::NotReversible), _) if entry.reversed => {}
        (Ok(_), Ok(balances)) if !entry.reversed => {
            model.balances = balances;
            model.entries[index].reversed = true;
        }
        (Err(error), Err(refusals)) if !entry.reversed && refusals.contain(&error) => {}
        (reversal, expected) => {
            panic!("{opposite:?}: {reversal:?}, but the model has {expected:?}")
        }
    }
}

/// Compares every balance in the database with the model.
async fn compare(db: &TestDb, model: &Model) {
    let report = audit_report(db).await;
    for (system, (_, balance)) in SystemAccount::ALL.into_iter().zip(report.system_balances) {
        let expected = model.balance(Account::System(system));
        assert_eq!(balance, expected, "{system:?}");
    }
    for user in (1..=3).map(user) {
        let stored = balances(db, user).await;
        let kinds: [(BalanceKind, i64); 5] = [
            (BalanceKind::Bought, stored.bought.get()),
            (BalanceKind::Granted, stored.granted.get()),
            (BalanceKind::Income, stored.income.get()),
            (BalanceKind::Held, stored.held.get()),
            (BalanceKind::Debt, -stored.debt.get()),
        ];
        for (kind, balance) in kinds {
            let expected = model.balance(Account::User(user, kind));
            assert_eq!(balance, expected, "{user:?} {kind:?}");
        }
    }
}
