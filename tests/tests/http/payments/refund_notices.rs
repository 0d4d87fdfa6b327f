//! WeChat Pay's notices about refunds.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, fen, order_number, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    platform_refund_takes_its_coins_once,
    platform_refund_before_the_payment_notice_credits_the_order_first,
    mismatched_notice_is_400_and_a_matching_one_is_accepted,
    repeated_success_notice_and_a_later_closed_change_nothing,
);

async fn platform_refund_takes_its_coins_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.add_fault(json!({"path": "/pay_notify/", "notice": "doubled", "times": 1}))
        .await;
    app.refund_at_platform(&order, 1).await;
    assert_eq!(
        (bob.balances().await, app.refund_states(&order).await),
        ((59, 0), vec![(1, "done")]),
        "a tenth of a coin is rounded up to one coin"
    );
    wait_until("the notice arrives again", || async {
        app.callback_count("pay", "known").await == 1
    })
    .await;
    app.refund_at_platform(&order, 599).await;
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    app.audit().await;
}

async fn platform_refund_before_the_payment_notice_credits_the_order_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    app.refund_at_platform(&order, 300).await;
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((30, 0), "paid"),
        "the server queried the order and credited it before the refund"
    );
    app.audit().await;
}

/// An order of 600 fen with a refund of 300 fen that WeChat has not finished.
struct OpenRefund {
    order: Value,
    transaction_id: Option<String>,
    number: String,
}

impl OpenRefund {
    async fn request(app: &TestApp, order: Value) -> Self {
        app.hold_refunds().await;
        let number = app.refund(&order, Some(fen(300))).await.unwrap();
        let payments = &app.services.payments;
        let paid = payments.order(order_number(&order)).await.unwrap();
        Self {
            order,
            transaction_id: paid.transaction_id,
            number,
        }
    }

    /// The notice that the refund succeeded.
    fn success(&self) -> Value {
        json!({
            "mchid": "1900000001",
            "out_trade_no": order_number(&self.order),
            "out_refund_no": self.number,
            "refund_id": "5030",
            "transaction_id": self.transaction_id,
            "refund_status": "SUCCESS",
            "amount": {"total": 600, "refund": 300},
        })
    }
}

/// Sends a notice of success and returns the status that the server answered.
async fn send_success(app: &TestApp, notice: Value) -> u64 {
    app.send_pay_notice("REFUND.SUCCESS", "refund", notice, json!({}))
        .await
}

async fn mismatched_notice_is_400_and_a_matching_one_is_accepted(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let refund = OpenRefund::request(&app, order).await;
    for (pointer, value) in [
        ("/mchid", json!("1900000009")),
        ("/amount/total", json!(601)),
        ("/amount/refund", json!(299)),
    ] {
        let mut mismatched = refund.success();
        *mismatched.pointer_mut(pointer).unwrap() = value;
        assert_eq!(send_success(&app, mismatched).await, 400, "{pointer}");
    }
    let mut platform_refund_of_too_much = refund.success();
    platform_refund_of_too_much["out_refund_no"] = json!("platform-1");
    platform_refund_of_too_much["amount"]["refund"] = json!(301);
    assert_eq!(send_success(&app, platform_refund_of_too_much).await, 400);
    assert_eq!(
        (bob.balances().await, app.refund_states(&refund.order).await),
        ((30, 0), vec![(300, "asked")])
    );
    assert_eq!(send_success(&app, refund.success()).await, 204);
    assert_eq!(
        (bob.balances().await, app.refund_states(&refund.order).await),
        ((30, 0), vec![(300, "done")])
    );
    app.audit().await;
}

async fn repeated_success_notice_and_a_later_closed_change_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let refund = OpenRefund::request(&app, order).await;
    for _ in 0..2 {
        assert_eq!(send_success(&app, refund.success()).await, 204);
    }
    assert_eq!(
        (bob.balances().await, app.refund_states(&refund.order).await),
        ((30, 0), vec![(300, "done")])
    );
    let mut closed = refund.success();
    closed["refund_status"] = json!("CLOSED");
    let status = app
        .send_pay_notice("REFUND.CLOSED", "refund", closed, json!({}))
        .await;
    assert_eq!(status, 204, "WeChat Pay would repeat it for a day");
    assert_eq!(app.callback_count("pay", "contradiction").await, 1);
    assert_eq!(
        (bob.balances().await, app.refund_states(&refund.order).await),
        ((30, 0), vec![(300, "done")])
    );
    app.audit().await;
}
