//! Queries: by the poller, by operators; closing; and delivery notices.

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::json;

use crate::support::{Purchase, Shop, operator};

on_both!(
    lost_notice_is_found_by_the_poller,
    unpaid_order_is_closed_at_wechat_pay,
    unpaid_virtual_order_is_closed_and_checked_once_more,
    unclear_answer_changes_nothing,
    payment_of_another_amount_is_not_credited,
    delivery_notice_is_sent_until_wechat_knows,
    operators_query_settles_an_order,
    operators_query_reports_what_is_wrong,
);

fn order_path(order: &Purchase) -> String {
    format!("/v3/pay/transactions/out-trade-no/{}", order.number)
}

async fn lost_notice_is_found_by_the_poller(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let (paid, unpaid) = (shop.order(user).await, shop.order(user).await);
    shop.pay_unreported(&paid).await;
    shop.test.advance(11);
    shop.poll_until("both are queried", async || {
        shop.calls(&order_path(&unpaid)).await == 1 && shop.state(&paid).await == "paid"
    })
    .await;
    assert_eq!(shop.state(&unpaid).await, "created");
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn unpaid_order_is_closed_at_wechat_pay(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.test.advance(1_801);
    shop.poll_until("it is closed", async || {
        shop.state(&order).await == "closed"
    })
    .await;
    assert_eq!(
        shop.calls(&format!("{}/close", order_path(&order))).await,
        1
    );
    assert_eq!(
        shop.sandbox_state().await["orders"][&order.number]["trade_state"],
        "CLOSED"
    );
}

async fn unpaid_virtual_order_is_closed_and_checked_once_more(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.test.advance(1_801);
    shop.poll_until("it is closed", async || {
        shop.state(&order).await == "closed"
    })
    .await;
    shop.pay_unreported(&order).await;
    shop.test.advance(86_401);
    shop.poll_until("it is paid", async || shop.state(&order).await == "paid")
        .await;
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn unclear_answer_changes_nothing(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay_unreported(&order).await;
    for (query, mut fault) in [
        json!({"status": 500, "errcode": "SYSTEM_ERROR"}),
        json!({"status": 429, "errcode": "FREQUENCY_LIMITED"}),
        json!({"status": 404}),
        json!({"drop_answer": true}),
        json!({"tampered": true}),
    ]
    .into_iter()
    .enumerate()
    {
        fault["path"] = json!(order_path(&order));
        fault["times"] = json!(1);
        shop.fault(fault).await;
        shop.test.advance(1_900);
        shop.poll_until("it is queried", async || {
            shop.calls(&order_path(&order)).await == u64::try_from(query).unwrap() + 1
        })
        .await;
        assert_eq!(shop.state(&order).await, "created");
    }
    shop.test.advance(1_900);
    shop.poll_until("it is paid", async || shop.state(&order).await == "paid")
        .await;
}

async fn payment_of_another_amount_is_not_credited(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay_unreported(&order).await;
    change_price(&shop, &order, 601).await;
    shop.test.advance(11);
    shop.poll_until("it is queried", async || {
        shop.calls("/xpay/query_order").await == 1
    })
    .await;
    assert_eq!(shop.state(&order).await, "created");
    let queried = shop
        .payments()
        .query_order(operator("test"), &order.number)
        .await;
    assert!(matches!(queried, Err(PaymentsError::ProviderSilent(_))));
    assert_eq!(shop.bought_and_debt(user).await, (0, 0));
}

async fn change_price(shop: &Shop, order: &Purchase, price: i64) {
    use diesel::prelude::*;
    use qlive_store::schema::orders;

    let number = order.number.clone();
    let db = &shop.test.services.db;
    db.write(move |conn| {
        let order = orders::table.find(&number);
        let set = diesel::update(order).set(orders::fen.eq(price));
        Ok::<_, qlive_store::StoreError>(set.execute(conn)?)
    })
    .await
    .unwrap();
}

async fn delivery_notice_is_sent_until_wechat_knows(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay_unreported(&order).await;
    let path = "/xpay/notify_provide_goods";
    shop.fault(json!({"path": path, "errcode": -1, "times": 1}))
        .await;
    shop.test.advance(11);
    shop.poll_until("the first notice fails", async || {
        shop.calls(path).await == 1
    })
    .await;
    let is_due = async || {
        let stored = shop.payments().order(&order.number).await.unwrap();
        stored.delivery_notice_due
    };
    assert!(is_due().await);
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.test.advance(700);
    shop.poll_until("WeChat is notified", async || !is_due().await)
        .await;
    assert_eq!(shop.calls(path).await, 2);
}

async fn operators_query_settles_an_order(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    let query = || shop.payments().query_order(operator("test"), &order.number);
    assert_eq!(query().await.unwrap().state_name(), "created");
    shop.pay_unreported(&order).await;
    assert_eq!(query().await.unwrap().state_name(), "paid");
    assert_eq!(query().await.unwrap().state_name(), "paid");
    assert_eq!(
        shop.logged_actions().await,
        ["blocks add", "orders query"],
        "only the query that changed something is logged"
    );
}

async fn operators_query_reports_what_is_wrong(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let query = async |number: &str| {
        let queried = shop.payments().query_order(operator("test"), number).await;
        queried.unwrap_err()
    };
    assert!(matches!(query("Q1").await, PaymentsError::UnknownOrder));
    shop.fault(json!({"path": order_path(&order), "status": 500, "times": 1}))
        .await;
    let unclear = query(&order.number).await.to_string();
    assert!(unclear.contains("no clear answer"), "{unclear}");
    // The platform refunds a part, and its notice is lost.
    shop.fault(json!({"path": "/pay_notify/", "notice": "lost", "times": 1}))
        .await;
    let refund = format!("/sandbox/pay/{}/refund", order.number);
    shop.test.sandbox_post(&refund, json!({"fen": 100})).await;
    let refunded = query(&order.number).await.to_string();
    assert!(refunded.contains("import that refund"), "{refunded}");
}
