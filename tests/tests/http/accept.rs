//! 11. `qlive_room/accept_micro/`

use qlive_server::Settings;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    the_winner_gets_his_urls,
    the_room_and_the_host_are_told,
    a_taken_seat_is_a_lost_race,
    each_gender_has_its_seat,
    one_must_apply_or_be_invited,
    by_invitation_only,
    open_to_all,
    who_was_put_down_needs_an_invitation,
    who_was_declined_needs_an_invitation,
    a_new_broadcast_forgets,
    on_the_mic_already_is_the_same_again,
    errors_carry_error_msg,
);

async fn the_winner_gets_his_urls(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    let won = bob.take_mic(&live).await;
    assert_eq!(
        (&won["user_id"], &won["gender"], &won["nickname"]),
        (&json!(bob.user_id), &json!(1), &json!("bob"))
    );
    assert_eq!((&won["age"], &won["area"]), (&json!(25), &json!("310100")));
    assert_eq!(
        won["play_url"],
        json!(format!("rtmp://play.sandbox.invalid/live/{}", bob.user_id))
    );
    assert!(won["push_url"].as_str().unwrap().contains("txSecret="));
    assert_eq!(bob.user_type().await, 3);
}

async fn the_room_and_the_host_are_told(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    let won = bob.take_mic(&room["live_id"]).await;
    house.delivered().await;
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    let expected = json!({"type": "reset", "content": {
        "content_type": "on", "user_id": bob.user_id, "play_url": won["play_url"], "nickname": "bob",
        "area": "310100", "age": 25, "face_url": won["face_url"], "gender": 1}});
    assert_eq!(told[0]["message"], expected);
    assert_eq!(
        (&told[0]["priority"], &told[0]["callbacks_forbidden"]),
        (&json!("High"), &json!(true))
    );
    let num = house.told(&host).await.pop().unwrap();
    assert_eq!(num["message"]["content"]["num_list"], json!([0, 1, 0, 0]));
}

async fn a_taken_seat_is_a_lost_race(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    house
        .guest("adam", Gender::Male)
        .await
        .take_mic(&live)
        .await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    assert_eq!(
        bob.accept(&live).await.ok(),
        json!({"code": "failed", "error_msg": "抢麦失败"})
    );
    assert_eq!(bob.user_type().await, 2, "his application stands");
}

async fn each_gender_has_its_seat(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    house
        .guest("adam", Gender::Male)
        .await
        .take_mic(&live)
        .await;
    let eve = house.guest("eve", Gender::Female).await;
    eve.take_mic(&live).await;
    assert_eq!(eve.user_type().await, 4);
    let seen = eve.enter(&live).await.ok();
    assert_eq!(
        (&seen["male"]["nickname"], &seen["female"]["nickname"]),
        (&json!("adam"), &json!("eve"))
    );
}

async fn one_must_apply_or_be_invited(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.accept(&live).await.refused(409, "not_in_room");
    bob.enter(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    host.accept(&live).await.refused(409, "hosting");
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

fn admission(mode: qlive_server::AdmissionSetting) -> impl FnOnce(&mut Settings) {
    move |settings| settings.rooms.admission = mode
}

async fn by_invitation_only(db: TestDb) {
    let house = House::open_with(db, admission(qlive_server::AdmissionSetting::Invited)).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

async fn open_to_all(db: TestDb) {
    let house = House::open_with(db, admission(qlive_server::AdmissionSetting::Open)).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
    host.off_mic(&live, &bob, Gender::Male).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
}

async fn who_was_put_down_needs_an_invitation(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    host.off_mic(&live, &bob, Gender::Male).await.ok();
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    bob.leave(&live).await.ok();
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

async fn who_was_declined_needs_an_invitation(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    host.decline(&live, &bob).await.ok();
    assert_eq!(bob.user_type().await, 1);
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
}

async fn a_new_broadcast_forgets(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    host.off_mic(&live, &bob, Gender::Male).await.ok();
    host.end(&live).await.ok();
    host.open_room().await;
    bob.take_mic(&live).await;
}

async fn on_the_mic_already_is_the_same_again(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    let first = bob.take_mic(&room["live_id"]).await;
    house.advance(60);
    let again = bob.accept(&room["live_id"]).await.ok();
    let without_url = |answer: &Value| {
        let mut answer = answer.clone();
        answer["push_url"].take();
        answer
    };
    assert_eq!(without_url(&first), without_url(&again));
    assert_ne!(first["push_url"], again["push_url"], "a fresh one");
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1"],
        "told once"
    );
}

async fn errors_carry_error_msg(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    for body in [
        bob.accept(&json!(999)).await.refused(409, "not_in_room"),
        bob.accept(&json!("x")).await.refused(400, "invalid"),
        house
            .stranger()
            .accept(&json!(1))
            .await
            .refused(401, "unauthorized"),
    ] {
        assert_eq!(body["error_msg"], body["detail"]);
    }
    assert_eq!(
        bob.apply(&json!(999))
            .await
            .refused(409, "not_in_room")
            .get("error_msg"),
        None
    );
}
