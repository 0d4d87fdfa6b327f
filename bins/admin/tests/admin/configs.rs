//! `configs`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

use crate::process::{run, run_refused};

on_both!(
    changed_configs_reach_clients,
    config_with_a_text_or_an_address_that_may_not_be_shown_is_refused,
);

async fn changed_configs_reach_clients(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    run(
        &app,
        &["configs", "set", "INDEX_BANNER", "https://a.example/b.png"],
    )
    .await;
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
            &json!("https://a.example/b.png"),
            &json!([{"title": "t", "src": "s"}])
        )
    );
    run(&app, &["configs", "remove", "INDEX_BANNER"]).await;
    assert_eq!(run(&app, &["configs", "list"]).await["INDEX_BANNER"], "");
}

async fn config_with_a_text_or_an_address_that_may_not_be_shown_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    for (command, key, value) in [
        ("set", "INDEX_BANNER", "banner"),
        ("set", "INDEX_BANNER", "http://localhost/b.png"),
        ("set", "AVATAR_BOY", "https://u:p@a.example/b.png"),
        ("set", "AVATAR_GIRL", "https://a.example/<b>"),
        ("set", "NOTICE", "a\u{202E}b"),
        ("set", "NOTICE", "javascript:alert(1)"),
        (
            "set",
            "PROGRAM_SHARE",
            r#"[{"title": "t", "src": "http://10.0.0.1/s.png"}]"#,
        ),
        ("add", "PROGRAM_SHARE", r#"{"title": "\u202e", "src": "s"}"#),
        ("add", "PROGRAM_SHARE", "http://192.168.1.1/s.png"),
        (
            "set",
            "BACKGROUND",
            r#"{"image": {"url": "//localhost/b.png"}}"#,
        ),
        ("set", "BACKGROUND", r#"{"a\u200bb": 1}"#),
    ] {
        let refused = run_refused(&app, &["configs", command, key, value]).await;
        assert!(!refused.is_empty(), "{key} {value}");
    }
    for (key, value) in [
        ("INDEX_BANNER", "HTTPS://A.example/b.png"),
        ("AVATAR_BOY", ""),
        ("NOTICE", "一\n二"),
        (
            "BACKGROUND",
            r##"{"color": "#f69c9a", "url": "https://a.example/b.png"}"##,
        ),
    ] {
        run(&app, &["configs", "set", key, value]).await;
    }
    let configs = run(&app, &["configs", "list"]).await;
    assert_eq!(configs["INDEX_BANNER"], "https://a.example/b.png");
    assert_eq!(configs["NOTICE"], "一\n二");
}
