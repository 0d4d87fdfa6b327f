//! `qlive_room/accept_micro/`: taking the mic.

use qlive_app::{Admission, Settings};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    guest_who_takes_the_mic_gets_profile_and_urls,
    taking_the_mic_is_sent_to_group_and_host,
    taken_seat_fails_and_keeps_the_application,
    each_gender_has_its_own_seat,
    accept_needs_an_application_or_an_invitation,
    admission_invited_needs_an_invitation,
    admission_open_needs_neither_application_nor_invitation,
    guest_taken_off_the_mic_needs_an_invitation,
    declined_applicant_needs_an_invitation,
    next_broadcast_admits_a_guest_who_was_taken_off_the_mic,
    accept_on_the_mic_repeats_the_answer_with_a_fresh_push_url,
    errors_of_accept_carry_error_msg,
);

async fn guest_who_takes_the_mic_gets_profile_and_urls(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    let answer = bob.take_mic(&live).await;
    assert_eq!(
        (&answer["user_id"], &answer["gender"], &answer["nickname"]),
        (&json!(bob.user_id), &json!(1), &json!("bob"))
    );
    assert_eq!(
        (&answer["age"], &answer["area"]),
        (&json!(25), &json!("310100"))
    );
    assert_eq!(
        answer["play_url"],
        json!(format!("rtmp://play.sandbox.invalid/live/{}", bob.user_id))
    );
    assert!(answer["push_url"].as_str().unwrap().contains("txSecret="));
    assert_eq!(bob.user_type().await, 3);
}

async fn taking_the_mic_is_sent_to_group_and_host(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    let answer = bob.take_mic(&live).await;
    app.wait_for_outbox().await;
    let messages = app.group_messages(&group).await;
    let expected = json!({"type": "reset", "content": {
        "content_type": "on", "user_id": bob.user_id, "play_url": answer["play_url"],
        "nickname": "bob", "area": "310100", "age": 25, "face_url": answer["face_url"],
        "gender": 1}});
    assert_eq!(messages[0]["message"], expected);
    assert_eq!(
        (
            &messages[0]["priority"],
            &messages[0]["callbacks_forbidden"]
        ),
        (&json!("High"), &json!(true))
    );
    let num = app.messages_to(&host).await.pop().unwrap();
    assert_eq!(num["message"]["content"]["num_list"], json!([0, 1, 0, 0]));
}

async fn taken_seat_fails_and_keeps_the_application(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    app.guest_on_mic(&live, "adam", Gender::Male).await;
    let bob = app.applicant(&live, "bob", Gender::Male).await;
    assert_eq!(
        bob.accept(&live).await.ok(),
        json!({"code": "failed", "error_msg": "抢麦失败"})
    );
    assert_eq!(bob.user_type().await, 2, "the application stays");
}

async fn each_gender_has_its_own_seat(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    app.guest_on_mic(&live, "adam", Gender::Male).await;
    let eve = app.guest_on_mic(&live, "eve", Gender::Female).await;
    assert_eq!(eve.user_type().await, 4);
    let seen = eve.enter(&live).await.ok();
    assert_eq!(
        (&seen["male"]["nickname"], &seen["female"]["nickname"]),
        (&json!("adam"), &json!("eve"))
    );
}

async fn accept_needs_an_application_or_an_invitation(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    bob.accept(&live).await.refused(409, "not_in_room");
    bob.enter(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    host.accept(&live).await.refused(409, "hosting");
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

/// Changes who may take the mic.
fn admission(mode: Admission) -> impl FnOnce(&mut Settings) {
    move |settings| settings.rooms.admission = mode
}

async fn admission_invited_needs_an_invitation(db: TestDb) {
    let app = TestApp::start_with(db, admission(Admission::Invited)).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.applicant(&live, "bob", Gender::Male).await;
    bob.accept(&live).await.refused(409, "not_admitted");
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

async fn admission_open_needs_neither_application_nor_invitation(db: TestDb) {
    let app = TestApp::start_with(db, admission(Admission::Open)).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
}

async fn guest_taken_off_the_mic_needs_an_invitation(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    bob.leave(&live).await.ok();
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

async fn declined_applicant_needs_an_invitation(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.applicant(&live, "bob", Gender::Male).await;
    host.decline(&live, &bob).await.ok();
    assert_eq!(bob.user_type().await, 1);
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
}

async fn next_broadcast_admits_a_guest_who_was_taken_off_the_mic(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    host.end(&live).await.ok();
    host.open_room().await;
    bob.take_mic(&live).await;
}

async fn accept_on_the_mic_repeats_the_answer_with_a_fresh_push_url(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    let first = bob.take_mic(&live).await;
    app.advance(60);
    let again = bob.accept(&live).await.ok();
    let without_url = |answer: &Value| {
        let mut answer = answer.clone();
        answer["push_url"].take();
        answer
    };
    assert_eq!(without_url(&first), without_url(&again));
    assert_ne!(first["push_url"], again["push_url"]);
    app.wait_for_outbox().await;
    assert_eq!(
        app.group_summary(&group).await,
        ["on 1"],
        "one message for two requests"
    );
}

async fn errors_of_accept_carry_error_msg(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for body in [
        bob.accept(&json!(999)).await.refused(409, "not_in_room"),
        bob.accept(&json!("x")).await.refused(400, "invalid"),
        app.anonymous_client()
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
