//! The operators' terminal, as a process, beside a running server.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    users_are_looked_up_and_marked,
    configs_are_changed,
    rooms_are_ended,
    parked_rows_are_tried_again,
    mistakes_fail
);

/// Runs the terminal against the house's database.
async fn admin(house: &House, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qlive-admin"));
    command.args(["--json", "--as", "olga"]).args(arguments);
    command.env("QLIVE__DATABASE__URL", house.database_url()).env("QLIVE__SERVER__LOG", "off").current_dir("/");
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

async fn done(house: &House, arguments: &[&str]) -> Value {
    let output = admin(house, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn users_are_looked_up_and_marked(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let listed = done(&house, &["users", "list"]).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["nickname"]), (2, &json!("bob")));
    done(&house, &["users", "grant-matchmaker", &bob.user_id]).await;
    house.delivered().await;
    let room = bob.open_room().await;
    let shown = done(&house, &["users", "show", &bob.user_id]).await;
    assert_eq!(
        (&shown["matchmaker"], &shown["user_type"], &shown["live_id"]),
        (&json!(true), &json!(5), &room["live_id"])
    );
    assert_eq!(shown["openid"], "sandbox-bob");
    done(&house, &["users", "ban", &bob.user_id, "--reason", "rude"]).await;
    assert_eq!(bob.user_type().await, 0, "at once");
    assert_eq!(bob.open_room().await, json!({"status": "failed"}));
    done(&house, &["users", "unban", &bob.user_id]).await;
    done(&house, &["users", "revoke-matchmaker", &bob.user_id]).await;
    bob.post("qlive_room/matchmaker_enter/", json!({})).await.refused(403, "not_matchmaker");
}

async fn configs_are_changed(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    done(&house, &["configs", "set", "INDEX_BANNER", "https://a/b.png"]).await;
    done(&house, &["configs", "add", "LIVEROOM_SHARE", r#"{"title": "t", "src": "s"}"#]).await;
    house.advance(2);
    let configs = bob.get("get_configs/", json!({})).await.ok();
    assert_eq!(
        (&configs["INDEX_BANNER"], &configs["LIVEROOM_SHARE"]),
        (&json!("https://a/b.png"), &json!([{"title": "t", "src": "s"}]))
    );
    done(&house, &["configs", "remove", "INDEX_BANNER"]).await;
    assert_eq!(done(&house, &["configs", "list"]).await["INDEX_BANNER"], "");
}

async fn rooms_are_ended(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let listed = done(&house, &["rooms", "list"]).await;
    assert_eq!((&listed[0]["live_id"], &listed[0]["audience"]), (&live, &json!(1)));
    done(&house, &["rooms", "end", &live.to_string()]).await;
    assert_eq!(host.user_type().await, 0);
    assert!(!admin(&house, &["rooms", "end", &live.to_string()]).await.status.success(), "it is not live any more");
}

async fn parked_rows_are_tried_again(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    house.fault(json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 80002, "times": 1})).await;
    house.guest("bob", Gender::Male).await.take_mic(&room["live_id"]).await;
    house.delivered().await;
    let listed = done(&house, &["outbox", "list"]).await;
    assert_eq!(listed[0]["status"], "parked");
    done(&house, &["outbox", "retry", &listed[0]["id"].to_string()]).await;
    eventually("it is told", || async { house.story(room["group_id"].as_str().unwrap()).await == ["on 1"] }).await;
}

async fn mistakes_fail(db: TestDb) {
    let house = House::open(db).await;
    for wrong in [
        &["users", "show", "10000000"][..],
        &["users", "show", "bob"],
        &["users", "ban", "10000000", "--reason", "x"],
        &["users", "list", "--page", "0"],
        &["configs", "set", "EXCHANGE_RATE", "2"],
        &["configs", "remove", "NO_SUCH_KEY"],
        &["rooms", "end", "999"],
        &["outbox", "retry", "999"],
        &["no-such-command"],
    ] {
        assert!(!admin(&house, wrong).await.status.success(), "{wrong:?}");
    }
}
