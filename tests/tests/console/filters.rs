//! What the filters of lists let through, and files of what they show.

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestClient, TestConsole, order_number, wait_until};
use qlive_types::{DAY, Gender, Moment};
use serde_json::json;

on_both!(
    wallet_is_filtered_by_kind_and_day,
    rare_movement_is_found_by_going_on,
    movements_just_after_midnight_do_not_hide_those_before,
    ledger_is_filtered_by_kind_and_days_and_exported,
    file_of_the_ledger_is_refused_where_a_filter_is_not_read,
    withdrawals_show_how_old_an_account_is_and_what_it_owes,
    refused_comments_that_were_decided_have_a_list,
    figures_are_those_of_the_days_that_are_typed,
    figures_say_which_days_they_leave_out,
);

/// What the links in the rows of the table of a page say, the first of each row.
async fn rows(by: &OperatorBrowser, path: &str) -> Vec<String> {
    let page = by.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    let Some((_, body)) = page.text.split_once("<tbody>") else {
        return Vec::new();
    };
    let links = body.split("<tr>").skip(1).map(|row| {
        let (_, link) = row.split_once("<bdi>").unwrap();
        link.split('<').next().unwrap().to_owned()
    });
    links.collect()
}

/// Entries of two days: on each a grant to bob, and a gift from bob to alice.
struct TwoDays {
    app: TestApp,
    console: TestConsole,
    owner: OperatorBrowser,
    bob: TestClient,
    days: Vec<String>,
    grants: Vec<String>,
    gifts: Vec<String>,
}

impl TwoDays {
    async fn start(db: TestDb) -> Self {
        let app = TestApp::start(db).await;
        let console = TestConsole::start(&app, false);
        let bob = app.guest("bob", Gender::Male).await;
        let alice = app.guest("alice", Gender::Female).await;
        let gift = app.add_gift("rose", 7).await;
        let (mut days, mut grants, mut gifts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..2 {
            app.advance_to_noon();
            days.push(app.clock.now().shanghai_day());
            app.grant(&bob, 50).await;
            grants.push(app.last_entry_id().await.to_string());
            bob.give(&alice, gift, 1, json!({})).await.ok();
            gifts.push(app.last_entry_id().await.to_string());
        }
        let owner = console.operator("olga", Role::Owner).await;
        Self {
            app,
            console,
            owner,
            bob,
            days,
            grants,
            gifts,
        }
    }
}

async fn wallet_is_filtered_by_kind_and_day(db: TestDb) {
    let all = TwoDays::start(db).await;
    let [first_grant, second_grant] = &all.grants[..] else {
        panic!()
    };
    let [first_gift, second_gift] = &all.gifts[..] else {
        panic!()
    };
    let wallet = format!("/users/{}/wallet", all.bob.user_id);
    let day = &all.days[0];
    for (query, shown) in [
        (
            String::new(),
            vec![second_gift, second_grant, first_gift, first_grant],
        ),
        ("?kind=grant".to_owned(), vec![second_grant, first_grant]),
        ("?kind=gift".to_owned(), vec![second_gift, first_gift]),
        (format!("?until={day}"), vec![first_gift, first_grant]),
        (format!("?kind=grant&until={day}"), vec![first_grant]),
        ("?kind=recharge".to_owned(), vec![]),
        ("?until=2020-01-01".to_owned(), vec![]),
    ] {
        let found = rows(&all.owner, &format!("{wallet}{query}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), shown, "{query}");
    }
    // Payouts move only what was set aside, which is not in a wallet.
    for unreadable in ["kind=nothing", "kind=payout", "until=yesterday"] {
        let page = all.owner.get(&format!("{wallet}?{unreadable}")).await.text;
        assert!(page.contains("筛选写法不对"), "{unreadable}: {page}");
    }
}

async fn rare_movement_is_found_by_going_on(db: TestDb) {
    let all = TwoDays::start(db).await;
    let user = &all.bob.user_id;
    let at = all.app.clock.now().millis();
    // More movements than one search reads, all later than the four.
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < 4100)";
    for statement in [
        format!(
            "INSERT INTO ledger_entries (id, kind, subject, transfer_count, total, at) \
             {numbers} SELECT i + 1000, kind, 'many' || i, 1, 1, {at} FROM n, \
             (SELECT kind FROM ledger_entries WHERE id = {}) given",
            all.gifts[0]
        ),
        format!(
            "INSERT INTO ledger_history (user_id, number, entry_id, amount, gold, income) \
             {numbers} SELECT {user}, i, i + 1000, -1, 1, 0 FROM n"
        ),
        format!("UPDATE ledger_balances SET entry_count = 4100 WHERE user_id = {user}"),
    ] {
        all.app.execute_sql(&statement).await;
    }
    let mut path = format!("/users/{user}/wallet?kind=grant");
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        pages += 1;
        found.extend(rows(&all.owner, &path).await);
        let page = all.owner.get(&path).await.text;
        let Some((_, next)) = page.split_once("rel=\"next\" href=\"") else {
            assert!(!page.contains("更早的变动里可能有"), "{page}");
            break;
        };
        assert!(
            !found.is_empty() || page.contains("更早的变动里可能有"),
            "{page}"
        );
        path = next.split('"').next().unwrap().replace("&#38;", "&");
    }
    let grants: Vec<&String> = all.grants.iter().rev().collect();
    assert_eq!(found.iter().collect::<Vec<_>>(), grants);
    assert_eq!(pages, 3, "2,000 at once");
}

async fn movements_just_after_midnight_do_not_hide_those_before(db: TestDb) {
    let all = TwoDays::start(db).await;
    let user = &all.bob.user_id;
    let day = all.app.clock.now().shanghai_day();
    let midnight = Moment::parse_day(&day).unwrap().after(DAY).millis();
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < 104)";
    for statement in [
        format!(
            "INSERT INTO ledger_entries (id, kind, subject, transfer_count, total, at) \
             {numbers} SELECT i + 1000, 2, 'many' || i, 1, 1, {midnight} + i FROM n"
        ),
        format!(
            "INSERT INTO ledger_history (user_id, number, entry_id, amount, gold, income) \
             {numbers} SELECT {user}, i, i + 1000, -1, 1, 0 FROM n"
        ),
        format!("UPDATE ledger_balances SET entry_count = 104 WHERE user_id = {user}"),
    ] {
        all.app.execute_sql(&statement).await;
    }
    let found = rows(&all.owner, &format!("/users/{user}/wallet?until={day}")).await;
    let expected = [&all.gifts[1], &all.grants[1], &all.gifts[0], &all.grants[0]];
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
}

async fn ledger_is_filtered_by_kind_and_days_and_exported(db: TestDb) {
    let all = TwoDays::start(db).await;
    let (owner, days) = (&all.owner, &all.days);
    let entries =
        |kind: &str, from: &str, until: &str| format!("kind={kind}&from={from}&until={until}");
    let [first_grant, second_grant] = &all.grants[..] else {
        panic!()
    };
    let [first_gift, second_gift] = &all.gifts[..] else {
        panic!()
    };
    let export = async |query: &str, from: &str, until: &str| {
        let path = format!("/export/ledger?{query}");
        owner.act(&path, &[("from", from), ("until", until)]).await
    };
    for (kind, from, until, shown) in [
        ("", "", &*days[0], vec![first_gift, first_grant]),
        ("", &*days[1], "", vec![second_gift, second_grant]),
        ("grant", &*days[0], &*days[0], vec![first_grant]),
        ("gift", &*days[0], &*days[1], vec![second_gift, first_gift]),
        ("gift", "2020-01-01", "2020-01-02", vec![]),
        ("payout", &*days[0], &*days[1], vec![]),
    ] {
        let query = entries(kind, from, until);
        let found = rows(owner, &format!("/ledger?{query}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), shown, "{query}");
        let (from, until) = (
            if from.is_empty() { "2020-01-01" } else { from },
            if until.is_empty() { &days[1] } else { until },
        );
        let file = export(&query, from, until).await;
        assert_eq!(file.status, 200, "{}", file.text);
        let lines = file.text.lines().skip(1);
        let mut exported: Vec<&str> = lines.map(|line| line.split('"').nth(1).unwrap()).collect();
        exported.dedup();
        assert_eq!(exported, shown, "{query}");
    }
    let gift = export("kind=gift", &days[1], &days[1]).await.text;
    assert!(gift.contains("平台"), "where coins went: {gift}");
    let recorded = owner.get("/audit?action=lists+export").await.text;
    assert!(recorded.contains("filtered by kind gift"), "{recorded}");
}

async fn file_of_the_ledger_is_refused_where_a_filter_is_not_read(db: TestDb) {
    let all = TwoDays::start(db).await;
    let (owner, days) = (&all.owner, &all.days);
    let export = async |query: &str| {
        let path = format!("/export/ledger?{query}");
        let span = [("from", &*days[0]), ("until", &*days[1])];
        owner.act(&path, &span).await
    };
    let long = format!("kind=grant&about={}", "x".repeat(3_000));
    for (unreadable, why) in [
        ("kind=nothing", "筛选写法不对"),
        ("about=rose", "请先选择类型"),
        (&*long, "筛选写法不对"),
    ] {
        let refused = export(unreadable).await;
        assert_eq!(refused.status, 422, "{unreadable}");
        assert!(refused.text.contains(why), "{unreadable}: {}", refused.text);
        let list = owner.get(&format!("/ledger?{unreadable}")).await.text;
        assert!(list.contains(why), "{unreadable}: {list}");
    }
    // The form begins with days that it takes, and leads back to the list as it was.
    let form = owner
        .get(&format!("/export/ledger?until={}", days[0]))
        .await
        .text;
    let month = Moment::parse_day(&days[0]).unwrap().before(30 * DAY);
    assert!(form.contains(&month.shanghai_day()), "{form}");
    let back = format!("href=\"/ledger?until={}\" data-cancel", days[0]);
    assert!(form.contains(&back), "{form}");
    let ada = all.console.operator("ada", Role::Support).await;
    assert_eq!(ada.get("/export/ledger").await.status, 403);
    // A refusal is recorded, however long the address is.
    let long = format!("/figures/export/day/{}/x", "1".repeat(3_000));
    assert_eq!(ada.get(&long).await.status, 403);
}

async fn withdrawals_show_how_old_an_account_is_and_what_it_owes(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let earner = app.earner(1_000).await;
    earner.withdraw(100, "first").await;
    let owner = console.operator("olga", Role::Owner).await;
    for path in ["/withdrawals", "/withdrawals?state=waiting"] {
        let page = owner.get(path).await.text;
        assert!(page.contains(">8 天<"), "{page}");
        assert!(!page.contains("badge bad"), "there is no debt: {page}");
    }
    let user = &earner.user_id;
    app.execute_sql(&format!(
        "UPDATE ledger_balances SET debt = -12 WHERE user_id = {user}"
    ))
    .await;
    let page = owner.get("/withdrawals").await.text;
    assert!(page.contains("dir=\"auto\">12</span>"), "{page}");
    let page = owner.get("/withdrawals?state=none").await.text;
    assert!(page.contains("筛选写法不对"), "{page}");
    let day = app.clock.now().shanghai_day();
    let days = [("from", "2020-01-01"), ("until", &*day)];
    let refused = owner.act("/export/withdrawals?state=none", &days).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
}

async fn refused_comments_that_were_decided_have_a_list(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let user = app.guest("bob", Gender::Male).await.user_id;
    let decided = async || owner.get("/moderation?which=decided").await.text;
    assert!(decided().await.contains("还没有处理过"));
    for (id, word) in [(1, "'vx'"), (2, "'vx'"), (3, "NULL")] {
        let at = app.clock.now().millis();
        app.execute_sql(&format!(
            "INSERT INTO comments (room_id, user_id, text, at, word, closed_by, decision) \
             VALUES (1, {user}, 'comment {id}', {at}, {word}, '', '')"
        ))
        .await;
    }
    let closed = owner.act("/moderation/1/close", &[]).await;
    assert_eq!(closed.status, 303, "{}", closed.text);
    let page = decided().await;
    for (text, is_shown) in [
        ("comment 1", true),
        ("olga: a test", true),
        ("comment 2", false),
        ("comment 3", false),
    ] {
        assert_eq!(page.contains(text), is_shown, "{text}: {page}");
    }
    assert!(!page.contains("/moderation/1/close"), "it is decided");
}

async fn figures_are_those_of_the_days_that_are_typed(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let console = TestConsole::start(&app, false);
    let (_, order) = app.buyer("bob", 1).await;
    assert!(!order_number(&order).is_empty());
    let day = app.clock.now().shanghai_day();
    app.advance_to_noon();
    let next = app.clock.now().shanghai_day();
    let owner = console.operator("olga", Role::Owner).await;
    let bars = async |query: &str| {
        let page = owner.get(&format!("/figures?{query}")).await.text;
        page.matches("<title>20").count()
    };
    wait_until("the entries are sealed", || async {
        let page = owner.get(&format!("/figures?from={day}&until={day}")).await;
        page.text
            .contains(&format!("<span class=\"text\" dir=\"auto\">{day}"))
    })
    .await;
    assert_eq!(bars(&format!("from={day}&until={next}")).await, 4);
    assert_eq!(bars(&format!("until={day}&days=7")).await, 14);
    let page = owner
        .get(&format!("/figures?from={next}&until={next}"))
        .await;
    let row = format!("<span class=\"text\" dir=\"auto\">{day}");
    assert!(!page.text.contains(&row), "{}", page.text);
    let href = format!("/figures/export/day/{next}/{next}");
    assert!(page.text.contains(&href), "{}", page.text);
}

async fn figures_say_which_days_they_leave_out(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let next = app.clock.now().shanghai_day();
    let day = app.clock.now().before(DAY).shanghai_day();
    // More than there may be, or none.
    for (query, note) in [
        ("from=2020-01-01", "一次最多"),
        ("days=93", "一次最多"),
        ("by=month&from=2020-01-01", "一次最多"),
        ("from=2030-01-02&until=2030-01-01", "一次最多"),
        ("from=yesterday", "筛选写法不对"),
        ("by=week", "筛选写法不对"),
        ("days=0", "筛选写法不对"),
    ] {
        let page = owner.get(&format!("/figures?{query}")).await;
        assert!(page.text.contains(note), "{query}: {}", page.text);
    }
    let page = owner.get("/figures?days=92").await.text;
    assert!(!page.contains("一次最多"), "{page}");
    let page = owner.get(&format!("/figures?days=7&from={day}")).await.text;
    assert!(
        page.contains("<option value=\"\" selected>按起止日期"),
        "{page}"
    );
    for wrong in [
        format!("week/{day}/{next}"),
        format!("day/{next}/{day}"),
        format!("day/2020-01-01/{day}"),
        format!("host/x/{day}"),
    ] {
        let reply = owner.get(&format!("/figures/export/{wrong}")).await;
        assert_eq!(reply.status, 404, "{wrong}");
    }
    for by in ["day", "month", "host"] {
        let path = format!("/figures/export/{by}/{day}/{next}");
        let file = owner.act(&path, &[]).await;
        assert_eq!(file.status, 200, "{path}");
        let name = file.headers["content-disposition"].to_str().unwrap();
        assert!(name.contains(&format!("by-{by}-")), "{name}");
    }
}
