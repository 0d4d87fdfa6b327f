//! Reversals: what can be reversed, once, and what a reversal moves.

use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, LedgerError, SystemAccount, TransferCode, reverse_entry,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::EntryId;

use crate::support::{
    NOW, audit_report, balances, coins, gift, grant, post, recharge, register_users, user, write,
};

on_both!(
    reversal_returns_the_coins_once,
    entry_of_another_kind_is_not_reversible,
    concurrent_reversals_of_one_entry_succeed_once,
);

async fn reverse(db: &TestDb, entry: EntryId) -> Result<EntryId, LedgerError> {
    write(db, move |conn| reverse_entry(conn, NOW, entry, "oops")).await
}

async fn reversal_returns_the_coins_once(db: TestDb) {
    register_users(&db).await;
    let granted = post(&db, grant(user(1), 10)).await.unwrap();
    let given = post(&db, gift(user(1), user(2), 4)).await.unwrap();
    let spent = reverse(&db, granted).await;
    assert!(
        matches!(spent, Err(LedgerError::InsufficientBalance)),
        "a part is spent: {spent:?}"
    );
    let reversal = reverse(&db, given).await.unwrap();
    for entry in [given, reversal] {
        let again = reverse(&db, entry).await;
        assert!(
            matches!(again, Err(LedgerError::NotReversible)),
            "{again:?}"
        );
    }
    let unknown = reverse(&db, EntryId::new(999)).await;
    assert!(matches!(unknown, Err(LedgerError::UnknownEntry)));
    let (one, two) = (balances(&db, user(1)).await, balances(&db, user(2)).await);
    assert_eq!((one.granted, two.income), (coins(10), coins(0)));
    reverse(&db, granted).await.unwrap();
    assert_eq!(balances(&db, user(1)).await.granted, coins(0));
    audit_report(&db).await;
}

async fn entry_of_another_kind_is_not_reversible(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    post(&db, gift(user(1), user(2), 10)).await.unwrap();
    let hold = Entry::new(EntryKind::Hold, "w").with_transfer(
        Account::User(user(2), BalanceKind::Income),
        Account::User(user(2), BalanceKind::Held),
        coins(10),
        TransferCode::Hold,
    );
    let payout = Entry::new(EntryKind::Payout, "w").with_transfer(
        Account::User(user(2), BalanceKind::Held),
        Account::System(SystemAccount::PaidOut),
        coins(10),
        TransferCode::Payout,
    );
    for entry in [recharge(user(1), 5), hold, payout] {
        let shown = format!("{entry:?}");
        let posted = post(&db, entry).await.unwrap();
        let refused = reverse(&db, posted).await;
        assert!(
            matches!(refused, Err(LedgerError::NotReversible)),
            "{shown}: {refused:?}"
        );
    }
    audit_report(&db).await;
}

async fn concurrent_reversals_of_one_entry_succeed_once(db: TestDb) {
    register_users(&db).await;
    let granted = post(&db, grant(user(1), 10)).await.unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move {
                db.write(move |conn| reverse_entry(conn, NOW, granted, "oops"))
                    .await
            })
        })
        .collect();
    let mut reversed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => reversed += 1,
            Err(LedgerError::NotReversible) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(reversed, 1);
    assert_eq!(balances(&db, user(1)).await.granted, coins(0));
    audit_report(&db).await;
}
