//! Creating and reading orders.

use std::mem::discriminant;

use diesel::prelude::*;
use qlive_payments::{OrderFilter, OrderState, PaymentsError};
use qlive_store::on_both;
use qlive_store::schema::orders;
use qlive_store::testing::TestDb;
use qlive_types::Page;
use serde_json::json;

use crate::support::{Shop, coins, fen, operator};

on_both!(
    wechat_pay_order_is_recorded_and_announced,
    virtual_order_is_recorded_and_signed,
    order_of_unknown_or_disabled_block_is_refused,
    block_without_product_is_refused_by_virtual_payment,
    refusal_of_the_provider_closes_the_order,
    silence_of_the_provider_shortens_the_order,
    twenty_first_open_order_is_refused,
    order_is_shown_to_its_buyer_only,
    orders_are_filtered_by_user_and_state,
    waiting_for_an_order_ends_with_a_query,
);

async fn wechat_pay_order_is_recorded_and_announced(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let created = shop.order(user).await;
    assert_eq!(created.params["provider"], "wechat_pay");
    assert!(
        created.params["package"]
            .as_str()
            .unwrap()
            .starts_with("prepay_id=")
    );
    let order = shop.payments().order(&created.number).await.unwrap();
    assert_eq!(
        (order.user, order.gold, order.price),
        (user, coins(60), fen(600))
    );
    assert_eq!(order.state, OrderState::Created);
    let announced = &shop.sandbox_state().await["orders"][&created.number];
    assert_eq!(announced["amount"]["total"], 600);
    assert_eq!(shop.bought_and_debt(user).await, (0, 0));
}

async fn virtual_order_is_recorded_and_signed(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let created = shop.order(user).await;
    assert_eq!(created.params["provider"], "virtual");
    assert_eq!(created.params["mode"], "short_series_goods");
    let order = shop.payments().order(&created.number).await.unwrap();
    assert_eq!(order.product_id.as_deref(), Some("gold_60"));
    // The sandbox verifies both signatures.
    shop.pay(&created).await;
}

async fn order_of_unknown_or_disabled_block_is_refused(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let disabled = shop.add_block(1, 1, None).await;
    let payments = shop.payments();
    payments
        .disable_block(operator("test"), disabled)
        .await
        .unwrap();
    for block in [disabled, 99] {
        let refused = payments.create_order(user, block, None).await.err();
        assert!(matches!(refused, Some(PaymentsError::UnknownBlock)));
    }
    assert_eq!(payments.orders_of(user).await.unwrap(), []);
}

async fn block_without_product_is_refused_by_virtual_payment(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let block = shop.add_block(1, 1, None).await;
    let refused = shop.payments().create_order(user, block, None).await;
    assert!(matches!(
        refused.err(),
        Some(PaymentsError::ProviderUnavailable)
    ));
    assert_eq!(shop.payments().orders_of(user).await.unwrap(), []);
}

async fn refusal_of_the_provider_closes_the_order(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let refused = PaymentsError::ProviderRefused(String::new());
    for (code, expected) in [
        ("PARAM_ERROR", refused),
        ("APPID_MCHID_NOT_MATCH", PaymentsError::ProviderUnavailable),
    ] {
        let fault = json!({"path": "/v3/pay/transactions/jsapi", "status": 400, "errcode": code,
            "times": 1});
        shop.fault(fault).await;
        let created = shop.payments().create_order(user, shop.block, None).await;
        let error = created.err().unwrap();
        assert_eq!(discriminant(&error), discriminant(&expected), "{error}");
    }
    let orders = shop.payments().orders_of(user).await.unwrap();
    let states: Vec<&str> = orders
        .iter()
        .map(qlive_payments::Order::state_name)
        .collect();
    assert_eq!(states, ["closed", "closed"]);
}

async fn silence_of_the_provider_shortens_the_order(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    shop.fault(json!({"path": "/v3/pay/transactions/jsapi", "status": 500, "times": 1}))
        .await;
    let created = shop.payments().create_order(user, shop.block, None).await;
    assert!(matches!(
        created.err(),
        Some(PaymentsError::ProviderSilent(_))
    ));
    let order = shop.payments().orders_of(user).await.unwrap().remove(0);
    assert_eq!(order.state, OrderState::Created);
    let lifetime = order.expires_at.since(order.created_at);
    assert!((60..70).contains(&lifetime.as_secs()), "{lifetime:?}");
}

async fn twenty_first_open_order_is_refused(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let (user, other) = (shop.user("bob").await, shop.user("carl").await);
    for _ in 0..20 {
        shop.order(user).await;
    }
    let refused = shop.payments().create_order(user, shop.block, None).await;
    assert!(matches!(refused.err(), Some(PaymentsError::TooManyOrders)));
    shop.order(other).await;
    assert_eq!(shop.payments().waiting_orders().await.unwrap().0, 21);
    shop.test.advance(1_801);
    shop.order(user).await;
}

async fn order_is_shown_to_its_buyer_only(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let (bob, carl) = (shop.user("bob").await, shop.user("carl").await);
    let order = shop.order(bob).await;
    let payments = shop.payments();
    assert!(payments.wait_for_order(bob, &order.number, 0).await.is_ok());
    for (user, number) in [(carl, order.number.as_str()), (bob, "Q1")] {
        let refused = payments.wait_for_order(user, number, 0).await;
        assert!(matches!(refused, Err(PaymentsError::UnknownOrder)));
    }
    assert_eq!(payments.orders_of(carl).await.unwrap(), []);
}

async fn orders_are_filtered_by_user_and_state(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let (bob, carl) = (shop.user("bob").await, shop.user("carl").await);
    let paid = shop.paid_order(bob).await;
    let (open, other) = (shop.order(bob).await, shop.order(carl).await);
    for (user, state, expected) in [
        (None, None, vec![&paid, &open, &other]),
        (Some(bob), None, vec![&paid, &open]),
        (Some(bob), Some(OrderState::Paid), vec![&paid]),
        (None, Some(OrderState::Created), vec![&open, &other]),
        (None, Some(OrderState::Closed), vec![]),
    ] {
        let filter = OrderFilter { user, state };
        let listed = shop.payments().orders(filter, Page::FIRST).await.unwrap();
        let mut listed: Vec<String> = listed.into_iter().map(|one| one.out_trade_no).collect();
        let mut expected: Vec<String> = expected.iter().map(|one| one.number.clone()).collect();
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected, "{filter:?}");
    }
    let stored: i64 = {
        let db = &shop.test.services.db;
        let count = db
            .read(|conn| Ok::<_, qlive_store::StoreError>(orders::table.count().get_result(conn)?));
        count.await.unwrap()
    };
    assert_eq!(stored, 3);
}

async fn waiting_for_an_order_ends_with_a_query(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay_unreported(&order).await;
    let wait = || shop.payments().wait_for_order(user, &order.number, 0);
    assert_eq!(
        wait().await.unwrap().state,
        OrderState::Created,
        "its notice is not late yet"
    );
    shop.test.advance(3);
    assert_eq!(wait().await.unwrap().state, OrderState::Paid);
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}
