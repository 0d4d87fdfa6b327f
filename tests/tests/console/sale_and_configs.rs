//! What is for sale, and the configs: forms that are looked at before they change something.

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestConsole};
use serde_json::json;

on_both!(
    earlier_value_of_a_config_is_set_again,
    config_is_changed_after_its_change_was_seen,
    shares_above_the_whole_are_refused_before_the_review,
    change_that_was_not_seen_is_not_made,
    share_cards_are_typed_in_fields,
    pack_is_edited_and_sold_on_its_days,
);

async fn desk(db: TestDb) -> (TestApp, TestConsole, OperatorBrowser) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    (app, console, owner)
}

async fn earlier_value_of_a_config_is_set_again(db: TestDb) {
    let (app, _console, owner) = desk(db).await;
    for value in ["0.4", "0.3"] {
        let set = owner
            .act("/configs/EXCHANGE_RATE/set-rate", &[("value", value)])
            .await;
        assert_eq!(set.status, 303, "{}", set.text);
    }
    let page = owner.get("/configs/EXCHANGE_RATE").await.text;
    assert!(page.contains("0.3") && page.contains("a test"), "{page}");
    let (_, rest) = page
        .split_once("href=\"/configs/EXCHANGE_RATE/set-rate?value=0.4")
        .unwrap();
    assert!(rest.contains("改回这个值"));
    let path = "/configs/EXCHANGE_RATE/set-rate";
    let form = owner.get(&format!("{path}?value=0.4")).await.text;
    assert!(form.contains("value=\"0.4\""), "{form}");
    owner.act(path, &[("value", "0.4")]).await;
    let snapshot = app.services.configs.snapshot().await.unwrap();
    assert_eq!(snapshot.exchange_rate().to_string(), "0.4");
    for (value, why) in [("2", "不能超过 1"), ("1/2", "最多四位")] {
        let refused = owner.act(path, &[("value", value)]).await;
        assert_eq!(refused.status, 422, "{value}");
        assert!(refused.text.contains(why), "{value}: {}", refused.text);
    }
}

/// The present value of a config.
async fn value_of(app: &TestApp, key: &str) -> serde_json::Value {
    let snapshot = app.services.configs.snapshot().await.unwrap();
    snapshot.all()[key].clone()
}

const WORDS: &str = "/configs/FORBIDDEN_WORDS/set";

async fn config_is_changed_after_its_change_was_seen(db: TestDb) {
    let (app, _console, owner) = desk(db).await;
    let set = owner.act(WORDS, &[("value", "微信\n加我\n电话")]).await;
    assert_eq!(set.status, 303, "{}", set.text);
    let key = owner.get(WORDS).await.form_key();
    let typed = [
        ("key", &*key),
        ("reason", "r"),
        ("value", "微信\n电话\n扣扣"),
    ];
    let seen = owner.post(WORDS, &typed).await;
    assert_eq!(seen.status, 200);
    // Only what goes and comes is marked.
    let changed = |tag: &str| -> Vec<String> {
        let tag = format!("<{tag}>");
        let lines = seen.text.split(&tag).skip(1);
        let text = |line: &str| {
            line.split("<bdi>")
                .nth(1)?
                .split('<')
                .next()
                .map(str::to_owned)
        };
        lines.filter_map(text).collect()
    };
    assert_eq!(
        (changed("del"), changed("ins")),
        (vec!["加我".into()], vec!["扣扣".into()])
    );
    assert_eq!(
        value_of(&app, "FORBIDDEN_WORDS").await,
        json!(["微信", "加我", "电话"])
    );
    // Back to the form, which has what was typed.
    let again = [typed.as_slice(), &[("edit", "1")]].concat();
    let form = owner.post(WORDS, &again).await;
    assert!(
        form.text.contains(">微信\n电话\n扣扣</textarea>"),
        "{}",
        form.text
    );
    let same = [
        ("key", &*key),
        ("reason", "r"),
        ("value", "微信\n加我\n电话"),
    ];
    let refused = owner.post(WORDS, &same).await;
    assert!(
        refused.status == 422 && refused.text.contains("没有改动"),
        "{}",
        refused.text
    );
    owner.act(WORDS, &typed[2..]).await;
    assert_eq!(
        value_of(&app, "FORBIDDEN_WORDS").await,
        json!(["微信", "电话", "扣扣"])
    );
}

async fn shares_above_the_whole_are_refused_before_the_review(db: TestDb) {
    let (_app, _console, owner) = desk(db).await;
    let path = "/configs/HOST_RATE/set-rate";
    let key = owner.get(path).await.form_key();
    let typed = [("key", &*key), ("reason", "r"), ("value", "0.9")];
    let refused = owner.post(path, &typed).await;
    let has_review = refused.text.contains("class=\"diff\"");
    assert_eq!((refused.status, has_review), (422, false));
}

async fn change_that_was_not_seen_is_not_made(db: TestDb) {
    let (app, console, owner) = desk(db).await;
    let path = "/configs/HOST_RATE/set-rate";
    let filled = owner.fill_in(path, &[("value", "0.2")]).await;
    // Another operator is faster: the change is another one now.
    let other = console.operator("otto", Role::Owner).await;
    assert_eq!(other.act(path, &[("value", "0.1")]).await.status, 303);
    let answer = owner.submit(path, &filled).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.text.contains("<bdi>0.1</bdi></del>"),
        "{}",
        answer.text
    );
    assert_eq!(value_of(&app, "HOST_RATE").await, json!("0.1"));
    // Another process is faster, and this one has not read it yet.
    let filled = owner.fill_in(path, &[("value", "0.2")]).await;
    app.execute_sql("UPDATE configs SET value = '\"0.15\"' WHERE key = 'HOST_RATE'")
        .await;
    let answer = owner.submit(path, &filled).await;
    // It says so, or shows the change again.
    assert!([200, 422].contains(&answer.status), "{}", answer.text);
    app.advance(2);
    assert_eq!(value_of(&app, "HOST_RATE").await, json!("0.15"));
    app.execute_sql("UPDATE configs SET value = '\"0.1\"' WHERE key = 'HOST_RATE'")
        .await;
    app.advance(2);
    let filled = owner.fill_in(path, &[("value", "0.2")]).await;
    // Without the review.
    let unseen: Vec<_> = filled
        .iter()
        .filter(|(name, _)| name != "seen")
        .cloned()
        .collect();
    assert_eq!(owner.submit(path, &unseen).await.status, 200);
    assert_eq!(value_of(&app, "HOST_RATE").await, json!("0.1"));
}

async fn share_cards_are_typed_in_fields(db: TestDb) {
    let (app, _console, owner) = desk(db).await;
    let path = "/configs/LIVEROOM_SHARE/set";
    let one = [("title1", "来玩"), ("src1", "https://a.example/1.png")];
    let two = [
        one.as_slice(),
        &[("title2", "\"引号\""), ("src2", "https://a.example/2.png")],
    ];
    assert_eq!(owner.act(path, &two.concat()).await.status, 303);
    let cards = json!([
        {"title": "来玩", "src": "https://a.example/1.png"},
        {"title": "\"引号\"", "src": "https://a.example/2.png"}
    ]);
    assert_eq!(value_of(&app, "LIVEROOM_SHARE").await, cards);
    let form = owner.get(path).await.text;
    assert!(
        form.contains("name=\"title4\"") && form.contains("value=\"来玩\""),
        "{form}"
    );
    // The first is emptied: the second moves up.
    let emptied = [("title1", ""), ("src1", ""), two[1][0], two[1][1]];
    owner.act(path, &emptied).await;
    assert_eq!(value_of(&app, "LIVEROOM_SHARE").await, json!([cards[1]]));
    let background = "/configs/BACKGROUND/set";
    let refused = owner
        .act(background, &[("color", "#fff"), ("height", "tall")])
        .await;
    assert_eq!(refused.status, 422);
    owner
        .act(
            background,
            &[("color", "#fff"), ("height", "12"), ("src", "")],
        )
        .await;
    let expected = json!({"color": "#fff", "height": 12});
    assert_eq!(value_of(&app, "BACKGROUND").await, expected);
    let private = [("title1", "x"), ("src1", "http://10.0.0.1/a.png")];
    let refused = owner.act(path, &private).await;
    let says_why = refused.text.contains("不是公网地址");
    assert_eq!((refused.status, says_why), (422, true), "{}", refused.text);
    assert_eq!(value_of(&app, "LIVEROOM_SHARE").await, json!([cards[1]]));
}

async fn pack_is_edited_and_sold_on_its_days(db: TestDb) {
    let (app, _console, owner) = desk(db).await;
    let bob = app.guest("bob", qlive_types::Gender::Male).await;
    let [id, path] = ["1".to_owned(), "/blocks/1/edit".to_owned()];
    let form = owner.get(&path).await.text;
    assert!(form.contains("name=\"gold\" value=\"60\""), "{form}");
    assert!(
        form.contains("<input type=\"date\" name=\"until\" value=\"\""),
        "{form}"
    );
    let listed = async || {
        let listed = bob.get("qlive_pay/", json!({})).await.ok();
        let ids = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["id"].to_string());
        ids.collect::<Vec<_>>()
    };
    assert!(listed().await.contains(&id));
    let sale = [
        ("gold", "60"),
        ("price", "6"),
        ("from", "2030-01-01"),
        ("until", "2030-01-31"),
    ];
    assert_eq!(owner.act(&path, &sale).await.status, 303);
    let page = owner.get("/gifts").await.text;
    assert!(page.contains("2030-01-01 – 2030-01-31"), "{page}");
    assert!(!listed().await.contains(&id));
    let order = bob.post("qlive_pay/", json!({"block_id": 1})).await;
    order.refused(404, "unknown_block");
    for (price, until) in [("0", ""), ("6", "2029-01-01"), ("6", "tomorrow")] {
        let bad = [
            ("gold", "60"),
            ("price", price),
            ("from", "2030-01-01"),
            ("until", until),
        ];
        assert_eq!(owner.act(&path, &bad).await.status, 422, "{price} {until}");
    }
    // Another price makes a new pack.
    assert_eq!(
        owner
            .act(&path, &[("gold", "60"), ("price", "5")])
            .await
            .status,
        303
    );
    assert_eq!(owner.get(&path).await.status, 404);
    let blocks = app.services.payments.all_blocks().await.unwrap();
    let changed = blocks.last().unwrap();
    assert_eq!(
        (changed.price, changed.enabled),
        (qlive_tests::fen(500), true)
    );
}
