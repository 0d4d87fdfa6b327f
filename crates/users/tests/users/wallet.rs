//! Wallets: grants, reversals and the history.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use qlive_types::{Coins, EntryId, Gender, Page};
use qlive_users::UsersError;

use crate::support::{audit_rows, unknown_user};

on_both!(
    grant_credits_the_user_and_is_in_the_audit_log,
    grant_to_an_unknown_user_is_refused,
    reversal_takes_a_grant_back_once,
    concurrent_reversals_take_a_grant_back_once,
);

fn coins(amount: i64) -> Coins {
    Coins::new(amount).unwrap()
}

async fn grant_credits_the_user_and_is_in_the_audit_log(db: TestDb) {
    let test = TestServices::start(db).await;
    let users = &test.services.users;
    let alice = test.user("alice", Gender::Female).await;
    assert_eq!(
        users.balances(alice).await.unwrap().gold().unwrap(),
        coins(0)
    );
    users
        .grant_gold(test.operator(), alice, coins(30))
        .await
        .unwrap();
    users
        .grant_gold(test.operator(), alice, coins(12))
        .await
        .unwrap();
    assert_eq!(
        users.balances(alice).await.unwrap().gold().unwrap(),
        coins(42)
    );
    let (count, history) = users.wallet(alice, Page::FIRST).await.unwrap();
    assert_eq!((count, history.len()), (2, 2));
    let subject = |amount: i64| {
        (
            "ledger credit".to_owned(),
            format!("{alice}: {amount} coins"),
        )
    };
    assert_eq!(audit_rows(&test).await, [subject(30), subject(12)]);
}

async fn grant_to_an_unknown_user_is_refused(db: TestDb) {
    let test = TestServices::start(db).await;
    let users = &test.services.users;
    let alice = test.user("alice", Gender::Female).await;
    let refused = users
        .grant_gold(test.operator(), unknown_user(alice), coins(1))
        .await;
    assert!(matches!(refused, Err(UsersError::UnknownUser)));
    assert!(audit_rows(&test).await.is_empty());
}

async fn reversal_takes_a_grant_back_once(db: TestDb) {
    let test = TestServices::start(db).await;
    let users = &test.services.users;
    let alice = test.user("alice", Gender::Female).await;
    let entry = users
        .grant_gold(test.operator(), alice, coins(30))
        .await
        .unwrap();
    let reversal = users.reverse_entry(test.operator(), entry).await.unwrap();
    assert_eq!(
        users.balances(alice).await.unwrap().gold().unwrap(),
        coins(0)
    );
    for refused in [entry, reversal, EntryId::new(reversal.get() + 1)] {
        let refused = users.reverse_entry(test.operator(), refused).await;
        assert!(matches!(refused, Err(UsersError::Ledger(_))));
    }
    assert_eq!(audit_rows(&test).await.len(), 2);
}

async fn concurrent_reversals_take_a_grant_back_once(db: TestDb) {
    let test = TestServices::start(db).await;
    let (here, there) = (&test.services.users, test.second_instance().users);
    let alice = test.user("alice", Gender::Female).await;
    here.grant_gold(test.operator(), alice, coins(30))
        .await
        .unwrap();
    let entry = here
        .grant_gold(test.operator(), alice, coins(30))
        .await
        .unwrap();
    let (a, b) = tokio::join!(
        here.reverse_entry(test.operator(), entry),
        there.reverse_entry(test.operator(), entry),
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    assert_eq!(
        here.balances(alice).await.unwrap().gold().unwrap(),
        coins(30)
    );
}
