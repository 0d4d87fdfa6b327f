//! 20. `get_configs/`

use qlive_store::audit::Operator;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(public_keys_always_private_ones_never);

async fn public_keys_always_private_ones_never(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
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
    let by = Operator {
        name: "ops".into(),
        reason: String::new(),
    };
    house
        .parts
        .configs
        .set(
            by,
            "BACKGROUND".into(),
            r##"{"color": "#f69c9a", "height": 1954}"##.into(),
        )
        .await
        .unwrap();
    let configs = alice.get("get_configs/", json!({})).await.ok();
    assert_eq!(
        configs["BACKGROUND"],
        json!({"color": "#f69c9a", "height": 1954})
    );
}
