//! Bans: at once, from any tool.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, House, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    a_banned_guest_is_gone_at_once,
    a_banned_host_ends_his_broadcast,
    he_may_log_in_read_and_log_out,
    an_unban_gives_it_all_back,
    bans_are_on_record,
);

fn ordered(outside: &Value, action: &str, user: &str) -> bool {
    let orders = outside["stream_orders"].as_array().unwrap();
    orders
        .iter()
        .any(|order| order["action"] == action && order["stream"] == user)
}

async fn a_banned_guest_is_gone_at_once(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    house.ban(bob.id()).await;
    assert_eq!(host.enter(&room["live_id"]).await.ok()["male"], json!({}));
    assert_eq!(bob.user_type().await, 0);
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1", "off 1"]
    );
    let outside = house.outside().await;
    assert_eq!(outside["kicked"], json!([bob.user_id]), "his IM login ends");
    assert!(ordered(&outside, "ForbidLiveStream", &bob.user_id));
    let order = &outside["stream_orders"][0]["asked"];
    assert!(
        order["ResumeTime"].as_str().unwrap().ends_with('Z'),
        "{order}"
    );
}

async fn a_banned_host_ends_his_broadcast(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    house.ban(host.id()).await;
    assert_eq!(bob.user_type().await, 0);
    house.delivered().await;
    let over = house
        .told_group(room["group_id"].as_str().unwrap())
        .await
        .pop()
        .unwrap();
    assert_eq!(
        (&over["message"]["type"], &over["custom"]["reason"]),
        (&json!("over"), &json!("banned"))
    );
}

async fn he_may_log_in_read_and_log_out(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    house.ban(bob.id()).await;
    let login = house
        .stranger()
        .post("qlive_user/login/", json!({"appId": APP, "code": "bob"}))
        .await
        .ok();
    assert_eq!(
        (&login["status"], &login["user_sign"]),
        (&json!(0), &json!(""))
    );
    for (path, query) in [
        ("qlive_user/get_userinfo/", json!({})),
        ("get_livelist/", json!({})),
        ("get_configs/", json!({})),
        ("qlive_user/get_user_state/", json!({})),
        ("qlive_like/", json!({"user_id": bob.user_id})),
        ("qlive_user/logout/", json!({})),
    ] {
        let answer = bob.get(path, query).await.ok();
        assert_ne!(
            answer
                .get("user_sig")
                .and_then(Value::as_str)
                .map(str::is_empty),
            Some(false),
            "no UserSig"
        );
    }
    bob.enter(&live).await.refused(403, "banned");
    bob.leave(&live).await.refused(403, "banned");
    for path in [
        "qlive_user/update_userinfo/",
        "qlive_room/apply_micro/",
        "qlive_room/accept_micro/",
        "qlive_room/refuse_micro/",
        "qlive_room/live_end/",
        "qlive_room/leave_micro/",
        "qlive_room/invite_micro/",
        "qlive_like/",
    ] {
        let body = json!({"live_id": live, "user_id": bob.user_id, "gender": 1, "like_state": 1});
        bob.post(path, body).await.refused(403, "banned");
    }
}

async fn an_unban_gives_it_all_back(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    house.ban(bob.id()).await;
    bob.enter(&live).await.refused(403, "banned");
    house.unban(bob.id()).await;
    bob.take_mic(&live).await;
    eventually("his stream is let through", || async {
        ordered(&house.outside().await, "ResumeLiveStream", &bob.user_id)
    })
    .await;
}

async fn bans_are_on_record(db: TestDb) {
    use diesel::prelude::*;
    use qlive_store::schema::audit_log;
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    house.ban(bob.id()).await;
    let rows: Vec<(String, String, String)> = house
        .parts
        .db
        .read(|conn| {
            let columns = (audit_log::who, audit_log::action, audit_log::subject);
            let bans = audit_log::table.filter(audit_log::action.eq("users ban"));
            Ok::<_, qlive_store::StoreError>(bans.select(columns).load(conn)?)
        })
        .await
        .unwrap();
    assert_eq!(
        rows,
        [(
            "test".to_owned(),
            "users ban".to_owned(),
            bob.user_id.clone()
        )]
    );
}
