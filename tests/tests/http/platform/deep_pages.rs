//! The last page of each list, and pages past its end.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    wallet_ends_with_its_first_entry,
    catalogue_and_live_list_end,
    audience_is_listed_to_its_end,
);

/// The last page number that is allowed.
const LAST: i64 = 1 << 31;

async fn wallet_ends_with_its_first_entry(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for coins in 1..=18 {
        app.grant(&bob, coins).await;
    }
    let page = async |number: i64| {
        let query = json!({"page": number});
        bob.get("qlive_user/wallet/", query).await.ok()
    };
    let last = page(3).await;
    let rows = last["results"].as_array().unwrap();
    let amounts: Vec<_> = rows.iter().map(|row| &row["amount"]).collect();
    assert_eq!(amounts, [2, 1]);
    assert_eq!((&last["count"], &last["next"]), (&json!(18), &json!(null)));
    let past = page(LAST).await;
    assert_eq!((&past["count"], &past["results"]), (&json!(18), &json!([])));
    app.audit().await;
}

async fn catalogue_and_live_list_end(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    let past = bob.get("qlive_gift/", json!({"page": LAST})).await;
    past.refused(404, "invalid_page");
    app.advance(2);
    let rooms = async |page: i64| bob.get("get_livelist/", json!({"page": page})).await.ok();
    assert_eq!(rooms(1).await[0]["id"], live);
    assert_eq!(rooms(LAST).await, json!([]));
}

/// The names on a page of the men who watch.
async fn men_on_page(client: &TestClient, live: &Value, page: i64) -> Vec<String> {
    let query = json!({"live_id": live, "gender": 1, "page": page});
    let rows = client.get("qlive_user/get_users_info/", query).await.ok();
    let names = rows.as_array().unwrap().iter();
    names
        .map(|row| row["nickname"].as_str().unwrap().to_owned())
        .collect()
}

async fn audience_is_listed_to_its_end(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let now = app.clock.now().millis();
    // Those with an odd number have applied; the higher the number, the earlier they came.
    app.execute_sql(&format!(
        "INSERT INTO users (id, app_id, openid, nickname, gender, age, height, area, face_url, \
             name_known, gender_known, matchmaker, visits, created_at) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 75) \
         SELECT 90000000 + i, 'a', 'v' || i, 'v' || i, 1, 30, 180, '310100', '', \
             TRUE, TRUE, FALSE, 1, {now} FROM n; \
         INSERT INTO members (user_id, broadcast_id, room_id, gender, state, visit, version, \
             entered_at, invited_by_us, response_until, changed_at, last_active_at, im_event_at, \
             stream_event_at, stream_open_pushes) \
         SELECT u.id, b.id, b.room_id, 1, 1 + u.id % 2, 1, 1, {now} - u.id, FALSE, 0, {now}, \
             {now}, 0, 0, 0 FROM users u, broadcasts b WHERE u.app_id = 'a'"
    ))
    .await;
    let mut listed = Vec::new();
    for page in 1..=10 {
        listed.extend(men_on_page(&host, &live, page).await);
    }
    let applied = (1..=75).rev().filter(|number| number % 2 == 1);
    let watching = (1..=75).rev().filter(|number| number % 2 == 0);
    let expected: Vec<_> = applied
        .chain(watching)
        .map(|number| format!("v{number}"))
        .collect();
    assert_eq!(listed, expected);
    assert!(men_on_page(&host, &live, 11).await.is_empty());
    assert!(men_on_page(&host, &live, LAST).await.is_empty());
    // Who leaves is not on any page, also when the order is a moment old.
    app.execute_sql("DELETE FROM members WHERE user_id = 90000002")
        .await;
    assert!(
        men_on_page(&host, &live, 10)
            .await
            .iter()
            .all(|name| name != "v2")
    );
}
