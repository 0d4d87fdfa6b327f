//! Tokens: how long they are valid and how many a user has.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, TestApp};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    login_with_a_valid_token_returns_it_again,
    invalid_token_does_not_fail_a_login,
    token_expires_thirty_days_after_its_last_use,
    sixth_token_replaces_the_least_recently_used_one,
    five_logins_do_not_push_out_a_token_in_use,
    five_logins_at_once_do_not_push_out_a_token_used_just_before,
    twelve_logins_at_once_leave_five_tokens,
    token_is_valid_after_logout,
    only_the_hash_of_a_token_is_stored,
);

async fn login_with(app: &TestApp, token: &str) -> String {
    let client = app.anonymous_client().with_token(token);
    let answer = client
        .post("qlive_user/login/", json!({"appId": APP, "code": "alice"}))
        .await
        .ok();
    answer["token"].as_str().unwrap().to_owned()
}

async fn login_with_a_valid_token_returns_it_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    assert_eq!(login_with(&app, &alice.token).await, alice.token);
    let bob = app.guest("bob", Gender::Male).await;
    assert_ne!(login_with(&app, &bob.token).await, bob.token);
}

async fn invalid_token_does_not_fail_a_login(db: TestDb) {
    let app = TestApp::start(db).await;
    app.guest("alice", Gender::Female).await;
    for stale in ["x", "0000000000000000000000000000000000000000"] {
        assert_eq!(login_with(&app, stale).await.len(), 40);
    }
}

async fn token_expires_thirty_days_after_its_last_use(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    app.advance(29 * 86_400);
    assert_eq!(alice.user_type().await, 0);
    app.advance(29 * 86_400);
    assert_eq!(alice.user_type().await, 0);
    app.advance(30 * 86_400);
    let answer = alice.get("qlive_user/get_user_state/", json!({})).await;
    answer.refused(401, "unauthorized");
}

async fn sixth_token_replaces_the_least_recently_used_one(db: TestDb) {
    let app = TestApp::start(db).await;
    let first = app.guest("alice", Gender::Female).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        app.advance(1);
        others.push(login_with(&app, "").await);
    }
    app.advance(601);
    assert_eq!(first.user_type().await, 0);
    app.advance(1);
    let sixth = login_with(&app, "").await;
    let works = |token: &str| {
        let client = app.anonymous_client().with_token(token);
        async move {
            client
                .get("qlive_user/get_user_state/", json!({}))
                .await
                .status
                == 200
        }
    };
    assert!(works(&first.token).await, "used ten minutes ago");
    assert!(
        !works(&others[0]).await,
        "the least recently used one is removed"
    );
    assert!(works(&others[1]).await && works(&sixth).await);
}

async fn five_logins_do_not_push_out_a_token_in_use(db: TestDb) {
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let alice = app.guest("alice", Gender::Female).await;
    let alice_there = alice.on_instance(&other);
    let mut issued = Vec::new();
    for _ in 0..6 {
        app.advance(95);
        assert_eq!(alice_there.user_type().await, 0);
        issued.push(login_with(&app, "").await);
    }
    assert_eq!(alice.user_type().await, 0, "in use on the other instance");
    let mut valid = Vec::new();
    for token in &issued {
        let client = app.anonymous_client().with_token(token);
        let answer = client.get("qlive_user/get_user_state/", json!({})).await;
        valid.push(answer.status == 200);
    }
    assert_eq!(valid, [false, false, true, true, true, true]);
}

async fn five_logins_at_once_do_not_push_out_a_token_used_just_before(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    // Nine minutes after its use was recorded before.
    app.advance(540);
    assert_eq!(alice.user_type().await, 0);
    for _ in 0..8 {
        login_with(&app, "").await;
    }
    assert_eq!(alice.user_type().await, 0);
}

async fn twelve_logins_at_once_leave_five_tokens(db: TestDb) {
    use diesel::prelude::*;
    use qlive_store::schema::tokens;
    let app = TestApp::start(db).await;
    let other = app.second_instance().await;
    let alice = app.guest("alice", Gender::Female).await;
    let instances = [&app, &other];
    join_all((0..12).map(|at| login_with(instances[at % 2], ""))).await;
    let of_alice = tokens::table.filter(tokens::user_id.eq(alice.id().get()));
    let db = &app.services.db;
    let left: i64 = db
        .read(move |conn| Ok::<_, qlive_store::StoreError>(of_alice.count().get_result(conn)?))
        .await
        .unwrap();
    assert_eq!(left, 5);
}

async fn token_is_valid_after_logout(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    alice.logout().await.ok();
    assert_eq!(alice.user_type().await, 0);
}

async fn only_the_hash_of_a_token_is_stored(db: TestDb) {
    use diesel::prelude::*;
    use qlive_store::schema::tokens;
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let hashes: Vec<String> = app
        .services
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
