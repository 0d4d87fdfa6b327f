//! What the pages of a room show, and the way from a charge to a message.

use std::collections::BTreeSet;

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestClient, TestConsole, order_number, wait_until};
use qlive_types::{EntryId, Gender};
use serde_json::{Value, json};

on_both!(
    timeline_tells_who_came_asked_and_wrote,
    timeline_goes_on_and_misses_nothing,
    timeline_is_filtered_by_kind_user_and_day,
    room_with_a_trouble_comes_first,
    tile_says_what_was_given_and_what_happened_last,
    rooms_are_listed_live_or_not,
    gifts_sent_at_once_have_their_own_messages_and_reversals,
    charge_is_followed_from_the_order_to_the_message,
);

async fn timeline_tells_who_came_asked_and_wrote(db: TestDb) {
    let app = TestApp::start(db).await;
    app.set_config("FORBIDDEN_WORDS", r#"["加微信"]"#).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let stage = app.open_stage().await;
    let bob = app.viewer(&stage.live, "bob", Gender::Male).await;
    bob.apply(&stage.live).await.ok();
    app.advance(2);
    for text in ["祝福你们", "加微信吗"] {
        let content = json!({"type": "message", "content": text}).to_string();
        app.send_client_message(
            json!({"from": bob.user_id, "group": stage.group, "text": content}),
        )
        .await;
    }
    let path = format!("/rooms/{}", stage.live);
    let complete = async |path: &str| {
        let page = owner.get(path).await.text;
        page.contains("加微信吗") && page.contains("申请上麦")
    };
    wait_until("it is written", || complete(&path)).await;
    let page = owner.get(&path).await.text;
    let link = format!("<a href=\"/users/{}\"><bdi>bob</bdi></a>", bob.user_id);
    for shown in [
        "开播",
        "进入房间",
        "申请上麦",
        "说：祝福你们",
        "含“加微信”",
        &link,
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let timeline = owner.get(&format!("{path}/timeline")).await.text;
    let (_, timeline) = timeline.split_once("<tbody>").unwrap();
    let place = |text: &str| timeline.find(text).unwrap();
    assert!(
        place("说：祝福你们") < place("申请上麦"),
        "the latest is first"
    );
    assert!(place("申请上麦") < place("开播"), "{timeline}");
    let auditor = console.operator_without_code("ada", Role::Auditor).await;
    let seen = auditor.get(&path).await.text;
    assert!(
        seen.contains("申请上麦") && !seen.contains("祝福你们"),
        "{seen}"
    );
    stage.host.end(&stage.live).await.ok();
    let host = owner
        .get(&format!("/users/{}", stage.host.user_id))
        .await
        .text;
    assert!(
        host.contains(&path),
        "the room of a matchmaker is found: {host}"
    );
}

async fn timeline_goes_on_and_misses_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let stage = app.open_stage().await;
    let room = &stage.live;
    let now = app.clock.now().millis();
    let events: Vec<String> = (0..110)
        .map(|n| format!("({room}, {}, 1, {})", 20_000_000 + n, now + n * 10))
        .collect();
    let comments: Vec<String> = (0..70)
        .map(|n| {
            format!(
                "({room}, {}, 'c', {}, '', '')",
                30_000_000 + n,
                now + n * 30
            )
        })
        .collect();
    for (table, values) in [
        ("room_events (room_id, user_id, kind, at)", events),
        (
            "comments (room_id, user_id, text, at, closed_by, decision)",
            comments,
        ),
    ] {
        app.execute_sql(&format!("INSERT INTO {table} VALUES {}", values.join(",")))
            .await;
    }
    let mut path = Some(format!("/rooms/{room}/timeline"));
    let mut seen = BTreeSet::new();
    let mut rows = 0;
    while let Some(next) = path {
        let page = owner.get(&next).await.text;
        let links = page.split("href=\"/users/").skip(1);
        let found: Vec<i64> = links
            .map(|rest| rest.chars().take(8).collect::<String>().parse().unwrap())
            .filter(|user| (20_000_000..30_000_100).contains(user) && user % 10_000_000 < 200)
            .collect();
        rows += found.len();
        seen.extend(found);
        path = page
            .split_once("rel=\"next\" href=\"")
            .map(|(_, rest)| rest.split('"').next().unwrap().replace("&#38;", "&"));
    }
    assert_eq!((rows, seen.len()), (180, 180), "each once");
}

async fn timeline_is_filtered_by_kind_user_and_day(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let stage = app.open_stage().await;
    let room = &stage.live;
    let now = app.clock.now().millis();
    let day = 86_400_000;
    let (ann, ben) = (20_000_001, 20_000_002);
    app.execute_sql(&format!(
        "INSERT INTO room_events (room_id, user_id, kind, at) VALUES \
         ({room}, {ann}, 1, {}), ({room}, {ben}, 1, {now}), (999, {ann}, 1, {now})",
        now - 2 * day
    ))
    .await;
    app.execute_sql(&format!(
        "INSERT INTO comments (room_id, user_id, text, at, closed_by, decision) VALUES \
         ({room}, {ann}, 'old words', {}, '', ''), ({room}, {ben}, 'new words', {now}, '', ''), \
         (999, {ann}, 'elsewhere', {now}, '', '')",
        now - 2 * day
    ))
    .await;
    let shown = async |query: &str| {
        let page = owner
            .get(&format!("/rooms/{room}/timeline?{query}"))
            .await
            .text;
        let (_, table) = page.split_once("<tbody>").unwrap_or((&page, ""));
        assert!(!table.contains("elsewhere"), "{query}: {table}");
        [
            table.contains("old words"),
            table.contains("new words"),
            table.contains(&format!("/users/{ann}")),
            table.contains(&format!("/users/{ben}")),
        ]
    };
    assert_eq!(shown("").await, [true; 4]);
    assert_eq!(shown("kind=messages").await, [false; 4]);
    assert_eq!(shown("kind=visits").await, [false, false, true, true]);
    assert_eq!(shown("kind=comments").await, [true; 4]);
    assert_eq!(
        shown(&format!("user={ann}")).await,
        [true, false, true, false]
    );
    assert_eq!(
        shown(&format!("kind=visits&user={ben}")).await,
        [false, false, false, true]
    );
    let yesterday = app
        .clock
        .now()
        .before(std::time::Duration::from_secs(86_400));
    let until = format!("until={}", yesterday.shanghai_day());
    assert_eq!(shown(&until).await, [true, false, true, false]);
    let page = owner
        .get(&format!("/rooms/{room}/timeline?until=soon"))
        .await
        .text;
    assert!(page.contains("有的筛选写法不对"), "{page}");
}

async fn room_with_a_trouble_comes_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let mut hosts = Vec::new();
    for name in ["first", "second", "third"] {
        let host = app.matchmaker(name).await;
        app.open_stage_of(host.clone()).await;
        hosts.push(host);
    }
    let order = async || {
        let page = owner.get("/").await.text;
        let (_, tiles) = page.split_once("<ul class=\"tiles\">").unwrap();
        let place = |host: &TestClient| tiles.find(&format!("/users/{}", host.user_id)).unwrap();
        let mut order = vec![0, 1, 2];
        order.sort_by_key(|n| place(&hosts[*n]));
        assert_eq!(tiles.matches("class=\"tile-head\"").count(), 3, "each once");
        order
    };
    app.execute_sql("UPDATE members SET stream_sequence = 1, stream_started_at = 1")
        .await;
    assert_eq!(order().await, [2, 1, 0], "the latest first");
    // What can be done at once, for those who may.
    let actions = async |by: &OperatorBrowser| {
        let page = by.get("/").await.text;
        let ends = page.matches("/end?seen=").count();
        (page.matches("/warn\"").count(), ends)
    };
    assert_eq!(actions(&owner).await, (3, 3));
    let audrey = console.operator("audrey", Role::Auditor).await;
    assert_eq!(actions(&audrey).await, (0, 0));
    // Later than the worker that ends a grace looks.
    let soon = app.clock.now().millis() + 15_000;
    for (trouble, host) in [
        ("stream_started_at = NULL", 0),
        (&*format!("stream_grace_until = {soon}"), 1),
        (&*format!("im_grace_until = {soon}"), 0),
    ] {
        let clear = "stream_started_at = 1, stream_grace_until = NULL, im_grace_until = NULL";
        app.execute_sql(&format!("UPDATE members SET {clear}"))
            .await;
        let user = hosts[host].user_id.clone();
        app.execute_sql(&format!(
            "UPDATE members SET {trouble} WHERE user_id = {user}"
        ))
        .await;
        assert_eq!(order().await[0], host, "{trouble}");
    }
}

async fn tile_says_what_was_given_and_what_happened_last(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let stage = app.open_stage().await;
    let bob = app.viewer(&stage.live, "bob", Gender::Male).await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("rose", 7).await;
    bob.give(&stage.host, gift, 2, json!({})).await.ok();
    // Not of this room.
    let elsewhere = app.guest("eve", Gender::Female).await;
    bob.give(&elsewhere, gift, 3, json!({})).await.ok();
    bob.apply(&stage.live).await.ok();
    let now = async || owner.get("/").await.text;
    let last = "<bdi>bob</bdi> · 申请上麦 · ";
    wait_until("the event is written", async || now().await.contains(last)).await;
    let page = now().await;
    assert!(page.contains("近 5 分钟 14 金币"), "{page}");
    app.advance(2 * 60);
    bob.give(&stage.host, gift, 1, json!({})).await.ok();
    let page = now().await;
    assert!(page.contains("近 5 分钟 21 金币"), "{page}");
    assert!(page.contains(&format!("{last}2 分钟前")), "{page}");
    app.advance(4 * 60);
    let page = now().await;
    assert!(page.contains("近 5 分钟 7 金币"), "{page}");
}

async fn rooms_are_listed_live_or_not(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let over = app.open_stage_of(app.matchmaker("ruth").await).await;
    let live = app.open_stage_of(app.matchmaker("hanna").await).await;
    let ended = owner.act(&format!("/rooms/{}/end", over.live), &[]).await;
    assert_eq!(ended.status, 303, "{}", ended.text);
    let page = owner.get("/rooms").await.text;
    let row_of = |live: &Value| {
        let link = format!("href=\"/rooms/{live}\"");
        let mut rows = page.split("<tr>").filter(|row| row.contains(&link));
        let row = rows.next().unwrap_or_else(|| panic!("{live}: {page}"));
        assert_eq!(rows.next(), None, "{live} is listed once");
        row
    };
    let row = row_of(&over.live);
    assert!(row.contains("ruth") && row.contains("未直播"), "{row}");
    let day = app.clock.now().shanghai_day();
    assert_eq!(
        row.matches(&day).count(),
        2,
        "its end and its beginning: {row}"
    );
    let row = row_of(&live.live);
    assert!(row.contains("hanna") && row.contains("开播"), "{row}");
    let page_of_none = owner.get(&format!("/rooms?after={}", over.live)).await.text;
    assert!(
        !page_of_none.contains("ruth"),
        "those before: {page_of_none}"
    );
    // A host without a name, for instance an erased one.
    app.execute_sql("UPDATE users SET nickname = ''").await;
    let user = format!("/users/{}", live.host.user_id);
    for path in [
        "/",
        "/rooms",
        "/users",
        &user,
        &format!("/rooms/{}", live.live),
    ] {
        let page = owner.get(path).await.text;
        assert!(
            !page.contains("<bdi></bdi>") && !page.contains("<h1 dir=\"auto\"></h1>"),
            "{path} has a link without a text: {page}"
        );
    }
    let end = owner.get("/rooms?after=1").await.text;
    assert!(end.contains("后面没有了"), "{end}");
}

async fn gifts_sent_at_once_have_their_own_messages_and_reversals(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let stage = app.open_stage().await;
    let gift = app.add_gift("rose", 7).await;
    let (carl, _) = app.buyer("carl", 1).await;
    let (bob, order) = app.buyer("bob", 1).await;
    for giver in [&carl, &bob] {
        giver.enter(&stage.live).await.ok();
        giver.give(&stage.host, gift, 2, json!({})).await.ok();
    }
    app.wait_for_outbox().await;
    // As if the two were sent at once, and each message had waited for more of the same.
    app.execute_sql(
        "UPDATE gifts_sent SET at = (SELECT MAX(at) FROM gifts_sent); \
         UPDATE outbox SET created_at = (SELECT MAX(at) FROM gifts_sent), \
         content = REPLACE(content, '\"gift_num\":2', '\"gift_num\":5') \
         WHERE content LIKE '%rose%'",
    )
    .await;
    let path = format!("/orders/{}/why", order_number(&order));
    let evidence = async || -> serde_json::Value {
        let file = owner.act(&format!("{path}/export"), &[]).await;
        serde_json::from_str(&file.text).unwrap()
    };
    let all = evidence().await;
    let given = &all["gifts"][0];
    let messages = given["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{messages:?}");
    let content = &messages[0]["message"]["content"];
    assert_eq!(
        (&content["user_id"], &content["gift_num"]),
        (&json!(bob.user_id), &json!(5))
    );
    let entry = given["gift"]["entry"].as_i64().unwrap();
    let page = format!("/ledger/{entry}");
    let reverse = format!("{page}/reverse");
    assert!(owner.get(&page).await.text.contains(&reverse));
    let users = &app.services.users;
    let reversed = users.reverse_entry(app.operator(), EntryId::new(entry));
    let reversal = reversed.await.unwrap();
    let shown = owner.get(&page).await.text;
    assert!(
        shown.contains("已冲正") && !shown.contains(&reverse),
        "{shown}"
    );
    assert!(owner.get(&path).await.text.contains("（已冲正）"));
    let all = evidence().await;
    let last = all["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["id"], &last["reverses"]),
        (&json!(reversal.get()), &json!(entry))
    );
}

async fn charge_is_followed_from_the_order_to_the_message(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let stage = app.open_stage().await;
    let (bob, order) = app.buyer("bob", 1).await;
    bob.enter(&stage.live).await.ok();
    let gift = app.add_gift("rose", 7).await;
    bob.give(&stage.host, gift, 2, json!({})).await.ok();
    app.wait_for_outbox().await;
    let number = order_number(&order);
    let page = owner.get(&format!("/orders/{number}")).await.text;
    let path = format!("/orders/{number}/why");
    assert!(page.contains(&path), "{page}");
    let why = owner.get(&path).await.text;
    for shown in ["rose", "已投递", &format!("/rooms/{}", stage.live)] {
        assert!(why.contains(shown), "{shown}: {why}");
    }
    let file = owner.act(&format!("{path}/export"), &[]).await;
    let all: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!(all["order"]["out_trade_no"], json!(number));
    assert_eq!(all["provider"]["state"], "paid");
    assert_eq!(all["provider"]["compared"], "the same");
    assert!(why.contains("记录一致"), "{why}");
    assert_eq!(all["entries"].as_array().unwrap().len(), 2);
    let given = &all["gifts"][0]["gift"];
    assert_eq!(
        (&given["cost"], &given["name"]),
        (&json!(14), &json!("rose"))
    );
    let message = &all["gifts"][0]["messages"][0]["message"];
    assert_eq!(message["content"]["gift_title"], json!("rose"));
    let auditor = console.operator_without_code("ada", Role::Auditor).await;
    let seen = auditor.get(&path).await;
    assert_eq!(seen.status, 200);
    assert!(
        !seen.text.contains("记录一致"),
        "an auditor does not ask WeChat"
    );
    // The same from the entry of the gift.
    let entry = given["entry"].as_i64().unwrap();
    let why = owner.get(&format!("/ledger/{entry}/why")).await.text;
    assert!(why.contains("rose") && why.contains("已投递"), "{why}");
    let timeline = owner.get(&format!("/rooms/{}/timeline", stage.live)).await;
    assert!(timeline.text.contains("送给"), "{}", timeline.text);
    for unknown in [
        "/orders/none/why",
        "/ledger/999999/why",
        "/rooms/999/timeline",
    ] {
        assert_eq!(owner.get(unknown).await.status, 404, "{unknown}");
    }
}
