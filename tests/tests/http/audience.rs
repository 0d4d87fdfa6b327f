//! 9. `qlive_user/get_users_info/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    applicants_first_then_the_earliest,
    members_only,
    pages_of_eight
);

async fn men(phone: &Phone, live: &Value, page: i64) -> Vec<(String, i64)> {
    let rows = phone
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

async fn applicants_first_then_the_earliest(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let mut guests = Vec::new();
    for name in ["adam", "bob", "carl", "dan"] {
        let guest = house.guest(name, Gender::Male).await;
        guest.enter(&live).await.ok();
        house.advance(1);
        guests.push(guest);
    }
    house
        .guest("eve", Gender::Female)
        .await
        .enter(&live)
        .await
        .ok();
    guests[2].apply(&live).await.ok();
    guests[0].take_mic(&live).await;
    let expected =
        [("carl", 1), ("bob", 0), ("dan", 0)].map(|(name, state)| (name.to_owned(), state));
    assert_eq!(
        men(&host, &live, 1).await,
        expected,
        "neither those on a mic nor the host are listed"
    );
}

async fn members_only(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    let ask = || {
        bob.get(
            "qlive_user/get_users_info/",
            json!({"live_id": live, "gender": 1, "page": 1}),
        )
    };
    ask().await.refused(403, "members_only");
    bob.enter(&live).await.ok();
    ask().await.ok();
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

async fn pages_of_eight(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    for number in 0..9 {
        house
            .guest(&format!("guest{number}"), Gender::Male)
            .await
            .enter(&live)
            .await
            .ok();
    }
    assert_eq!(men(&host, &live, 1).await.len(), 8);
    assert_eq!(men(&host, &live, 2).await.len(), 1);
    assert_eq!(men(&host, &live, 3).await, []);
}
