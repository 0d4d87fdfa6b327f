//! `im_notify/`: what clients may say, and what IM tells us.

use qlive_server::SpeaksSetting;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    a_forged_callback_is_refused,
    unknown_commands_are_ok,
    a_viewer_only_comments,
    the_host_signals_his_guests,
    an_invite_of_the_hosts_client_is_an_invitation,
    an_invite_that_went_out_is_one_too,
    clients_that_speak_for_themselves_are_let,
    an_invitee_may_answer_after_he_refused,
    an_invite_that_comes_late_is_none,
);

struct Room {
    house: House,
    host: Phone,
    bob: Phone,
    live: Value,
    group: String,
}

async fn room(db: TestDb) -> Room {
    room_in(House::open(db).await).await
}

async fn room_in(house: House) -> Room {
    let host = house.host().await;
    let opened = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&opened["live_id"]).await.ok();
    let group = opened["group_id"].as_str().unwrap().to_owned();
    Room {
        house,
        host,
        bob,
        live: opened["live_id"].clone(),
        group,
    }
}

impl Room {
    async fn c2c(&self, from: &Phone, to: &Phone, kind: &str) -> bool {
        let text = json!({"type": kind, "content": {"group_id": self.group}}).to_string();
        self.house
            .say(json!({"from": from.user_id, "to": to.user_id, "text": text}))
            .await
    }

    async fn to_group(&self, from: &Phone, text: &str) -> bool {
        self.house
            .say(json!({"from": from.user_id, "group": self.group, "text": text}))
            .await
    }
}

async fn a_forged_callback_is_refused(db: TestDb) {
    let room = room(db).await;
    let now = room.house.clock.now().secs().to_string();
    let good = [
        ("SdkAppid", "1400000001"),
        ("CallbackCommand", "State.StateChange"),
        ("RequestTime", now.as_str()),
    ];
    let lost =
        json!({"Info": {"Action": "Disconnect", "To_Account": room.bob.user_id}, "EventTime": 1});
    for (key, value) in [("Sign", "0000"), ("Sign", ""), ("Other", "x")] {
        let request = room
            .house
            .http
            .post(room.house.at("im_notify/"))
            .query(&good)
            .query(&[(key, value)])
            .json(&lost);
        let stranger = room.house.stranger();
        stranger
            .send("post", "im_notify/", request)
            .await
            .refused(401, "bad_signature");
    }
    let metrics = room
        .house
        .http
        .get(format!("{}/metrics", room.house.url))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        metrics.contains("qlive_callbacks_total{kind=\"im\",verdict=\"forged\"} 3"),
        "{metrics}"
    );
}

async fn unknown_commands_are_ok(db: TestDb) {
    let room = room(db).await;
    let said = room
        .house
        .play(&room.bob, json!({"exits": "no such group"}))
        .await;
    assert_eq!(
        said[0],
        json!({"status": 200, "answer": {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}})
    );
    assert_eq!(room.bob.user_type().await, 1);
}

async fn a_viewer_only_comments(db: TestDb) {
    let room = room(db).await;
    assert!(room.to_group(&room.bob, "hello").await);
    assert!(
        room.to_group(&room.bob, r#"{"type":"message","content":"hello"}"#)
            .await
    );
    for kind in ["over", "reset", "num", "gift", "invite", "anything"] {
        let text = json!({"type": kind, "content": ""}).to_string();
        assert!(!room.to_group(&room.bob, &text).await, "{kind}");
        assert!(
            !room.to_group(&room.host, &text).await,
            "the host neither: {kind}"
        );
    }
    assert_eq!(room.host.user_type().await, 5);
}

async fn the_host_signals_his_guests(db: TestDb) {
    let room = room(db).await;
    let eve = room.house.guest("eve", Gender::Female).await;
    for kind in ["invite", "kickout", "num", "reset", "over", "response"] {
        assert!(!room.c2c(&eve, &room.bob, kind).await, "a stranger: {kind}");
        assert!(
            !room.c2c(&room.bob, &room.host, kind).await,
            "a guest nobody invited: {kind}"
        );
    }
    assert!(room.c2c(&room.host, &room.bob, "kickout").await);
    assert!(
        !room.c2c(&room.host, &eve, "kickout").await,
        "not in his room"
    );
    assert!(
        !room.c2c(&room.host, &room.bob, "over").await,
        "that is ours to say"
    );
    assert!(room.c2c(&room.bob, &eve, "anything else").await);
    assert!(room.c2c(&room.host, &room.bob, "invite").await);
    assert!(
        room.c2c(&room.bob, &room.host, "response").await,
        "his invitee answers"
    );
}

async fn an_invite_of_the_hosts_client_is_an_invitation(db: TestDb) {
    let room = room(db).await;
    room.bob
        .accept(&room.live)
        .await
        .refused(409, "not_admitted");
    assert!(room.c2c(&room.host, &room.bob, "invite").await);
    assert_eq!(room.bob.accept(&room.live).await.ok()["code"], "success");
    room.house.delivered().await;
    let told = room.house.told(&room.host).await;
    assert!(
        told.iter()
            .all(|told| told["message"]["type"] != "response"),
        "his client hears from the guest's: {told:?}"
    );
}

async fn an_invite_that_went_out_is_one_too(db: TestDb) {
    let room = room(db).await;
    let invite = json!({"type": "invite", "content": {"group_id": room.group}}).to_string();
    let say = |from: &Phone| json!({"from": from.user_id, "to": room.bob.user_id, "text": invite, "before": false});
    let eve = room.house.guest("eve", Gender::Female).await;
    room.house.say(say(&eve)).await;
    room.bob
        .accept(&room.live)
        .await
        .refused(409, "not_admitted");
    room.house.say(say(&room.host)).await;
    assert_eq!(room.bob.accept(&room.live).await.ok()["code"], "success");
}

async fn clients_that_speak_for_themselves_are_let(db: TestDb) {
    let house = House::open_with(db, |settings| settings.im.speaks = SpeaksSetting::Client).await;
    let room = room_in(house).await;
    assert!(
        room.to_group(&room.bob, r#"{"type":"over"}"#).await,
        "nothing is refused"
    );
    assert!(room.c2c(&room.bob, &room.host, "response").await);
    room.host.invite(&room.live, &room.bob).await.ok();
    assert_eq!(room.bob.accept(&room.live).await.ok()["code"], "success");
    room.host
        .off_mic(&room.live, &room.bob, Gender::Male)
        .await
        .ok();
    room.house.delivered().await;
    let ours = |told: Vec<Value>| {
        told.into_iter()
            .filter(|told| told["from"] == "administrator")
            .collect::<Vec<_>>()
    };
    let told = ours(room.house.told_group(&room.group).await);
    assert_eq!(
        (told.len(), &told[0]["message"]["content"]["content_type"]),
        (1, &json!("off")),
        "no RESET on"
    );
    assert_eq!(
        ours(room.house.told(&room.bob).await),
        Vec::<Value>::new(),
        "no INVITE, no KICKOUT"
    );
    let told = ours(room.house.told(&room.host).await);
    assert!(
        told.iter().all(|told| told["message"]["type"] == "num"),
        "{told:?}"
    );
}

async fn an_invitee_may_answer_after_he_refused(db: TestDb) {
    let room = room(db).await;
    assert!(!room.c2c(&room.bob, &room.host, "response").await);
    assert!(room.c2c(&room.host, &room.bob, "invite").await);
    room.bob.refuse(&room.live).await.ok();
    assert!(
        room.c2c(&room.bob, &room.host, "response").await,
        "his client says that he refused"
    );
    room.house.advance(71);
    assert!(
        !room.c2c(&room.bob, &room.host, "response").await,
        "but not for ever"
    );
}

async fn an_invite_that_comes_late_is_none(db: TestDb) {
    let room = room(db).await;
    let invite = json!({"type": "invite", "content": {"group_id": room.group}}).to_string();
    let sent_at = room.house.clock.now().millis();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    room.bob.apply(&room.live).await.ok();
    room.host.decline(&room.live, &room.bob).await.ok();
    let say = json!({"from": room.host.user_id, "to": room.bob.user_id, "text": invite, "before": false, "at": sent_at});
    room.house.say(say).await;
    room.bob
        .accept(&room.live)
        .await
        .refused(409, "not_admitted");
}
