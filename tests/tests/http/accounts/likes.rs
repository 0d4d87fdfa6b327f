//! `qlive_like/`: setting and reading a like.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    like_is_set_and_removed_any_number_of_times,
    unknown_user_and_invalid_state_are_refused
);

async fn like_is_set_and_removed_any_number_of_times(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let bob = app.guest("bob", Gender::Male).await;
    for (state, times) in [(1, 2), (0, 2), (1, 1)] {
        for _ in 0..times {
            let body = json!({"user_id": bob.user_id, "like_state": state});
            assert_eq!(
                alice.post("qlive_like/", body).await.ok(),
                json!({"detail": "ok"})
            );
        }
        let answer = alice
            .get("qlive_like/", json!({"user_id": bob.user_id}))
            .await
            .ok();
        assert_eq!(answer, json!({"like_state": state}));
    }
    assert_eq!(
        bob.get("qlive_like/", json!({"user_id": alice.user_id}))
            .await
            .ok(),
        json!({"like_state": 0})
    );
}

async fn unknown_user_and_invalid_state_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let like = |user: &str, state: Value| {
        alice.post("qlive_like/", json!({"user_id": user, "like_state": state}))
    };
    like("10000000", json!(1))
        .await
        .refused(404, "unknown_user");
    for wrong in [json!(2), json!("yes"), json!(-1)] {
        like(&alice.user_id, wrong).await.refused(400, "invalid");
    }
    like(&alice.user_id, json!(""))
        .await
        .refused(400, "missing");
    alice
        .get("qlive_like/", json!({"user_id": "10000000"}))
        .await
        .refused(404, "unknown_user");
    alice
        .get("qlive_like/", json!({}))
        .await
        .refused(400, "missing");
}
