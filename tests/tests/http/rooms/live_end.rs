//! `qlive_room/live_end/`: ending a broadcast.

use diesel::prelude::*;
use qlive_store::schema::{broadcast_log, members};
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_tests::{Stage, TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    ending_removes_everybody_sends_over_and_cuts_streams,
    ended_broadcast_is_in_the_broadcast_log,
    only_the_host_may_end_a_broadcast,
    operator_may_end_a_broadcast
);

async fn ending_removes_everybody_sends_over_and_cuts_streams(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let (bob, eve) = (
        app.guest("bob", Gender::Male).await,
        app.guest("eve", Gender::Female).await,
    );
    bob.take_mic(&live).await;
    eve.enter(&live).await.ok();
    assert_eq!(host.end(&live).await.ok(), json!({"detail": "OK"}));
    for client in [&host, &bob, &eve] {
        assert_eq!(client.user_type().await, 0);
    }
    host.end(&live).await.ok();
    app.wait_for_outbox().await;
    let messages = app.group_messages(&group).await;
    let over = messages.last().unwrap();
    assert_eq!(over["message"], json!({"type": "over", "content": ""}));
    assert_eq!(
        (&over["custom"]["reason"], &over["priority"]),
        (&json!("ended"), &json!("High"))
    );
    assert_eq!(
        app.group_summary(&group).await,
        ["on 1", "over"],
        "one over, and no reset for the seat that it frees"
    );
    wait_until("the streams on stage are cut", || async {
        let state = app.sandbox_state().await;
        let cut = |user_id: &str| {
            let requests = state["stream_orders"].as_array().unwrap();
            requests.iter().any(|request| request["stream"] == user_id)
        };
        cut(&bob.user_id) && cut(&host.user_id) && !cut(&eve.user_id)
    })
    .await;
}

async fn ended_broadcast_is_in_the_broadcast_log(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    app.advance(100);
    host.end(&live).await.ok();
    let rows: Vec<(i64, i64, i64, String)> = app
        .services
        .db
        .read(|conn| {
            let columns = (
                broadcast_log::room_id,
                broadcast_log::started_at,
                broadcast_log::ended_at,
                broadcast_log::reason,
            );
            Ok::<_, StoreError>(broadcast_log::table.select(columns).load(conn)?)
        })
        .await
        .unwrap();
    let (room, started, ended, reason) = rows[0].clone();
    assert_eq!(
        (rows.len(), json!(room), reason.as_str()),
        (1, live, "ended")
    );
    assert!((100_000..110_000).contains(&(ended - started)));
}

async fn only_the_host_may_end_a_broadcast(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    bob.end(&live).await.refused(403, "not_host");
    bob.end(&json!(999)).await.refused(404, "unknown_room");
    assert_eq!(host.user_type().await, 5);
}

async fn operator_may_end_a_broadcast(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let live = qlive_types::LiveId::new(live.as_i64().unwrap());
    let rooms = &app.services.rooms;
    rooms
        .end_by_operator(app.operator(), live, None)
        .await
        .unwrap();
    assert_eq!(host.user_type().await, 0);
    app.wait_for_outbox().await;
    let over = app.group_messages(&group).await.pop().unwrap();
    assert_eq!(over["custom"]["reason"], "operator");
    let left: i64 = app
        .services
        .db
        .read(|conn| Ok::<_, StoreError>(members::table.count().get_result(conn)?))
        .await
        .unwrap();
    assert_eq!(left, 0);
}
