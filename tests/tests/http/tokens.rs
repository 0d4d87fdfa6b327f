//! Tokens: how long they live and how many there are.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, House};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    a_valid_token_is_answered_again,
    a_stale_token_does_not_harm_a_login,
    a_token_dies_thirty_days_after_its_last_use,
    a_user_keeps_five,
    logging_out_keeps_the_token,
    only_its_hash_is_stored,
);

async fn login_with(house: &House, token: &str) -> String {
    let phone = house.stranger().with_token(token);
    let answer = phone
        .post("qlive_user/login/", json!({"appId": APP, "code": "alice"}))
        .await
        .ok();
    answer["token"].as_str().unwrap().to_owned()
}

async fn a_valid_token_is_answered_again(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    assert_eq!(login_with(&house, &alice.token).await, alice.token);
    let bob = house.guest("bob", Gender::Male).await;
    assert_ne!(login_with(&house, &bob.token).await, bob.token);
}

async fn a_stale_token_does_not_harm_a_login(db: TestDb) {
    let house = House::open(db).await;
    house.guest("alice", Gender::Female).await;
    for stale in ["x", "0000000000000000000000000000000000000000"] {
        assert_eq!(login_with(&house, stale).await.len(), 40);
    }
}

async fn a_token_dies_thirty_days_after_its_last_use(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    house.advance(29 * 86_400);
    assert_eq!(alice.user_type().await, 0);
    house.advance(29 * 86_400);
    assert_eq!(alice.user_type().await, 0);
    house.advance(30 * 86_400);
    let answer = alice.get("qlive_user/get_user_state/", json!({})).await;
    answer.refused(401, "unauthorized");
}

async fn a_user_keeps_five(db: TestDb) {
    let house = House::open(db).await;
    let first = house.guest("alice", Gender::Female).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        house.advance(1);
        others.push(login_with(&house, "").await);
    }
    house.advance(601);
    assert_eq!(first.user_type().await, 0);
    house.advance(1);
    let sixth = login_with(&house, "").await;
    let works = |token: &str| {
        let phone = house.stranger().with_token(token);
        async move {
            phone
                .get("qlive_user/get_user_state/", json!({}))
                .await
                .status
                == 200
        }
    };
    assert!(works(&first.token).await, "used ten minutes ago");
    assert!(!works(&others[0]).await, "the longest unused goes first");
    assert!(works(&others[1]).await && works(&sixth).await);
}

async fn logging_out_keeps_the_token(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    alice.logout().await.ok();
    assert_eq!(alice.user_type().await, 0);
}

async fn only_its_hash_is_stored(db: TestDb) {
    use diesel::prelude::*;
    use qlive_store::schema::tokens;
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    let hashes: Vec<String> = house
        .parts
        .db
        .read(|conn| {
            Ok::<_, qlive_store::StoreError>(tokens::table.select(tokens::hash).load(conn)?)
        })
        .await
        .unwrap();
    assert!(
        hashes
            .iter()
            .all(|hash| hash.len() == 64 && !hash.contains(&alice.token))
    );
}
