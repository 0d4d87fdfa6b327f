//! Posting entries: the balances they move, their limits, and concurrent entries.

use qlive_ledger::{
    Account, BalanceKind, Balances, Entry, EntryKind, LedgerError, SystemAccount, TransferCode,
    post_entry, reverse_entry,
};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, on_both};
use qlive_types::{Coins, UserId};

use crate::support::{
    NOW, audit_report, balances, coins, gift, grant, post, recharge, register_users, user, write,
};

on_both!(
    entry_moves_balances,
    balances_before_the_first_entry_are_zero,
    refused_entry_moves_nothing,
    insufficient_balance_is_refused_within_one_entry_of_several_transfers,
    opposite_entries_do_not_deadlock,
    concurrent_first_entries_of_a_user_all_succeed,
    concurrent_spending_never_exceeds_the_balance,
    balance_is_accepted_up_to_its_maximum,
    income_is_neither_spent_nor_brought_beside_a_debt,
    income_that_returns_is_accepted_beside_a_debt,
);

async fn entry_moves_balances(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    post(&db, gift(user(1), user(2), 4)).await.unwrap();
    let (one, two) = (balances(&db, user(1)).await, balances(&db, user(2)).await);
    assert_eq!(
        (one.granted, one.income, two.income),
        (coins(6), coins(0), coins(4))
    );
    let report = audit_report(&db).await;
    assert_eq!(
        (report.entries, report.transfers, report.user_total),
        (2, 2, 10)
    );
    assert_eq!(report.system_balances[1], ("grants", -10));
}

async fn balances_before_the_first_entry_are_zero(db: TestDb) {
    register_users(&db).await;
    assert_eq!(balances(&db, user(1)).await, Balances::default());
}

async fn refused_entry_moves_nothing(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    for (from, amount) in [(user(1), 11), (user(2), 1)] {
        let posted = post(&db, gift(from, user(3), amount)).await;
        assert!(
            matches!(posted, Err(LedgerError::InsufficientBalance)),
            "{posted:?}"
        );
    }
    post(&db, grant(user(2), Coins::MAX.get())).await.unwrap();
    let posted = post(&db, grant(user(2), 1)).await;
    assert!(
        matches!(posted, Err(LedgerError::AmountOutOfRange)),
        "{posted:?}"
    );
    let posted = post(&db, recharge(user(2), 1)).await;
    assert!(
        matches!(posted, Err(LedgerError::AmountOutOfRange)),
        "the maximum is for granted and bought gold together: {posted:?}"
    );
    let posted = post(&db, Entry::new(EntryKind::Grant, "x")).await;
    assert!(matches!(posted, Err(LedgerError::Unbalanced)));
    let report = audit_report(&db).await;
    assert_eq!(report.entries, 2, "a refused entry leaves no row");
    assert_eq!(balances(&db, user(3)).await, Balances::default());
}

async fn insufficient_balance_is_refused_within_one_entry_of_several_transfers(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    let transfers = |second: i64| {
        gift(user(1), user(2), 6).with_transfer(
            Account::User(user(1), BalanceKind::Granted),
            Account::System(SystemAccount::Platform),
            coins(second),
            TransferCode::GiftPlatform,
        )
    };
    let posted = post(&db, transfers(5)).await;
    assert!(
        matches!(posted, Err(LedgerError::InsufficientBalance)),
        "{posted:?}"
    );
    assert_eq!(balances(&db, user(2)).await, Balances::default());
    post(&db, transfers(4)).await.unwrap();
    assert_eq!(balances(&db, user(1)).await.granted, Coins::ZERO);
    let report = audit_report(&db).await;
    assert_eq!(report.system_balances[0], ("platform", 4));
}

async fn opposite_entries_do_not_deadlock(db: TestDb) {
    register_users(&db).await;
    for number in 1..=3 {
        post(&db, grant(user(number), 1000)).await.unwrap();
    }
    let tasks: Vec<_> = (0..60)
        .map(|turn: i64| {
            let db = db.db.clone();
            let (from, to) = (user(turn % 3 + 1), user((turn + 1 + turn % 2) % 3 + 1));
            tokio::spawn(async move {
                db.write(move |conn| post_entry(conn, NOW, &gift(from, to, 1)))
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let report = audit_report(&db).await;
    assert_eq!((report.entries, report.user_total), (63, 3000));
}

async fn concurrent_first_entries_of_a_user_all_succeed(db: TestDb) {
    register_users(&db).await;
    for number in 1..=3 {
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let db = db.db.clone();
                tokio::spawn(async move {
                    db.write(move |conn| post_entry(conn, NOW, &grant(user(number), 1)))
                        .await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
    let report = audit_report(&db).await;
    assert_eq!((report.entries, report.user_total), (48, 48));
}

async fn concurrent_spending_never_exceeds_the_balance(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move {
                db.write(|conn| post_entry(conn, NOW, &gift(user(1), user(2), 3)))
                    .await
            })
        })
        .collect();
    let mut posted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => posted += 1,
            Err(LedgerError::InsufficientBalance) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(posted, 3);
    let (one, two) = (balances(&db, user(1)).await, balances(&db, user(2)).await);
    assert_eq!((one.granted, two.income), (coins(1), coins(9)));
    audit_report(&db).await;
}

/// An entry that moves coins from a system account to one balance.
fn credit(to: Account, amount: i64) -> impl Fn(&mut Conn) -> Result<(), LedgerError> {
    move |conn: &mut Conn| {
        let entry = Entry::new(EntryKind::Grant, "x").with_transfer(
            Account::System(SystemAccount::Grants),
            to,
            coins(amount),
            TransferCode::Grant,
        );
        post_entry(conn, NOW, &entry).map(drop)
    }
}

/// An entry that increases the debt of a user.
fn increase_debt(amount: i64) -> impl Fn(&mut Conn) -> Result<(), LedgerError> {
    move |conn: &mut Conn| {
        let entry = Entry::new(EntryKind::Refund, "x").with_transfer(
            Account::User(user(1), BalanceKind::Debt),
            Account::System(SystemAccount::Grants),
            coins(amount),
            TransferCode::RefundDebt,
        );
        post_entry(conn, NOW, &entry).map(drop)
    }
}

async fn balance_is_accepted_up_to_its_maximum(db: TestDb) {
    register_users(&db).await;
    const MAX: i64 = Coins::MAX.get();
    for (kind, number) in [
        (BalanceKind::Bought, 1),
        (BalanceKind::Granted, 2),
        (BalanceKind::Income, 3),
        (BalanceKind::Held, 4),
    ] {
        let to = Account::User(user(number), kind);
        write(&db, credit(to, MAX - 1)).await.unwrap();
        let above = write(&db, credit(to, 2)).await;
        assert!(
            matches!(above, Err(LedgerError::AmountOutOfRange)),
            "{kind:?}: {above:?}"
        );
        write(&db, credit(to, 1)).await.unwrap();
    }
    write(&db, increase_debt(MAX - 1)).await.unwrap();
    assert!(matches!(
        write(&db, increase_debt(2)).await,
        Err(LedgerError::AmountOutOfRange)
    ));
    write(&db, increase_debt(1)).await.unwrap();
    let positive = write(&db, credit(Account::User(user(2), BalanceKind::Debt), 1)).await;
    assert!(
        matches!(positive, Err(LedgerError::InsufficientBalance)),
        "a debt cannot become positive: {positive:?}"
    );
}

/// A refund of coins that were spent.
fn debt_of(of: UserId, amount: i64) -> Entry {
    Entry::new(EntryKind::Refund, "r").with_transfer(
        Account::User(of, BalanceKind::Debt),
        Account::System(SystemAccount::WechatPay),
        coins(amount),
        TransferCode::RefundDebt,
    )
}

/// Income that is held for a withdrawal, or that comes back from it.
fn held_income(kind: EntryKind, of: UserId, amount: i64) -> Entry {
    let income = Account::User(of, BalanceKind::Income);
    let held = Account::User(of, BalanceKind::Held);
    let (from, to) = match kind {
        EntryKind::Hold => (income, held),
        _ => (held, income),
    };
    Entry::new(kind, "w").with_transfer(from, to, coins(amount), TransferCode::Hold)
}

async fn income_is_neither_spent_nor_brought_beside_a_debt(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 100)).await.unwrap();
    post(&db, gift(user(1), user(2), 20)).await.unwrap();
    post(&db, debt_of(user(2), 5)).await.unwrap();
    let before = balances(&db, user(2)).await;
    let share = |to: BalanceKind, amount: i64| {
        Entry::new(EntryKind::Gift, "g").with_transfer(
            Account::User(user(1), BalanceKind::Granted),
            Account::User(user(2), to),
            coins(amount),
            TransferCode::GiftReceived,
        )
    };
    let from_income = Entry::new(EntryKind::Gift, "g").with_transfer(
        Account::User(user(2), BalanceKind::Income),
        Account::User(user(3), BalanceKind::Income),
        coins(1),
        TransferCode::GiftReceived,
    );
    for entry in [
        from_income,
        held_income(EntryKind::Hold, user(2), 1),
        share(BalanceKind::Income, 1),
    ] {
        let shown = format!("{entry:?}");
        let refused = post(&db, entry).await;
        assert!(
            matches!(refused, Err(LedgerError::InDebt)),
            "{shown}: {refused:?}"
        );
    }
    assert_eq!(balances(&db, user(2)).await, before);
    post(&db, share(BalanceKind::Debt, 3)).await.unwrap();
    let too_much = post(&db, share(BalanceKind::Debt, 3)).await;
    assert!(matches!(too_much, Err(LedgerError::InsufficientBalance)));
    // What pays the rest of the debt may bring income in the same entry.
    let both = share(BalanceKind::Debt, 2).with_transfer(
        Account::User(user(1), BalanceKind::Granted),
        Account::User(user(2), BalanceKind::Income),
        coins(4),
        TransferCode::GiftReceived,
    );
    post(&db, both).await.unwrap();
    let after = balances(&db, user(2)).await;
    assert_eq!((after.income, after.debt), (coins(24), coins(0)));
    post(&db, held_income(EntryKind::Hold, user(2), 24))
        .await
        .unwrap();
    audit_report(&db).await;
}

async fn income_that_returns_is_accepted_beside_a_debt(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 100)).await.unwrap();
    let received = post(&db, gift(user(1), user(2), 20)).await.unwrap();
    post(&db, held_income(EntryKind::Hold, user(2), 20))
        .await
        .unwrap();
    post(&db, debt_of(user(2), 5)).await.unwrap();
    post(&db, held_income(EntryKind::PayoutReturned, user(2), 20))
        .await
        .unwrap();
    let returned = balances(&db, user(2)).await;
    assert_eq!((returned.income, returned.debt), (coins(20), coins(5)));
    // A correction takes the income of a gift back, whatever its receiver owes.
    write(&db, move |conn| reverse_entry(conn, NOW, received, "oops"))
        .await
        .unwrap();
    assert_eq!(balances(&db, user(2)).await.income, coins(0));
    audit_report(&db).await;
}
