//! 22 and 23. `qlive_like/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(a_like_is_set_and_taken_back, what_is_wrong_is_refused);

async fn a_like_is_set_and_taken_back(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    let bob = house.guest("bob", Gender::Male).await;
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

async fn what_is_wrong_is_refused(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    let like = |user: &str, state: serde_json::Value| {
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
