//! `rooms`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use serde_json::json;

use crate::process::{run, run_admin};

on_both!(broadcast_is_ended_once);

async fn broadcast_is_ended_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let live = host.open_room().await["live_id"].clone();
    let listed = run(&app, &["rooms", "list"]).await;
    assert_eq!(
        (&listed[0]["live_id"], &listed[0]["audience"]),
        (&live, &json!(1))
    );
    run(&app, &["rooms", "end", &live.to_string()]).await;
    assert_eq!(host.user_type().await, 0);
    assert!(
        !run_admin(&app, &["rooms", "end", &live.to_string()])
            .await
            .status
            .success(),
        "the room is not live any more"
    );
}
