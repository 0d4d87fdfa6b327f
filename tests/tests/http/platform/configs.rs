//! `get_configs/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(public_configs_are_always_listed_private_ones_never);

async fn public_configs_are_always_listed_private_ones_never(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let configs = alice.get("get_configs/", json!({})).await.ok();
    assert_eq!(configs["PROGRAM_SHARE"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&configs["LIVEROOM_SHARE"], &configs["BACKGROUND"]),
        (&json!([]), &json!({}))
    );
    assert_eq!(configs["INDEX_BANNER"], "https://example.com/banner.png");
    for private in [
        "EXCHANGE_RATE",
        "HOST_RATE",
        "WITHDRAW_RATE",
        "AVATAR_BOY",
        "AVATAR_GIRL",
    ] {
        assert_eq!(configs.get(private), None);
    }
    let background = r##"{"color": "#f69c9a", "height": 1954}"##;
    app.set_config("BACKGROUND", background).await;
    let configs = alice.get("get_configs/", json!({})).await.ok();
    assert_eq!(
        configs["BACKGROUND"],
        json!({"color": "#f69c9a", "height": 1954})
    );
}
