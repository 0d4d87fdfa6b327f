//! What pages show: lists that go on, searches that jump, hostile texts that stay texts.

use std::collections::BTreeSet;

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestConsole, order_number, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    lists_go_on_and_miss_nobody,
    search_jumps_to_what_it_knows,
    personal_data_is_masked_and_looking_is_recorded,
    order_is_shown_with_its_entries_and_refunds,
    order_is_shown_beside_the_record_of_its_provider,
    withdrawal_above_the_limit_needs_two_operators,
    refund_above_the_limit_needs_two_operators,
    filters_of_orders_find_what_they_name,
    notice_says_what_was_done,
    figures_are_those_of_orders_and_ledger,
    day_is_compared_explained_and_signed_off,
    ledger_is_audited_in_the_background,
);

async fn start(db: TestDb) -> (TestApp, TestConsole, OperatorBrowser) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    (app, console, owner)
}

/// The numbers of the users on a page, and where the list goes on.
fn users_on(text: &str) -> (Vec<String>, Option<String>) {
    let links = text.split("href=\"/users/").skip(1);
    let numbers = links.map(|rest| rest.chars().take(8).collect());
    let older = text
        .split_once("rel=\"next\" href=\"")
        .map(|(_, rest)| rest.split('"').next().unwrap().replace("&#38;", "&"));
    (numbers.collect(), older)
}

async fn lists_go_on_and_miss_nobody(db: TestDb) {
    let (app, _console, owner) = start(db).await;
    let now = app.clock.now().millis();
    let rows: Vec<String> = (0..120)
        .map(|n| {
            // Several users share a moment.
            format!(
                "({}, 'app', 'openid{n}', 'list{n:03}', 1, 18, 170, '', '', TRUE, TRUE, FALSE, 0, \
                 {})",
                20_000_000 + n,
                now + i64::from(n / 7)
            )
        })
        .collect();
    app.execute_sql(&format!(
        "INSERT INTO users (id, app_id, openid, nickname, gender, age, height, area, face_url, \
         name_known, gender_known, matchmaker, visits, created_at) VALUES {}",
        rows.join(", ")
    ))
    .await;
    for first in ["/users", "/users?nickname=list"] {
        let seen = walk_users(&owner, first).await;
        for n in 0..120 {
            assert!(seen.contains(&(20_000_000 + n).to_string()), "{first} {n}");
        }
    }
    let found = owner.get("/users?nickname=list01").await;
    assert_eq!(users_on(&found.text).0.len(), 10);
    // Many of one name, which ends with a space.
    app.execute_sql("UPDATE users SET nickname = 'list ' WHERE nickname LIKE 'list%'")
        .await;
    assert_eq!(walk_users(&owner, "/users?nickname=list").await.len(), 120);
}

/// The users of a list and of all pages after it, none of them twice.
async fn walk_users(owner: &OperatorBrowser, first: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut path = Some(first.to_owned());
    while let Some(here) = path {
        let reply = owner.get(&here).await;
        assert_eq!(reply.status, 200, "{here}");
        let (numbers, older) = users_on(&reply.text);
        assert!(numbers.len() <= 50);
        for number in numbers {
            assert!(seen.insert(number.clone()), "{number} is listed twice");
        }
        path = older;
    }
    seen
}

async fn search_jumps_to_what_it_knows(db: TestDb) {
    let (app, _console, owner) = start(db).await;
    let (bob, order) = app.buyer("bob", 1).await;
    bob.update_profile(json!({"nickname": "小明同学"}))
        .await
        .ok();
    let number = order_number(&order);
    let stored = app.services.payments.order(number).await.unwrap();
    let openid = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0";
    app.execute_sql(&format!(
        "UPDATE users SET openid = '{openid}' WHERE id = {}",
        bob.id()
    ))
    .await;
    let user = format!("/users/{}", bob.id());
    let paid = format!("/orders/{number}");
    owner
        .act(&format!("{paid}/refund"), &[("amount", "0.01")])
        .await;
    let refund = app
        .services
        .payments
        .refunds_of(number)
        .await
        .unwrap()
        .remove(0);
    let entry = "/ledger?kind=refund";
    wait_until("the refund has an entry", || async {
        owner.get(entry).await.text.contains("退款 ")
    })
    .await;
    let list = owner.get(entry).await.text;
    let (_, rows) = list.split_once("<tbody>").unwrap();
    let (_, id) = rows.split_once("href=\"/ledger/").unwrap();
    let why = format!("/ledger/{}/why", id.split('"').next().unwrap());
    let why = owner.get(&why).await.text;
    assert!(
        why.contains(number),
        "the entry of a refund leads to its order: {why}"
    );
    for (typed, page) in [
        (bob.id().to_string(), user.clone()),
        (" 小明 ".to_owned(), user.clone()),
        (number.to_owned(), paid.clone()),
        (stored.transaction_id.clone().unwrap(), paid.clone()),
        ("e1".to_owned(), "/ledger/1".to_owned()),
        ("r1".to_owned(), "/rooms/1".to_owned()),
        ("w1".to_owned(), "/withdrawals/1".to_owned()),
        (openid.to_owned(), user.clone()),
        (refund.number.clone(), paid.clone()),
    ] {
        let query = serde_urlencoded::to_string([("q", typed.as_str())]).unwrap();
        let reply = owner.get(&format!("/search?{query}")).await;
        assert_eq!((reply.status, reply.location), (303, page), "{typed}");
    }
    let nothing = owner.get("/search?q=zzzz").await;
    assert_eq!(nothing.status, 200);
    assert!(nothing.text.contains("没有找到"));
}

async fn personal_data_is_masked_and_looking_is_recorded(db: TestDb) {
    let (app, console, owner) = start(db).await;
    let user = app
        .guest("somebody-with-a-long-openid", Gender::Male)
        .await
        .id();
    let openid = app.services.users.profile(user).await.unwrap().openid;
    let page = owner.get(&format!("/users/{user}")).await.text;
    assert!(!page.contains(&openid), "{page}");
    let shown = owner.act(&format!("/users/{user}/reveal"), &[]).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains(&openid));
    let filter = qlive_operators::AuditFilter {
        action: Some("users reveal".to_owned()),
        ..Default::default()
    };
    let records = console.operators.audit_log(filter, None, 9).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].subject, user.to_string());
    assert_eq!(records[0].address, "127.0.0.1");
    assert_eq!(records[0].role, "owner");
}

async fn order_is_shown_with_its_entries_and_refunds(db: TestDb) {
    let (app, _console, owner) = start(db).await;
    let (_, order) = app.buyer("bob", 1).await;
    let number = order_number(&order);
    let path = format!("/orders/{number}/refund");
    let reply = owner.act(&path, &[("amount", "999999")]).await;
    assert_eq!(reply.status, 422, "more than the order");
    let reply = owner.act(&path, &[("amount", "0.01")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    app.execute_sql(&format!(
        "INSERT INTO complaints \
         (wechat_request_id, out_trade_no, openid, complained_at, recorded_at) \
         VALUES ('request-of-bob', '{number}', 'openid', '2026-11-27', 1)"
    ))
    .await;
    let page = owner.get(&format!("/orders/{number}")).await.text;
    assert!(page.contains("request-of-bob"), "{page}");
    let entries = page.matches("href=\"/ledger/").count();
    assert_eq!(entries, 2, "the recharge and the refund: {page}");
    assert!(page.contains("¥0.01"));
}

async fn order_is_shown_beside_the_record_of_its_provider(db: TestDb) {
    let (app, console, owner) = start(db).await;
    let (_, order) = app.buyer("bob", 1).await;
    let path = format!("/orders/{}/record", order_number(&order));
    let page = owner.get(&path).await.text;
    assert!(page.contains("平台与微信的记录一致"), "{page}");
    app.execute_sql("UPDATE orders SET transaction_id = 'made up'")
        .await;
    let page = owner.get(&path).await.text;
    assert!(page.contains("两边的记录不一致"), "{page}");
    let eve = app.guest("eve", Gender::Female).await;
    let waiting = eve.create_order(1).await;
    let path = format!("/orders/{}/record", order_number(&waiting));
    let page = owner.get(&path).await.text;
    assert!(page.contains("平台与微信的记录一致"), "{page}");
    let ada = console.operator("ada", Role::Auditor).await;
    assert_eq!(ada.get(&path).await.status, 403);
}

async fn withdrawal_above_the_limit_needs_two_operators(db: TestDb) {
    let (app, console, _owner) = start(db).await;
    app.set_config("WITHDRAW_RATE", "1").await;
    let alice = app.earner(3_000).await;
    let asked = alice.withdraw(1_500, "big-withdrawal").await;
    let id = asked["id"].as_i64().unwrap();
    let fei = console.operator("fei", Role::Finance).await;
    let path = format!("/withdrawals/{id}/approve");
    assert_eq!(fei.act(&path, &[]).await.status, 303);
    let page = fei.get(&format!("/withdrawals/{id}")).await.text;
    assert!(page.contains("待第二人批准"), "{page}");
    let again = fei.act(&path, &[]).await;
    assert_eq!(again.status, 422, "the same operator");
    let otto = console.operator("otto", Role::Finance).await;
    assert_eq!(otto.act(&path, &[]).await.status, 303);
    let page = fei.get(&format!("/withdrawals/{id}")).await.text;
    assert!(!page.contains("待第二人批准"), "{page}");
    // It waits for its user's debt to be paid, say, and can still be rejected.
    assert!(
        page.contains(&format!("/withdrawals/{id}/reject")),
        "{page}"
    );
    assert!(!page.contains(&path), "{page}");
}

async fn refund_above_the_limit_needs_two_operators(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.payments.second_operator_above_fen = 500;
    })
    .await;
    let console = TestConsole::start(&app, false);
    let fei = console.operator("fei", Role::Finance).await;
    let otto = console.operator("otto", Role::Finance).await;
    let (_, order) = app.buyer("bob", 1).await;
    let order = format!("/orders/{}", order_number(&order));
    let refund = async |by: &OperatorBrowser| {
        let path = format!("{order}/refund");
        by.act(&path, &[("amount", "6.00")]).await.status
    };
    assert_eq!(refund(&fei).await, 303);
    let page = otto.get(&order).await.text;
    assert!(page.contains("等待另一位操作员"), "{page}");
    let list = otto.get("/orders").await.text;
    assert!(list.contains("等待第二位操作员确认的退款"), "{list}");
    assert_eq!(refund(&fei).await, 422, "the same operator");
    assert_eq!(refund(&otto).await, 303);
    let page = otto.get(&order).await.text;
    assert!(!page.contains("等待另一位操作员"), "{page}");
    let refunds = app.services.payments.refunds_of(&order[8..]).await;
    assert_eq!(refunds.unwrap().len(), 1);
}

async fn filters_of_orders_find_what_they_name(db: TestDb) {
    let (app, _console, owner) = start(db).await;
    let (bob, paid) = app.buyer("bob", 1).await;
    let eve = app.guest("eve", Gender::Female).await;
    let waiting = eve.create_order(1).await;
    let (paid, waiting) = (order_number(&paid), order_number(&waiting));
    for (query, has_paid, has_waiting) in [
        ("", true, true),
        ("?state=paid", true, false),
        ("?state=created", false, true),
        ("?provider=wechat_pay", true, true),
        ("?provider=virtual", false, false),
        (&format!("?user={}", bob.id()), true, false),
        ("?from=2020-01-01&until=2020-01-31", false, false),
        ("?from=2020-01-01", true, true),
        ("?from=nonsense&user=nobody", true, true),
    ] {
        let page = owner.get(&format!("/orders{query}")).await.text;
        assert_eq!(page.contains(paid), has_paid, "{query}");
        assert_eq!(page.contains(waiting), has_waiting, "{query}");
    }
    let page = owner.get("/orders?state=closed").await.text;
    assert!(page.contains("没有符合筛选条件的内容"));
}

async fn notice_says_what_was_done(db: TestDb) {
    let (app, console, owner) = start(db).await;
    let user = app.guest("bob", Gender::Male).await.id();
    let reply = owner
        .act(&format!("/users/{user}/ban"), &[("length", "0")])
        .await;
    let session = owner.session().await;
    let record = console
        .operators
        .last_record(&session)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(reply.location, format!("/users/{user}?done={record}"));
    let page = owner.get(&reply.location).await.text;
    assert!(page.contains(&format!("审计记录 {record}")), "{page}");
    let undo = format!("<a class=\"button small\" href=\"/users/{user}/unban\"");
    assert!(page.contains(&undo), "{page}");
    let otto = console.operator("otto", Role::Operator).await;
    let page = otto.get(&reply.location).await.text;
    assert!(!page.contains("审计记录"), "what somebody else did: {page}");
    let ban = format!("/users/{user}/ban");
    let banned_again = otto.act(&ban, &[("length", "86400")]).await;
    assert_eq!(banned_again.status, 303);
    let page = owner.get(&reply.location).await.text;
    assert!(!page.contains(&undo), "somebody banned them since: {page}");
    let form = otto.get(&ban).await.text;
    assert!(form.contains("现在已封禁，到期：永久"), "{form}");
    // To undo a ban that was only changed would lift the earlier one.
    for (action, undo, is_undone) in [
        ("ban", "unban", false),
        ("grant", "revoke", true),
        ("grant", "revoke", false),
        ("revoke", "grant", true),
        ("revoke", "grant", false),
    ] {
        let path = format!("/users/{user}/{action}");
        let reply = otto.act(&path, &[("length", "86400")]).await;
        let page = otto.get(&reply.location).await.text;
        let undo = format!("button small\" href=\"/users/{user}/{undo}\"");
        assert_eq!(page.contains(&undo), is_undone, "{action}: {page}");
    }
    let set = "/configs/INDEX_BANNER/set";
    for value in ["https://a.example/1.png", "https://a.example/2.png"] {
        let reply = otto.act(set, &[("value", value)]).await;
        let page = otto.get(&reply.location).await.text;
        let undo = format!("href=\"{set}?value=https%3A%2F%2Fa.example%2F1.png\"");
        assert_eq!(page.contains(&undo), value.contains('2'), "{page}");
    }
}

/// An amount with two decimals.
fn two_decimals(price: qlive_types::Fen) -> String {
    format!("{}.{:02}", price.get() / 100, price.get() % 100)
}

async fn figures_are_those_of_orders_and_ledger(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    app.set_config("EXCHANGE_RATE", "0.5").await;
    let (bob, order) = app.buyer("bob", 1).await;
    let alice = app.guest("alice", Gender::Female).await;
    let gift = app.add_gift("rose", 7).await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    app.grant(&alice, 11).await;
    let stored = app
        .services
        .payments
        .order(order_number(&order))
        .await
        .unwrap();
    let today = app.clock.now().shanghai()[..10].to_owned();
    let expected = format!(
        "\"{today}\",\"{}\",\"1\",\"1\",\"0.00\",\"{}\",\"11\",\"7\",\"3\",\"4\",\"0.00\"",
        two_decimals(stored.price),
        stored.gold
    );
    wait_until("the entries are sealed", || async {
        let path = format!("/figures/export/day/{today}/{today}");
        let file = owner.act(&path, &[]).await;
        assert_eq!(file.status, 200);
        file.text.contains(&expected)
    })
    .await;
    let by_month = owner.get("/figures?by=month").await.text;
    assert!(by_month.contains(&today[..7]), "{by_month}");
    let by_host = owner.get("/figures?by=host").await.text;
    assert!(by_host.contains("还没有人送礼物"), "in no room: {by_host}");
    let page = owner.get("/figures?days=7").await.text;
    assert!(page.contains(&today), "{page}");
    assert_eq!(
        page.matches("<title>20").count(),
        14,
        "a bar for each day in both charts"
    );
    app.audit().await;
}

async fn day_is_compared_explained_and_signed_off(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let console = TestConsole::start(&app, false);
    let fei = console.operator("fei", Role::Finance).await;
    let (_, order) = app.buyer("bob", 1).await;
    let number = order_number(&order);
    app.execute_sql(&format!(
        "UPDATE orders SET transaction_id = 'another' WHERE out_trade_no = '{number}'"
    ))
    .await;
    let day = app.clock.now().shanghai()[..10].to_owned();
    let path = format!("/reconcile/{day}");
    assert_eq!(fei.get(&path).await.status, 404);
    let ran = fei.act("/reconcile/run", &[("day", &day)]).await;
    assert!(ran.location.starts_with(&path), "{ran:?}");
    let page = fei.get(&path).await.text;
    assert!(page.contains("付了两次") && page.contains(number), "{page}");
    assert!(
        !page.contains(&format!("{path}/sign")),
        "a difference is not explained"
    );
    let sign = async || fei.act(&format!("{path}/sign"), &[]).await.status;
    assert_eq!(sign().await, 422);
    let (_, rest) = page.split_once("/reconcile/differences/").unwrap();
    let id = rest.split('/').next().unwrap();
    let explain = format!("/reconcile/differences/{id}/explain");
    assert_eq!(fei.act(&explain, &[]).await.status, 303);
    assert_eq!(sign().await, 303);
    let signed = fei.get(&path).await.text;
    assert!(
        signed.contains("fei: a test") && !signed.contains("未签认"),
        "{signed}"
    );
    assert_eq!(sign().await, 422, "it is signed off");
    // The same again: explanation and signature stay.
    fei.act("/reconcile/run", &[("day", &day)]).await;
    let same = fei.get(&path).await.text;
    assert!(
        same.contains("fei: a test") && !same.contains("未签认"),
        "{same}"
    );
    // Another explanation: whoever signed accepted the first one.
    assert_eq!(fei.act(&explain, &[]).await.status, 303);
    assert!(fei.get(&path).await.text.contains("未签认"));
    assert_eq!(sign().await, 303);
    // Another difference: the signature is void.
    let (_, other) = app.buyer("carl", 1).await;
    app.execute_sql(&format!(
        "UPDATE orders SET transaction_id = 'a third' WHERE out_trade_no = '{}'",
        order_number(&other)
    ))
    .await;
    fei.act("/reconcile/run", &[("day", &day)]).await;
    let changed = fei.get(&path).await.text;
    assert!(
        changed.contains("fei: a test") && changed.contains("未签认"),
        "{changed}"
    );
    for day in ["yesterday", "2026-13-45", ""] {
        let refused = fei.act("/reconcile/run", &[("day", day)]).await;
        assert_eq!(refused.status, 422, "{day}");
    }
}

async fn ledger_is_audited_in_the_background(db: TestDb) {
    let (app, _console, owner) = start(db).await;
    let (bob, _) = app.buyer("bob", 1).await;
    let page = "/ledger/audit";
    assert!(owner.get(page).await.text.contains("还没有核对过"));
    let run = async |expected: &str| {
        let begun = owner.act("/ledger/audit/run", &[]).await;
        assert!(begun.location.starts_with(page), "{}", begun.text);
        wait_until(expected, || async {
            let text = owner.get(page).await.text;
            text.contains(expected) && !text.contains("正在进行")
        })
        .await;
    };
    run("核对一致：1 条分录").await;
    app.execute_sql(&format!(
        "UPDATE ledger_balances SET bought = bought + 1 WHERE user_id = {}",
        bob.user_id
    ))
    .await;
    run("核对不一致").await;
}
