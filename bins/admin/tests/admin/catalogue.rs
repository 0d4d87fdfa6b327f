//! `gifts` and `blocks`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

use crate::process::{run, run_refused};

on_both!(
    added_gift_can_be_disabled_and_sent_gifts_are_listed,
    added_block_is_offered_until_it_is_disabled,
    gift_that_may_not_be_shown_is_refused,
);

async fn added_gift_can_be_disabled_and_sent_gifts_are_listed(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let added = run(
        &app,
        &[
            "gifts",
            "add",
            "--name",
            "气球",
            "--gold",
            "3",
            "--image",
            "https://a.example/b.png",
        ],
    )
    .await;
    let gifts = run(&app, &["gifts", "list"]).await;
    assert_eq!(
        (
            gifts.as_array().unwrap().len(),
            &gifts[9]["id"],
            &gifts[9]["name"]
        ),
        (10, &added["id"], &json!("气球"))
    );
    run(&app, &["gifts", "disable", &added["id"].to_string()]).await;
    assert_eq!(run(&app, &["gifts", "list"]).await[9]["enabled"], false);
    app.grant(&bob, 5).await;
    bob.give(&app.host().await, 2, 5, json!({})).await.ok();
    let sent = run(&app, &["gifts", "sent", "--user", &bob.user_id]).await;
    assert_eq!(
        (&sent[0]["cost"], &sent[0]["receiver_share"]),
        (&json!(5), &json!(2))
    );
}

async fn added_block_is_offered_until_it_is_disabled(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let block = [
        "blocks",
        "add",
        "--gold",
        "500",
        "--price",
        "49.90",
        "--product-id",
        "gold_500",
    ];
    let added = run(&app, &block).await;
    let shown = bob.get("qlive_pay/", json!({})).await.ok();
    assert!(
        shown
            .as_array()
            .unwrap()
            .iter()
            .any(|block| block["id"] == added["id"] && block["price"] == 49.9),
        "{shown}"
    );
    let id = added["id"].to_string();
    // What is not named stays.
    let edit = ["blocks", "edit", &id, "--until", "2030-01-31"];
    let edited = run(&app, &edit).await;
    assert_eq!(edited["id"], added["id"]);
    let listed = run(&app, &["blocks", "list"]).await;
    assert_eq!(listed[6]["sold_until"], "2030-02-01T00:00:00+08:00");
    assert_eq!(
        (&listed[6]["gold"], &listed[6]["product_id"]),
        (&json!(500), &json!("gold_500"))
    );
    run(&app, &["blocks", "edit", &id, "--always"]).await;
    let listed = run(&app, &["blocks", "list"]).await;
    assert_eq!(listed[6]["sold_until"], json!(null));
    run(&app, &["blocks", "disable", &id]).await;
    let listed = run(&app, &["blocks", "list"]).await;
    assert_eq!(
        (&listed[6]["price"], &listed[6]["enabled"]),
        (&json!("49.9"), &json!(false))
    );
}

async fn gift_that_may_not_be_shown_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let picture = "https://a.example/b.png";
    for (name, image, effect, field) in [
        ("\u{200B}", picture, "", "name"),
        (" ", picture, "", "name"),
        ("a\u{202E}b", picture, "", "name"),
        ("a\u{2028}b", picture, "", "name"),
        ("x", "i", "", "image"),
        ("x", "http://localhost/b.png", "", "image"),
        ("x", "http://10.0.0.1/b.png", "", "image"),
        ("x", "https://u@a.example/b.png", "", "image"),
        ("x", "https://a.example/\"b", "", "image"),
        ("x", picture, "a\u{202E}b", "effect"),
        ("x", picture, "http://192.168.0.1/e.svga", "effect"),
    ] {
        let gift = [
            "--name", name, "--gold", "3", "--image", image, "--effect", effect,
        ];
        let refused = run_refused(&app, &[&["gifts", "add"][..], &gift].concat()).await;
        assert!(refused.contains(field), "{gift:?}: {refused}");
    }
    for (name, image, effect) in [
        (
            "e\u{301}toile",
            "HTTPS://A.example/b.png",
            "https://a.example/e.svga",
        ),
        ("鲜花", "", "rose"),
    ] {
        let gift = [
            "--name", name, "--gold", "3", "--image", image, "--effect", effect,
        ];
        run(&app, &[&["gifts", "add"][..], &gift].concat()).await;
    }
    let gifts = run(&app, &["gifts", "list"]).await;
    let shown = (&gifts[9]["name"], &gifts[9]["image"], &gifts[10]["image"]);
    let expected = (
        &json!("\u{E9}toile"),
        &json!("https://a.example/b.png"),
        &json!(""),
    );
    assert_eq!(shown, expected);
}
