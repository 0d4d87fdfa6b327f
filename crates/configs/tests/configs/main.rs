//! Configs on both engines: defaults, validation, visibility and caching.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use diesel::connection::SimpleConnection as _;
use qlive_configs::{ConfigError, Configs};
use qlive_store::audit_log::Operator;
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_types::Clock;
use serde_json::json;

on_both!(
    removed_value_falls_back_to_the_default,
    private_key_is_not_in_the_public_values,
    value_of_the_wrong_type_is_refused,
    shares_above_the_whole_cost_are_refused,
    added_item_is_appended_to_the_list,
    forbidden_word_is_a_text_also_if_it_is_a_number,
    another_instance_sees_a_change_within_a_second,
    every_change_is_in_the_audit_log,
    concurrent_additions_lose_no_item,
    concurrent_changes_of_both_shares_never_exceed_the_whole_cost,
);

fn operator() -> Operator {
    Operator::new("ops", "test").unwrap()
}

fn configs(db: &TestDb) -> Configs {
    Configs::new(db.db.clone(), Clock::system())
}

async fn set(configs: &Configs, key: &str, value: &str) -> Result<(), ConfigError> {
    configs.set(operator(), key.into(), value.into()).await
}

async fn removed_value_falls_back_to_the_default(db: TestDb) {
    let configs = configs(&db);
    let snapshot = configs.snapshot().await.unwrap();
    assert_eq!(
        json!(snapshot.public()),
        json!({"PROGRAM_SHARE": [], "LIVEROOM_SHARE": [], "INDEX_BANNER": "", "BACKGROUND": {}})
    );
    assert_eq!(snapshot.exchange_rate().to_string(), "0.5");
    assert_eq!(snapshot.host_rate().to_string(), "0");
    assert_eq!(snapshot.withdraw_rate().to_string(), "0.1");
    set(&configs, "INDEX_BANNER", "https://a.example/b.png")
        .await
        .unwrap();
    assert_eq!(
        configs.snapshot().await.unwrap().public()["INDEX_BANNER"],
        "https://a.example/b.png"
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

async fn private_key_is_not_in_the_public_values(db: TestDb) {
    let configs = configs(&db);
    set(&configs, "AVATAR_BOY", "https://a.example/boy.png")
        .await
        .unwrap();
    set(&configs, "MY_OWN", r#"{"a": 1}"#).await.unwrap();
    let snapshot = configs.snapshot().await.unwrap();
    assert_eq!(snapshot.avatar_boy(), "https://a.example/boy.png");
    assert_eq!(snapshot.public().get("AVATAR_BOY"), None);
    assert_eq!(snapshot.public()["MY_OWN"], json!({"a": 1}));
}

async fn value_of_the_wrong_type_is_refused(db: TestDb) {
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

async fn shares_above_the_whole_cost_are_refused(db: TestDb) {
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

async fn added_item_is_appended_to_the_list(db: TestDb) {
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

async fn forbidden_word_is_a_text_also_if_it_is_a_number(db: TestDb) {
    let configs = configs(&db);
    let add = |word: &str| configs.add(operator(), "FORBIDDEN_WORDS".into(), word.into());
    add("8964").await.unwrap();
    add("加微信").await.unwrap();
    let snapshot = configs.snapshot().await.unwrap();
    assert_eq!(snapshot.forbidden_words().find("89 64"), Some("8964"));
    for value in ["[8964]", "[\"\"]", "[\" \"]", "{}", "加微信"] {
        let set = set(&configs, "FORBIDDEN_WORDS", value).await;
        assert!(matches!(set, Err(ConfigError::BadValue(_))), "{value}");
    }
    assert!(add("\u{200B}").await.is_err());
    // As earlier versions stored what an operator typed.
    let list = json!([8964, "加微信", null]).to_string();
    let store = format!("UPDATE configs SET value = '{list}' WHERE key = 'FORBIDDEN_WORDS'");
    let stored = db
        .db
        .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&store)?));
    stored.await.unwrap();
    let configs = self::configs(&db);
    let snapshot = configs.snapshot().await.unwrap();
    assert_eq!(snapshot.forbidden_words().find("89 64"), Some("8964"));
    let add = |word: &str| configs.add(operator(), "FORBIDDEN_WORDS".into(), word.into());
    add("vx").await.unwrap();
    let stored = self::configs(&db).snapshot().await.unwrap();
    assert_eq!(
        stored.all()["FORBIDDEN_WORDS"],
        json!(["8964", "加微信", "vx"])
    );
}

async fn another_instance_sees_a_change_within_a_second(db: TestDb) {
    let clock = Clock::system();
    let here = Configs::new(db.db.clone(), clock.clone());
    assert_eq!(here.snapshot().await.unwrap().public()["INDEX_BANNER"], "");
    let banner = "https://a.example/b.png";
    set(&configs(&db), "INDEX_BANNER", banner).await.unwrap();
    clock.advance(std::time::Duration::from_secs(1));
    let shown = here.snapshot().await.unwrap().public();
    assert_eq!(shown["INDEX_BANNER"], banner);
}

async fn every_change_is_in_the_audit_log(db: TestDb) {
    use diesel::prelude::*;
    use qlive_store::schema::audit_log;
    let configs = configs(&db);
    set(&configs, "MY_LIST", "[]").await.unwrap();
    configs
        .add(operator(), "MY_LIST".into(), "1".into())
        .await
        .unwrap();
    configs.remove(operator(), "MY_LIST".into()).await.unwrap();
    set(&configs, "HOST_RATE", "2").await.unwrap_err();
    let rows = db.db.read(|conn| {
        let columns = (audit_log::who, audit_log::action, audit_log::subject);
        let query = audit_log::table.select(columns).order(audit_log::id);
        Ok::<Vec<(String, String, String)>, StoreError>(query.load(conn)?)
    });
    let expected = ["configs set", "configs add", "configs remove"]
        .map(|action| ("ops".to_owned(), action.to_owned(), "MY_LIST".to_owned()));
    assert_eq!(rows.await.unwrap(), expected);
}

async fn concurrent_additions_lose_no_item(db: TestDb) {
    let configs = configs(&db);
    set(&configs, "MY_LIST", "[]").await.unwrap();
    let add = async |item: &str| loop {
        match configs.add(operator(), "MY_LIST".into(), item.into()).await {
            Err(ConfigError::Store(StoreError::Busy)) => {}
            other => return other.unwrap(),
        }
    };
    tokio::join!(add("1"), add("2"), add("3"), add("4"));
    let list = configs.snapshot().await.unwrap().public()["MY_LIST"].clone();
    let mut items: Vec<i64> = serde_json::from_value(list).unwrap();
    items.sort_unstable();
    assert_eq!(items, [1, 2, 3, 4]);
}

async fn concurrent_changes_of_both_shares_never_exceed_the_whole_cost(db: TestDb) {
    let (one, two) = (configs(&db), configs(&db));
    for round in 0..12 {
        for key in ["EXCHANGE_RATE", "HOST_RATE"] {
            set(&one, key, "0").await.unwrap();
        }
        let (receiver, host) = tokio::join!(
            set(&one, "EXCHANGE_RATE", "0.9"),
            set(&two, "HOST_RATE", "0.9")
        );
        assert_ne!(
            receiver.is_ok(),
            host.is_ok(),
            "round {round}: {receiver:?} {host:?}"
        );
        let refused = receiver.and(host).err().unwrap();
        assert!(matches!(refused, ConfigError::BadValue(_)), "{refused}");
    }
}
