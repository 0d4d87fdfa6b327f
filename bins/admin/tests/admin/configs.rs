//! `configs`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

use crate::process::run;

on_both!(changed_configs_reach_clients);

async fn changed_configs_reach_clients(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    run(&app, &["configs", "set", "INDEX_BANNER", "https://a/b.png"]).await;
    run(
        &app,
        &[
            "configs",
            "add",
            "LIVEROOM_SHARE",
            r#"{"title": "t", "src": "s"}"#,
        ],
    )
    .await;
    app.advance(2);
    let configs = bob.get("get_configs/", json!({})).await.ok();
    assert_eq!(
        (&configs["INDEX_BANNER"], &configs["LIVEROOM_SHARE"]),
        (
            &json!("https://a/b.png"),
            &json!([{"title": "t", "src": "s"}])
        )
    );
    run(&app, &["configs", "remove", "INDEX_BANNER"]).await;
    assert_eq!(run(&app, &["configs", "list"]).await["INDEX_BANNER"], "");
}
