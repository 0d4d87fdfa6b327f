//! What came from WeChat and Tencent, and when: on the page of the system, of an order and of a
//! withdrawal.

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestConsole, blocks, order_number, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    page_of_the_system_says_when_each_callback_came,
    order_lists_the_notices_about_it,
    audit_of_another_process_is_shown,
    orders_are_found_by_their_amount,
    gift_leads_to_its_charge,
    withdrawal_that_waits_longest_comes_first,
    movements_of_a_wallet_go_on_and_miss_none,
);

async fn page_of_the_system_says_when_each_callback_came(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let before = owner.get("/health").await.text;
    assert!(before.contains("还没有收到回调"), "{before}");
    app.buyer("bob", blocks::SIXTY).await;
    wait_until("the callback is written", || async {
        owner.get("/health").await.text.contains("微信支付通知")
    })
    .await;
    let page = owner.get("/health").await.text;
    assert!(!page.contains("还没有收到回调"), "{page}");
}

async fn order_lists_the_notices_about_it(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let path = format!("/orders/{}", order_number(&order));
    let count = async |text: &str| owner.get(&path).await.text.matches(text).count();
    wait_until("the notice is listed", || async {
        count(">已处理<").await == 1
    })
    .await;
    assert_eq!(count("重复，已处理过").await, 0);
    app.refund_at_platform(&order, 100).await;
    wait_until("the notice of the refund is listed", || async {
        count(">已处理<").await == 2
    })
    .await;
    // An order whose notice was lost says so.
    let other = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&other).await;
    let page = owner
        .get(&format!("/orders/{}", order_number(&other)))
        .await;
    assert!(page.text.contains("还没有收到通知"), "{}", page.text);
    let refunded = async |query: &str| {
        let page = owner.get(&format!("/orders?{query}")).await.text;
        [&order, &other].map(|order| page.contains(order_number(order)))
    };
    assert_eq!(refunded("state=refunded").await, [true, false]);
    assert_eq!(refunded("state=created").await, [false, true]);
    // The states that it went through.
    let page = owner.get(&path).await.text;
    assert!(
        page.contains("<li aria-current=\"step\"><strong>部分退款</strong>"),
        "{page}"
    );
}

async fn audit_of_another_process_is_shown(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    assert!(owner.get("/health").await.text.contains("还没有核对过"));
    app.buyer("bob", blocks::SIXTY).await;
    // As the terminal does it.
    app.services.audit().await.unwrap();
    let page = owner.get("/ledger/audit").await.text;
    assert!(page.contains("核对一致：1 条分录"), "{page}");
    assert!(owner.get("/health").await.text.contains("核对一致"));
}

async fn orders_are_found_by_their_amount(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let bob = app.guest("bob", Gender::Male).await;
    let cheap = bob.create_order(blocks::TEN).await;
    let dear = bob.create_order(blocks::SIXTY).await;
    let found = async |query: &str| {
        let page = owner.get(&format!("/orders?{query}")).await.text;
        [&cheap, &dear].map(|order| page.contains(order_number(order)))
    };
    assert_eq!(found("least=1.00").await, [true, true]);
    assert_eq!(found("least=1.01").await, [false, true]);
    assert_eq!(found("most=5.99").await, [true, false]);
    assert_eq!(found("least=1&most=6").await, [true, true]);
    // What cannot be read is left out, and the page says so.
    assert_eq!(found("least=much").await, [true, true]);
    let page = owner.get("/orders?least=much").await.text;
    assert!(page.contains("有的筛选写法不对"), "{page}");
}

async fn movements_of_a_wallet_go_on_and_miss_none(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let bob = app.guest("bob", Gender::Male).await;
    for coins in 1..=60 {
        let users = &app.services.users;
        let coins = qlive_types::Coins::new(coins).unwrap();
        users
            .grant_gold(app.operator(), bob.id(), coins)
            .await
            .unwrap();
    }
    let first = owner.get(&format!("/users/{}/wallet", bob.id())).await.text;
    let (_, next) = first.split_once("rel=\"next\" href=\"").unwrap();
    let next = next.split('"').next().unwrap().to_owned();
    // A movement that comes meanwhile moves nothing to the next page.
    let coin = qlive_types::Coins::new(61).unwrap();
    app.services
        .users
        .grant_gold(app.operator(), bob.id(), coin)
        .await
        .unwrap();
    let second = owner.get(&next).await.text;
    let on = |page: &str, coins: i64| page.contains(&format!(">+{coins}<"));
    for coins in 1..=60 {
        assert_eq!(
            (on(&first, coins), on(&second, coins)),
            (coins > 10, coins <= 10),
            "{coins}"
        );
    }
    assert!(!second.contains("rel=\"next\""), "{second}");
    // The ledger itself, by kind.
    let list = owner.get("/ledger?kind=grant").await.text;
    let (_, next) = list.split_once("rel=\"next\" href=\"").unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let rest = owner.get(&next).await.text;
    let rows = |page: &str| page.matches("<tr>").count() - 1;
    assert_eq!((rows(&list), rows(&rest)), (50, 11));
    let none = owner.get("/ledger?kind=recharge").await.text;
    assert!(!none.contains("<tr>"), "{none}");
}

async fn gift_leads_to_its_charge(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let (stage, gift) = (app.open_stage().await, app.add_gift("rose", 3).await);
    let bob = app.guest("bob", Gender::Male).await;
    app.grant(&bob, 30).await;
    bob.enter(&stage.live).await.ok();
    bob.give(&stage.host, gift, 2, json!({})).await.ok();
    let page = owner.get(&format!("/users/{}/given", bob.id())).await.text;
    let (_, rest) = page.split_once("href=\"/ledger/").unwrap();
    let charge = format!("/ledger/{}", rest.split('"').next().unwrap());
    assert!(charge.ends_with("/why"), "{charge}");
    assert_eq!(owner.get("/given/1").await.location, charge);
    assert_eq!(owner.get("/search?q=g1").await.location, "/given/1");
    assert_eq!(owner.get("/given/999").await.status, 404);
}

async fn withdrawal_that_waits_longest_comes_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let bob = app.guest("bob", Gender::Male).await;
    let rows: Vec<String> = (1..=60)
        .map(|id| {
            let state = if id % 3 == 0 { 2 } else { 1 };
            let user = bob.id();
            format!("({id}, {user}, 'a', 'o', 9, 90, '', {state}, 'b{id}', FALSE, '', {id}, 0, 0)")
        })
        .collect();
    app.execute_sql(&format!(
        "INSERT INTO withdrawals (id, user_id, app_id, openid, income, fen, real_name, state, \
         out_bill_no, submitted, detail, created_at, queried_at, query_count) VALUES {}",
        rows.join(",")
    ))
    .await;
    let shown = async |path: &str| -> (Vec<i64>, Option<String>) {
        let page = owner.get(path).await.text;
        let links = page.split("<td data-label").filter_map(|cell| {
            cell.split_once("href=\"/withdrawals/")?
                .1
                .split('"')
                .next()?
                .parse()
                .ok()
        });
        let next = page.split_once("rel=\"next\" href=\"");
        let next = next.map(|(_, rest)| rest.split('"').next().unwrap().replace("&#38;", "&"));
        (links.collect(), next)
    };
    let (first, next) = shown("/withdrawals?state=waiting").await;
    assert_eq!(first, (1..=50).collect::<Vec<i64>>());
    let (rest, _) = shown(&next.unwrap()).await;
    assert_eq!(rest, (51..=60).collect::<Vec<i64>>());
}
