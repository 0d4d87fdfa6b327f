//! Callbacks that contradict the final state of an order, a refund or a withdrawal: every state and
//! every event. They are accepted, since WeChat would repeat them for a day, counted, and change
//! nothing.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient, blocks, fen, order_number, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    report_about_an_order_settles_it_or_is_known_or_a_contradiction,
    report_about_a_refund_settles_it_or_is_known_or_a_contradiction,
    report_about_an_ended_withdrawal_is_known_or_a_contradiction,
    report_about_a_virtual_refund_settles_it_or_is_known_or_a_contradiction,
    push_about_a_paid_virtual_order_is_known,
    contradiction_with_another_amount_is_refused,
);

/// The verdicts that a callback of these tests can have.
const VERDICTS: [&str; 5] = ["accepted", "known", "contradiction", "mismatch", "retry"];

async fn verdict_counts(app: &TestApp, kind: &str) -> Vec<u64> {
    let mut counts = Vec::new();
    for verdict in VERDICTS {
        counts.push(app.callback_count(kind, verdict).await);
    }
    counts
}

/// The status that a callback was answered, and how it was counted.
async fn verdict_of(app: &TestApp, kind: &str, send: impl Future<Output = u64>) -> String {
    let before = verdict_counts(app, kind).await;
    let status = send.await;
    let after = verdict_counts(app, kind).await;
    let counted: Vec<&str> = VERDICTS
        .into_iter()
        .zip(before.iter().zip(&after))
        .filter(|(_, (before, after))| before != after)
        .map(|(verdict, _)| verdict)
        .collect();
    format!("{status} {}", counted.join(" "))
}

/// Sends a notice of WeChat Pay.
async fn notice(app: &TestApp, event: &str, kind: &str, resource: Value) -> String {
    let sent = app.send_pay_notice(event, kind, resource, json!({}));
    verdict_of(app, "pay", sent).await
}

/// Sends a message push.
async fn push(app: &TestApp, message: Value) -> String {
    let sent = async {
        let answer = app.sandbox_post_json("pushes", message).await;
        answer["status"].as_u64().unwrap()
    };
    verdict_of(app, "push", sent).await
}

/// The resource of a notice that an order has this state.
fn payment(app: &TestApp, order: &Value, trade_state: &str) -> Value {
    let mut resource = app.payment_resource(order, 600);
    resource["trade_state"] = json!(trade_state);
    resource
}

/// Reported states, and what follows for an order that is created, closed and paid.
const ORDER_EVENTS: [(&str, [&str; 3]); 8] = [
    (
        "SUCCESS",
        ["paid 204 accepted", "paid 204 accepted", "paid 204 known"],
    ),
    (
        "REFUND",
        ["paid 204 accepted", "paid 204 accepted", "paid 204 known"],
    ),
    (
        "CLOSED",
        [
            "closed 204 known",
            "closed 204 known",
            "paid 204 contradiction",
        ],
    ),
    (
        "REVOKED",
        [
            "closed 204 known",
            "closed 204 known",
            "paid 204 contradiction",
        ],
    ),
    (
        "NOTPAY",
        [
            "created 204 known",
            "closed 204 known",
            "paid 204 contradiction",
        ],
    ),
    (
        "USERPAYING",
        [
            "created 204 known",
            "closed 204 known",
            "paid 204 contradiction",
        ],
    ),
    (
        "PAYERROR",
        [
            "created 204 known",
            "closed 204 known",
            "paid 204 contradiction",
        ],
    ),
    (
        "SOMETHING_NEW",
        ["created 204 known", "closed 204 known", "paid 204 known"],
    ),
];

async fn report_about_an_order_settles_it_or_is_known_or_a_contradiction(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for (reported, outcomes) in ORDER_EVENTS {
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let order = bob.create_order(blocks::SIXTY).await;
            if let Some(first) = [None, Some("CLOSED"), Some("SUCCESS")][at] {
                let resource = payment(&app, &order, first);
                notice(&app, "TRANSACTION.SUCCESS", "transaction", resource).await;
            }
            let before = bob.balances().await;
            let resource = payment(&app, &order, reported);
            let verdict = notice(&app, "TRANSACTION.SUCCESS", "transaction", resource).await;
            let state = bob.order_state(&order).await;
            assert_eq!(format!("{state} {verdict}"), outcome, "{reported}, {at}");
            let gained = bob.balances().await.0 - before.0;
            assert_eq!(gained, if verdict.ends_with("accepted") { 60 } else { 0 });
            // Few orders may be open at once.
            let resource = payment(&app, &order, "SUCCESS");
            notice(&app, "TRANSACTION.SUCCESS", "transaction", resource).await;
        }
    }
    app.audit().await;
}

/// The resource of a notice that a refund of 200 fen has this status.
async fn refund(app: &TestApp, order: &Value, number: &str, status: &str) -> Value {
    let payments = &app.services.payments;
    let paid = payments.order(order_number(order)).await.unwrap();
    json!({
        "mchid": "1900000001",
        "out_trade_no": order_number(order),
        "out_refund_no": number,
        "refund_id": format!("5030{number}"),
        "transaction_id": paid.transaction_id,
        "refund_status": status,
        "amount": {"total": 600, "refund": 200},
    })
}

/// Reported statuses, and what follows for a refund that is requested, done, refused, and for one
/// that the platform made.
const REFUND_EVENTS: [(&str, [&str; 4]); 4] = [
    (
        "SUCCESS",
        [
            "done 204 accepted",
            "done 204 known",
            "refused 204 contradiction",
            "done 204 known",
        ],
    ),
    (
        "CLOSED",
        [
            "refused 204 accepted",
            "done 204 contradiction",
            "refused 204 known",
            "done 204 contradiction",
        ],
    ),
    (
        "ABNORMAL",
        [
            "asked 204 known",
            "done 204 contradiction",
            "refused 204 contradiction",
            "done 204 contradiction",
        ],
    ),
    (
        "PROCESSING",
        [
            "asked 204 known",
            "done 204 known",
            "refused 204 known",
            "done 204 known",
        ],
    ),
];

async fn report_about_a_refund_settles_it_or_is_known_or_a_contradiction(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    app.hold_refunds().await;
    for (reported, outcomes) in REFUND_EVENTS {
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let order = bob.create_order(blocks::SIXTY).await;
            app.pay(&order).await;
            let number = match at {
                3 => "of-the-platform".to_owned() + reported,
                _ => app.refund(&order, Some(fen(200))).await.unwrap(),
            };
            if let Some(first) = [None, Some("SUCCESS"), Some("CLOSED"), Some("SUCCESS")][at] {
                let resource = refund(&app, &order, &number, first).await;
                notice(&app, "REFUND.SUCCESS", "refund", resource).await;
            }
            let before = bob.balances().await;
            let event = format!("REFUND.{reported}");
            let resource = refund(&app, &order, &number, reported).await;
            let verdict = notice(&app, &event, "refund", resource).await;
            let state = app.refund_states(&order).await[0].1;
            assert_eq!(format!("{state} {verdict}"), outcome, "{reported}, {at}");
            let returned = bob.balances().await.0 - before.0;
            let is_refused = outcome == "refused 204 accepted";
            assert_eq!(
                returned,
                if is_refused { 20 } else { 0 },
                "{reported}, {at}"
            );
        }
    }
    app.audit().await;
}

/// Sends a notice that a transfer of 100 coins has this state.
async fn transfer(app: &TestApp, number: &str, state: &str, fail_reason: &str) -> String {
    let resource = json!({
        "mch_id": "1900000001",
        "out_bill_no": number,
        "state": state,
        "fail_reason": fail_reason,
        "transfer_amount": 1_000,
    });
    notice(app, "MCHTRANSFER.BILL.FINISHED", "mch_payment", resource).await
}

/// Sends every event about a withdrawal that has ended, and checks that nothing changes.
async fn send_every_transfer_event(
    app: &TestApp,
    alice: &TestClient,
    (withdrawal, number): (&Value, &str),
    (state, success, failure): (&str, &str, &str),
) {
    let before = (alice.balances().await, app.held(alice).await);
    for (reported, reason, verdict) in [
        ("SUCCESS", "", success),
        ("FAIL", "PAYEE_ACCOUNT_ABNORMAL", failure),
        ("FAIL", "OVERDUE_CLOSE", failure),
        ("CANCELLED", "", failure),
        ("WAIT_USER_CONFIRM", "", "204 known"),
        ("PROCESSING", "", "204 known"),
    ] {
        let counted = transfer(app, number, reported, reason).await;
        assert_eq!(counted, verdict, "{state}: {reported} {reason}");
        alice.wait_for_withdrawal(withdrawal, state).await;
        let after = (alice.balances().await, app.held(alice).await);
        assert_eq!(after, before, "{state}: {reported}");
    }
}

async fn report_about_an_ended_withdrawal_is_known_or_a_contradiction(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1_000).await;
    let (known, contradiction) = ("204 known", "204 contradiction");
    for (end, reason, state, success, failure) in [
        ("SUCCESS", "", "paid", known, contradiction),
        (
            "FAIL",
            "PAYEE_ACCOUNT_ABNORMAL",
            "failed",
            contradiction,
            known,
        ),
        ("CANCELLED", "", "failed", contradiction, known),
        ("FAIL", "OVERDUE_CLOSE", "expired", contradiction, known),
    ] {
        let withdrawal = alice.withdraw(100, &format!("{end}{reason}")).await;
        app.approve_withdrawal(&withdrawal).await;
        alice.wait_for_withdrawal(&withdrawal, "confirm").await;
        let number = app.transfer_number(&alice, &withdrawal).await;
        assert_eq!(transfer(&app, &number, end, reason).await, "204 accepted");
        let (of, expected) = ((&withdrawal, number.as_str()), (state, success, failure));
        send_every_transfer_event(&app, &alice, of, expected).await;
    }
    let withdrawal = alice.withdraw(100, "rejected").await;
    let number = app.transfer_number(&alice, &withdrawal).await;
    for state in ["SUCCESS", "FAIL"] {
        let counted = transfer(&app, &number, state, "").await;
        assert_eq!(counted, "400 mismatch", "it was not approved");
    }
    app.reject_withdrawal(&withdrawal).await.unwrap();
    let (of, expected) = (
        (&withdrawal, number.as_str()),
        ("rejected", contradiction, known),
    );
    send_every_transfer_event(&app, &alice, of, expected).await;
    app.audit().await;
}

/// A push that a refund of 200 fen succeeded (`code` 0) or failed.
fn virtual_refund(order: &Value, number: &str, code: i64) -> Value {
    let wx_refund_id = format!("xr-{}", order_number(order));
    json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob", "WxRefundId": wx_refund_id,
        "MchRefundId": number, "MchOrderId": order_number(order), "RefundFee": 200,
        "RetCode": code})
}

async fn report_about_a_virtual_refund_settles_it_or_is_known_or_a_contradiction(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    app.hold_refunds().await;
    let table = [
        (
            0,
            [
                "done 200 accepted",
                "done 200 known",
                "refused 200 contradiction",
                "done 200 known",
            ],
        ),
        (
            1,
            [
                "refused 200 accepted",
                "done 200 contradiction",
                "refused 200 known",
                "done 200 contradiction",
            ],
        ),
    ];
    for (code, outcomes) in table {
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let order = bob.create_order(blocks::SIXTY).await;
            app.pay(&order).await;
            wait_until("the order is paid", || async {
                bob.order_state(&order).await == "paid"
            })
            .await;
            let number = match at {
                3 => String::new(),
                _ => app.refund(&order, Some(fen(200))).await.unwrap(),
            };
            if let Some(first) = [None, Some(0), Some(1), Some(0)][at] {
                push(&app, virtual_refund(&order, &number, first)).await;
            }
            let before = bob.balances().await;
            let verdict = push(&app, virtual_refund(&order, &number, code)).await;
            let state = app.refund_states(&order).await[0].1;
            assert_eq!(format!("{state} {verdict}"), outcome, "{code}, {at}");
            let returned = bob.balances().await.0 - before.0;
            let is_refused = outcome == "refused 200 accepted";
            assert_eq!(returned, if is_refused { 20 } else { 0 }, "{code}, {at}");
        }
    }
    app.audit().await;
}

async fn push_about_a_paid_virtual_order_is_known(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let paid = json!({"Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob", "Env": 1,
        "OutTradeNo": order_number(&order), "WeChatPayInfo": {"TransactionId": "43009"},
        "GoodsInfo": {"ProductId": "gold_60", "Quantity": 1, "OrigPrice": 600,
            "ActualPrice": 600}});
    assert_eq!(push(&app, paid).await, "200 known");
    assert_eq!(bob.balances().await, (60, 0));
    app.audit().await;
}

async fn contradiction_with_another_amount_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.hold_refunds().await;
    let number = app.refund(&order, Some(fen(200))).await.unwrap();
    let done = refund(&app, &order, &number, "SUCCESS").await;
    assert_eq!(
        notice(&app, "REFUND.SUCCESS", "refund", done).await,
        "204 accepted"
    );
    for (pointer, value) in [
        ("/mchid", json!("1900000009")),
        ("/amount/refund", json!(100)),
        ("/amount/total", json!(599)),
        ("/amount/currency", json!("USD")),
    ] {
        let mut closed = refund(&app, &order, &number, "CLOSED").await;
        closed["amount"]["currency"] = json!("CNY");
        *closed.pointer_mut(pointer).unwrap() = value;
        let verdict = notice(&app, "REFUND.CLOSED", "refund", closed).await;
        assert_eq!(verdict, "400 mismatch", "{pointer}");
    }
    assert_eq!(bob.balances().await, (40, 0));
    app.audit().await;
}
