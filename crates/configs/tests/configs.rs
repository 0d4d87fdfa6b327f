//! Defaults, validation and visibility of configs, on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use qlive_configs::{ConfigError, Configs};
use qlive_store::audit::Operator;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::Clock;
use serde_json::json;

on_both!(
    defaults_stand_until_changed,
    private_keys_stay_private,
    values_must_fit_their_key,
    shares_never_exceed_the_price,
    lists_grow,
    another_instance_sees_a_change_within_a_second,
);

fn operator() -> Operator {
    Operator {
        name: "ops".into(),
        reason: "test".into(),
    }
}

fn configs(db: &TestDb) -> Configs {
    Configs::new(db.db.clone(), Clock::system())
}

async fn set(configs: &Configs, key: &str, value: &str) -> Result<(), ConfigError> {
    configs.set(operator(), key.into(), value.into()).await
}

async fn defaults_stand_until_changed(db: TestDb) {
    let configs = configs(&db);
    let snapshot = configs.snapshot().await.unwrap();
    assert_eq!(
        json!(snapshot.public()),
        json!({"PROGRAM_SHARE": [], "LIVEROOM_SHARE": [], "INDEX_BANNER": "", "BACKGROUND": {}})
    );
    assert_eq!(snapshot.exchange_rate().to_string(), "0.5");
    assert_eq!(snapshot.host_rate().to_string(), "0");
    assert_eq!(snapshot.withdraw_rate().to_string(), "0.1");
    set(&configs, "INDEX_BANNER", "https://a/b.png")
        .await
        .unwrap();
    assert_eq!(
        configs.snapshot().await.unwrap().public()["INDEX_BANNER"],
        "https://a/b.png"
    );
    configs
        .remove(operator(), "INDEX_BANNER".into())
        .await
        .unwrap();
    assert_eq!(
        configs.snapshot().await.unwrap().public()["INDEX_BANNER"],
        ""
    );
    assert!(matches!(
        configs.remove(operator(), "INDEX_BANNER".into()).await,
        Err(ConfigError::Unknown)
    ));
}

async fn private_keys_stay_private(db: TestDb) {
    let configs = configs(&db);
    set(&configs, "AVATAR_BOY", "https://a/boy.png")
        .await
        .unwrap();
    set(&configs, "MY_OWN", r#"{"a": 1}"#).await.unwrap();
    let snapshot = configs.snapshot().await.unwrap();
    assert_eq!(snapshot.avatar_boy(), "https://a/boy.png");
    assert_eq!(snapshot.public().get("AVATAR_BOY"), None);
    assert_eq!(snapshot.public()["MY_OWN"], json!({"a": 1}));
}

async fn values_must_fit_their_key(db: TestDb) {
    let configs = configs(&db);
    for (key, value) in [
        ("PROGRAM_SHARE", "{}"),
        ("PROGRAM_SHARE", "text"),
        ("BACKGROUND", "[]"),
        ("EXCHANGE_RATE", "half"),
        ("EXCHANGE_RATE", "-0.1"),
        ("WITHDRAW_RATE", "0.00001"),
    ] {
        assert!(
            matches!(
                set(&configs, key, value).await,
                Err(ConfigError::BadValue(_))
            ),
            "{key} {value}"
        );
    }
    for key in ["", "lower", "A B", "Ä"] {
        assert!(
            matches!(set(&configs, key, "1").await, Err(ConfigError::BadKey)),
            "{key}"
        );
    }
}

async fn shares_never_exceed_the_price(db: TestDb) {
    let configs = configs(&db);
    set(&configs, "HOST_RATE", "0.5").await.unwrap();
    assert!(matches!(
        set(&configs, "EXCHANGE_RATE", "0.5001").await,
        Err(ConfigError::BadValue(_))
    ));
    assert!(matches!(
        set(&configs, "HOST_RATE", "0.6").await,
        Err(ConfigError::BadValue(_))
    ));
    assert_eq!(
        configs.snapshot().await.unwrap().host_rate().to_string(),
        "0.5"
    );
}

async fn lists_grow(db: TestDb) {
    let configs = configs(&db);
    let add = |key: &str, value: &str| configs.add(operator(), key.into(), value.into());
    add("PROGRAM_SHARE", r#"{"title": "t", "src": "s"}"#)
        .await
        .unwrap();
    add("PROGRAM_SHARE", "plain").await.unwrap();
    let shares = configs.snapshot().await.unwrap().public()["PROGRAM_SHARE"].clone();
    assert_eq!(shares, json!([{"title": "t", "src": "s"}, "plain"]));
    assert!(matches!(
        add("INDEX_BANNER", "x").await,
        Err(ConfigError::BadValue(_))
    ));
}

async fn another_instance_sees_a_change_within_a_second(db: TestDb) {
    let clock = Clock::system();
    let here = Configs::new(db.db.clone(), clock.clone());
    assert_eq!(here.snapshot().await.unwrap().public()["INDEX_BANNER"], "");
    set(&configs(&db), "INDEX_BANNER", "x").await.unwrap();
    clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(here.snapshot().await.unwrap().public()["INDEX_BANNER"], "x");
}
