//! `outbox`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

use crate::process::run;

on_both!(parked_row_is_delivered_on_retry);

async fn parked_row_is_delivered_on_retry(db: TestDb) {
    let app = TestApp::start(db).await;
    let room = app.host().await.open_room().await;
    app.add_fault(
        json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 80002, "times": 1}),
    )
    .await;
    app.guest("bob", Gender::Male)
        .await
        .take_mic(&room["live_id"])
        .await;
    app.wait_for_outbox().await;
    let listed = run(&app, &["outbox", "list"]).await;
    assert_eq!(listed[0]["status"], "parked");
    run(&app, &["outbox", "retry", &listed[0]["id"].to_string()]).await;
    wait_until("the message is delivered", || async {
        app.group_summary(room["group_id"].as_str().unwrap()).await == ["on 1"]
    })
    .await;
}
