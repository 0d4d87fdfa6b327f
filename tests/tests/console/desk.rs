//! What operators do at the desk: complaints, gifts for sale, and a console behind a proxy.

use qlive_console::ConsoleSettings;
use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestClient, TestConsole, order_number};
use qlive_types::Gender;
use reqwest::Method;
use serde_json::json;

on_both!(
    complaint_is_answered_once_and_waits_until_then,
    gift_is_edited_and_moved,
    gift_is_for_sale_on_its_days,
    operator_behind_a_proxy_has_an_address_of_their_own,
    invitation_names_the_public_address,
    sessions_of_an_operator_are_seen_and_ended,
    text_with_a_nul_is_a_bad_request,
    audit_log_says_how_long_a_ban_and_a_mute_are,
    lists_are_exported_as_files,
);

async fn complaint_is_answered_once_and_waits_until_then(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let sam = console.operator("sam", Role::Support).await;
    app.execute_sql(
        "INSERT INTO complaints \
         (wechat_request_id, out_trade_no, openid, complained_at, recorded_at) \
         VALUES ('request', 'order-1', 'openid', '2026-11-27', 1)",
    )
    .await;
    app.advance(2);
    let open = sam.get("/complaints").await.text;
    assert!(
        open.contains("order-1") && open.contains("1 项待处理"),
        "{open}"
    );
    let (_, rest) = open.split_once("/complaints/").unwrap();
    let path = format!("/complaints/{}/answer", rest.split('/').next().unwrap());
    assert_eq!(sam.act(&path, &[]).await.status, 303);
    app.advance(2);
    let all = sam.get("/complaints?which=all").await.text;
    assert!(all.contains("a test") && !all.contains("项待处理"), "{all}");
    let open = sam.get("/complaints").await.text;
    assert!(!open.contains("order-1"), "{open}");
    assert_eq!(sam.act(&path, &[]).await.status, 422, "it is answered");
}

/// A catalogue, who changes it, and who gives from it.
struct Shelf {
    app: TestApp,
    otto: OperatorBrowser,
    bob: TestClient,
    alice: TestClient,
    _console: TestConsole,
}

impl Shelf {
    async fn start(db: TestDb) -> Self {
        let app = TestApp::start_at_noon(db).await;
        let console = TestConsole::start(&app, false);
        let otto = console.operator("otto", Role::Operator).await;
        let bob = app.guest("bob", Gender::Male).await;
        let alice = app.guest("alice", Gender::Female).await;
        app.grant(&bob, 100).await;
        Self {
            app,
            otto,
            bob,
            alice,
            _console: console,
        }
    }

    /// The names of the gifts that clients see.
    async fn names(&self) -> Vec<String> {
        self.app.advance(2);
        let answer = self.bob.get("qlive_gift/", json!({"page": 1})).await.ok();
        let results = answer["results"].as_array().unwrap().iter();
        results
            .map(|gift| gift["name"].as_str().unwrap().to_owned())
            // Not those that a sandbox has from the beginning.
            .filter(|name| name.is_ascii())
            .collect()
    }

    async fn edit(&self, id: i64, (name, gold): (&str, &str), place: &str, days: Days<'_>) -> u16 {
        let fields = [
            ("name", name),
            ("gold", gold),
            ("image", "https://pictures.example.com/gift.png"),
            ("place", place),
            ("from", days.0),
            ("until", days.1),
        ];
        self.otto
            .act(&format!("/gifts/{id}/edit"), &fields)
            .await
            .status
    }

    async fn give(&self, gift: i64) -> qlive_tests::Answer {
        self.bob.give(&self.alice, gift, 1, json!({})).await
    }
}

/// The first and the last day on which a gift is for sale.
type Days<'a> = (&'a str, &'a str);
const ALWAYS: Days<'_> = ("", "");

async fn gift_is_edited_and_moved(db: TestDb) {
    let shelf = Shelf::start(db).await;
    let (rose, star) = (
        shelf.app.add_gift("rose", 5).await,
        shelf.app.add_gift("star", 9).await,
    );
    assert_eq!(shelf.names().await, ["rose", "star"]);
    assert_eq!(shelf.edit(star, ("star", "9"), "-1", ALWAYS).await, 303);
    assert_eq!(shelf.names().await, ["star", "rose"]);
    // Another price: another gift.
    assert_eq!(shelf.edit(rose, ("rose 2", "6"), "0", ALWAYS).await, 303);
    assert_eq!(shelf.names().await, ["star", "rose 2"]);
    shelf.give(rose).await.refused(404, "unknown_gift");
    assert_eq!(shelf.edit(star, ("star", "9"), "x", ALWAYS).await, 422);
    let missing = shelf.otto.get(&format!("/gifts/{rose}/edit")).await;
    assert_eq!(missing.status, 404, "disabled");
}

async fn gift_is_for_sale_on_its_days(db: TestDb) {
    let shelf = Shelf::start(db).await;
    let star = shelf.app.add_gift("star", 9).await;
    let day = |days: i64| {
        let day = qlive_ledger::Day::of(shelf.app.clock.now()).plus(days);
        day.begin().shanghai()[..10].to_owned()
    };
    let (today, tomorrow) = (day(0), day(1));
    let edit = |days| shelf.edit(star, ("star", "9"), "0", days);
    assert_eq!(edit((&tomorrow, "")).await, 303);
    assert!(shelf.names().await.is_empty());
    shelf.give(star).await.refused(404, "unknown_gift");
    assert_eq!(edit((&today, &today)).await, 303);
    assert_eq!(shelf.names().await, ["star"]);
    shelf.give(star).await.ok();
    assert_eq!(edit(("tomorrow", "")).await, 422);
    assert_eq!(edit((&tomorrow, &today)).await, 422);
    shelf.app.advance(86_400);
    assert!(shelf.names().await.is_empty(), "that was the last day");
    shelf.give(star).await.refused(404, "unknown_gift");
    shelf.app.audit().await;
}

async fn operator_behind_a_proxy_has_an_address_of_their_own(db: TestDb) {
    let app = TestApp::start(db).await;
    for (proxies, expected) in [
        (vec!["127.0.0.1".parse().unwrap()], "203.0.113.9"),
        (Vec::new(), "127.0.0.1"),
    ] {
        let settings = ConsoleSettings {
            trusted_proxies: proxies,
            ..ConsoleSettings::default()
        };
        let console = TestConsole::start_with(&app, settings);
        let name = format!("sam at {expected}");
        let id = console.operator_without_code(&name, Role::Support).await.id;
        let browser = console.browser();
        let headers = [
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", "198.51.100.1, 203.0.113.9"),
        ];
        let fields = [("name", &*name), ("password", "correct horse battery")];
        let login = browser
            .send(Method::POST, "/login", &fields, &headers)
            .await;
        assert_eq!(login.status, 303, "{}", login.text);
        app.advance(1);
        let sessions = console.operators.sessions(id).await.unwrap();
        assert!(
            sessions
                .iter()
                .any(|session| session.agent.is_empty() && session.address == expected),
            "{sessions:?}"
        );
    }
}

async fn invitation_names_the_public_address(db: TestDb) {
    let app = TestApp::start(db).await;
    let settings = ConsoleSettings {
        public_url: "https://console.example.com/".to_owned(),
        ..ConsoleSettings::default()
    };
    let console = TestConsole::start_with(&app, settings);
    let owner = console.operator("olga", Role::Owner).await;
    let fields = [("name", "pavel"), ("role", "support")];
    let added = owner.act("/operators/add", &fields).await;
    assert!(
        added.text.contains("https://console.example.com/link/"),
        "{}",
        added.text
    );
}

async fn sessions_of_an_operator_are_seen_and_ended(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let other = console.operator("otto", Role::Operator).await;
    let path = format!("/operators/{}", other.id);
    let page = owner.get(&path).await.text;
    assert!(
        page.contains("127.0.0.1") && page.contains("end-sessions"),
        "{page}"
    );
    let seen = other.get(&path).await.text;
    assert!(
        !seen.contains("end-sessions") && !seen.contains("127.0.0.1"),
        "{seen}"
    );
    let ended = owner.act(&format!("{path}/end-sessions"), &[]).await;
    assert_eq!(ended.status, 303, "{}", ended.text);
    assert_eq!(other.get("/").await.status, 303, "logged out");
    assert!(!owner.get(&path).await.text.contains("127.0.0.1"));
    assert_eq!(owner.get("/operators/999").await.status, 404);
}

async fn text_with_a_nul_is_a_bad_request(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    for path in [
        "/search?q=%00",
        "/users?nickname=a%00b",
        "/users?nickname=ab&after=1.%00",
        "/orders/%00",
    ] {
        assert_eq!(owner.get(path).await.status, 400, "{path}");
    }
    let sent = owner
        .post("/login", &[("name", "a\0b"), ("password", "x")])
        .await;
    assert_eq!(sent.status, 400);
}

async fn audit_log_says_how_long_a_ban_and_a_mute_are(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let bob = app.guest("bob", Gender::Male).await;
    let act = async |action: &str, length: &str| {
        let path = format!("/users/{}/{action}", bob.user_id);
        let reply = owner.act(&path, &[("length", length)]).await;
        assert_eq!(reply.status, 303, "{path}: {}", reply.text);
        owner.get("/audit").await.text
    };
    let log = act("mute", "600").await;
    assert!(log.contains(" → 到 2"), "{log}");
    let log = act("ban", "0").await;
    assert!(log.contains("→ 永久"), "{log}");
    let user = format!("href=\"/users/{}\"", bob.user_id);
    assert!(
        log.contains(&user),
        "a record leads to what it is about: {log}"
    );
    let today = app.clock.now().shanghai()[..10].to_owned();
    let until = async |day: &str| owner.get(&format!("/audit?until={day}")).await.text;
    assert!(until(&today).await.contains("→ 永久"));
    assert!(!until("2020-01-01").await.contains("→ 永久"));
    assert!(
        until("yesterday")
            .await
            .contains("有的筛选写法不对，没有生效")
    );
    // A record of a clock that is ahead hides none that is written after it.
    let ahead = app.clock.now().millis() + 86_000_000;
    app.execute_sql(&format!(
        "INSERT INTO audit_log (at, who, role, address, action, subject, reason, value_before, \
         value_after) VALUES ({ahead}, 'olga', 'owner', '', 'users note', '1', '', '', '')"
    ))
    .await;
    let before = until(&today).await.matches("→ 到 2").count();
    act("mute", "3600").await;
    let after = until(&today).await.matches("→ 到 2").count();
    assert_eq!(after, before + 1);
}

async fn lists_are_exported_as_files(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let (_, order) = app.buyer("bob", 1).await;
    let number = order_number(&order);
    let today = app.clock.now().shanghai()[..10].to_owned();
    let export = async |list: &str, from: &str, until: &str| {
        let fields = [("from", from), ("until", until)];
        owner.act(&format!("/export/{list}"), &fields).await
    };
    for (list, holds) in [
        ("orders", number),
        ("audit", "lists export"),
        ("withdrawals", "打款单号"),
    ] {
        let file = export(list, "2020-01-01", &today).await;
        assert_eq!(file.status, 200, "{list}");
        let name = format!("qlive-{list}-2020-01-01-{today}.csv");
        let disposition = file.headers["content-disposition"].to_str().unwrap();
        assert!(disposition.contains(&name), "{disposition}");
        assert!(file.text.contains(holds), "{list}: {}", file.text);
    }
    let earlier = export("orders", "2020-01-01", "2020-01-02").await;
    assert!(!earlier.text.contains(number));
    // As the list is filtered.
    for (filter, is_in) in [("state=paid&least=1", true), ("state=closed", false)] {
        let list = owner.get(&format!("/orders?{filter}")).await.text;
        let href = format!("/export/orders?{}", filter.replace('&', "&#38;"));
        assert!(list.contains(&href), "{list}");
        let file = export(&format!("orders?{filter}"), &today, &today).await;
        assert_eq!(
            (file.status, file.text.contains(number)),
            (200, is_in),
            "{filter}"
        );
    }
    let amounts = export("orders?least=1", "2020-01-01", &today).await;
    assert_eq!(amounts.status, 422, "they are looked for in 31 days");
    // What cannot be read is not left out of a file.
    let unreadable = export("orders?user=nobody", "2020-01-01", &today).await;
    assert_eq!(unreadable.status, 422, "{}", unreadable.text);
    let log = app.audit_log().await;
    let subject = &log.last().unwrap().2;
    assert!(subject.ends_with("filtered by state closed"), "{subject}");
    // The record names no filter that the list does not have.
    export("withdrawals?user=12345678", &today, &today).await;
    let (.., subject, _) = app.audit_log().await.pop().unwrap();
    assert_eq!(subject, format!("withdrawals from {today} until {today}"));
    for (from, until) in [
        ("", &*today),
        ("2026-13-01", "2026-12-01"),
        (&*today, "2020-01-01"),
    ] {
        let refused = export("orders", from, until).await;
        assert_eq!(refused.status, 422, "{from} {until}");
    }
    assert_eq!(owner.get("/export/users").await.status, 404);
}
