//! `get_configs/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, gifts};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    public_configs_are_always_listed_private_ones_never,
    shares_that_two_operators_change_at_once_leave_gifts_possible,
);

async fn public_configs_are_always_listed_private_ones_never(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let configs = alice.get("get_configs/", json!({})).await.ok();
    assert_eq!(configs["PROGRAM_SHARE"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&configs["LIVEROOM_SHARE"], &configs["BACKGROUND"]),
        (&json!([]), &json!({}))
    );
    let banner = format!("{}/pictures/banner.svg", app.url);
    assert_eq!(configs["INDEX_BANNER"], banner.as_str());
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

async fn shares_that_two_operators_change_at_once_leave_gifts_possible(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    app.grant(&bob, 1000).await;
    let set = |instance: &TestApp, key: &str| {
        let (configs, by) = (instance.services.configs.clone(), instance.operator());
        let key = key.to_owned();
        async move { configs.set(by, key, "0.9".into()).await }
    };
    for _ in 0..8 {
        app.set_config("EXCHANGE_RATE", "0").await;
        app.set_config("HOST_RATE", "0").await;
        let (receiver, host) = tokio::join!(set(&app, "EXCHANGE_RATE"), set(&second, "HOST_RATE"));
        assert_ne!(receiver.is_ok(), host.is_ok(), "{receiver:?} {host:?}");
        let before = (alice.balances().await.1, stage.host.balances().await.1);
        // The snapshot of an instance may be a second old.
        app.advance(2);
        let given = bob.give(&alice, gifts::CHOCOLATE, 1, json!({})).await;
        assert_eq!(given.ok()["code"], "success");
        let after = (alice.balances().await.1, stage.host.balances().await.1);
        assert_eq!(after.0 - before.0 + after.1 - before.1, 9);
    }
    app.audit().await;
}
