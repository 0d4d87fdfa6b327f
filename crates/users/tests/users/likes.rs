//! Likes.

use diesel::prelude::*;
use qlive_store::on_both;
use qlive_store::schema::likes;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use qlive_types::Gender;
use qlive_users::UsersError;

use crate::support::{read, unknown_user};

on_both!(
    like_is_set_once_and_removed,
    like_of_an_unknown_user_is_refused,
    concurrent_likes_store_one_row,
);

async fn like_is_set_once_and_removed(db: TestDb) {
    let test = TestServices::start(db).await;
    let users = &test.services.users;
    let (alice, bob) = (
        test.user("alice", Gender::Female).await,
        test.user("bob", Gender::Male).await,
    );
    for is_liked in [false, true, true, false, false] {
        users.set_like(alice, bob, is_liked).await.unwrap();
        assert_eq!(users.is_liked(alice, bob).await.unwrap(), is_liked);
        assert!(!users.is_liked(bob, alice).await.unwrap());
    }
}

async fn like_of_an_unknown_user_is_refused(db: TestDb) {
    let test = TestServices::start(db).await;
    let users = &test.services.users;
    let alice = test.user("alice", Gender::Female).await;
    let unknown = unknown_user(alice);
    for is_liked in [true, false] {
        let refused = users.set_like(alice, unknown, is_liked).await;
        assert!(matches!(refused, Err(UsersError::UnknownUser)));
    }
    let refused = users.is_liked(alice, unknown).await;
    assert!(matches!(refused, Err(UsersError::UnknownUser)));
}

async fn concurrent_likes_store_one_row(db: TestDb) {
    let test = TestServices::start(db).await;
    let (alice, bob) = (
        test.user("alice", Gender::Female).await,
        test.user("bob", Gender::Male).await,
    );
    let (here, there) = (&test.services.users, test.second_instance().users);
    let results = tokio::join!(
        here.set_like(alice, bob, true),
        there.set_like(alice, bob, true),
        here.set_like(alice, bob, true),
    );
    results.0.unwrap();
    results.1.unwrap();
    results.2.unwrap();
    let count: i64 = read(&test, |conn| likes::table.count().get_result(conn)).await;
    assert_eq!(count, 1);
}
