//! `qlive_user/get_users_info/`: the viewers of a room.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    applicants_come_first_then_the_earliest_to_enter,
    only_members_see_the_audience,
    page_has_eight_users
);

/// The men on a page: nickname, and 1 for an applicant.
async fn list_men(client: &TestClient, live: &Value, page: i64) -> Vec<(String, i64)> {
    let rows = client
        .get(
            "qlive_user/get_users_info/",
            json!({"live_id": live, "gender": 1, "page": page}),
        )
        .await
        .ok();
    let row = |row: &Value| {
        (
            row["nickname"].as_str().unwrap().to_owned(),
            row["state"].as_i64().unwrap(),
        )
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

async fn applicants_come_first_then_the_earliest_to_enter(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let mut guests = Vec::new();
    for name in ["adam", "bob", "carl", "dan"] {
        let guest = app.guest(name, Gender::Male).await;
        guest.enter(&live).await.ok();
        app.advance(1);
        guests.push(guest);
    }
    app.viewer(&live, "eve", Gender::Female).await;
    guests[2].apply(&live).await.ok();
    guests[0].take_mic(&live).await;
    let expected =
        [("carl", 1), ("bob", 0), ("dan", 0)].map(|(name, state)| (name.to_owned(), state));
    assert_eq!(
        list_men(&host, &live, 1).await,
        expected,
        "guests on a mic and the host are not listed"
    );
}

async fn only_members_see_the_audience(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    let list = || {
        bob.get(
            "qlive_user/get_users_info/",
            json!({"live_id": live, "gender": 1, "page": 1}),
        )
    };
    list().await.refused(403, "members_only");
    bob.enter(&live).await.ok();
    list().await.ok();
    bob.get(
        "qlive_user/get_users_info/",
        json!({"live_id": live, "gender": 3}),
    )
    .await
    .refused(400, "invalid");
    bob.get("qlive_user/get_users_info/", json!({"live_id": live}))
        .await
        .refused(400, "missing");
}

async fn page_has_eight_users(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    for number in 0..9 {
        app.guest(&format!("guest{number}"), Gender::Male)
            .await
            .enter(&live)
            .await
            .ok();
    }
    assert_eq!(list_men(&host, &live, 1).await.len(), 8);
    assert_eq!(list_men(&host, &live, 2).await.len(), 1);
    assert_eq!(list_men(&host, &live, 3).await, []);
}
