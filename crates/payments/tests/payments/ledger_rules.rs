//! The ledger rules of orders, refunds and withdrawals: each violation is found.

use diesel::connection::SimpleConnection as _;
use qlive_payments::{RefundState, find_ledger_violation};
use qlive_store::StoreError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::json;

use crate::support::{Shop, operator};
use crate::withdrawals::earner;

on_both!(each_violation_is_found);

/// A change that only a mistake or an attacker makes, and the violation that it causes.
const VIOLATIONS: [(&str, &str); 11] = [
    (
        "UPDATE orders SET gold = gold + 1",
        "not credited once with its gold",
    ),
    (
        "UPDATE orders SET user_id = (SELECT MAX(user_id) FROM withdrawals)",
        "not credited once with its gold",
    ),
    (
        "INSERT INTO ledger_entries (kind, subject, transfer_count, total, at) \
         VALUES (1, 'Q99', 1, 1, 1)",
        "it credits an order that is not paid",
    ),
    (
        "UPDATE refunds SET from_bought = from_bought + 1 WHERE state = 2",
        "its coins were not taken back once",
    ),
    (
        "UPDATE refunds SET state = 2 WHERE state = 3",
        "its coins were not returned once",
    ),
    (
        "UPDATE refunds SET state = 3 WHERE state = 2",
        "its coins were not returned once",
    ),
    (
        "UPDATE orders SET refunded_fen = refunded_fen + 1",
        "its refunded amount is not the sum of its refunds",
    ),
    (
        "UPDATE withdrawals SET income = income + 1",
        "its income was not held once",
    ),
    (
        "UPDATE withdrawals SET state = 6 WHERE state = 7",
        "the held income is not where its state says",
    ),
    (
        "INSERT INTO ledger_entries (kind, subject, transfer_count, total, at) \
         VALUES (7, '99', 1, 1, 1)",
        "there is no refund or withdrawal of it",
    ),
    (
        "INSERT INTO ledger_entries (kind, subject, transfer_count, total, at) \
         VALUES (4, 'R99', 1, 1, 1)",
        "there is no refund or withdrawal of it",
    ),
];

/// Returns the violation that a change causes, and takes the change back.
async fn violation_after(shop: &Shop, change: &'static str) -> Option<String> {
    let db = &shop.test.services.db;
    let (sender, receiver) = std::sync::mpsc::channel();
    let rolled_back = db
        .write(move |conn| {
            conn.batch_execute(change)?;
            let violation = find_ledger_violation(conn)?;
            drop(sender.send(violation.map(|violation| violation.0)));
            Err::<(), _>(StoreError::Corrupt("the change is taken back"))
        })
        .await;
    assert!(
        matches!(rolled_back, Err(StoreError::Corrupt(_))),
        "{change}: {rolled_back:?}"
    );
    receiver.recv().unwrap()
}

async fn each_violation_is_found(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let buyer = shop.user("bob").await;
    let order = shop.paid_order(buyer).await;
    let fault = json!({"path": "/v3/refund/domestic/refunds", "exact": true, "status": 403,
        "errcode": "USER_ACCOUNT_ABNORMAL", "times": 1});
    shop.fault(fault).await;
    for (calls, amount, state) in [(1, 100, RefundState::Refused), (2, 200, RefundState::Done)] {
        shop.refund(&order, Some(amount)).await;
        shop.poll_until("it is requested", async || {
            shop.calls("/v3/refund/domestic/refunds").await == calls
        })
        .await;
        shop.test.advance(60);
        shop.poll_until("it is settled", async || {
            shop.refund_states(&order).await.contains(&(amount, state))
        })
        .await;
    }
    let rejected = shop.withdraw(user, 100, "w1").await;
    shop.withdraw(user, 100, "w2").await;
    shop.payments()
        .reject_withdrawal(operator("olga"), rejected.id)
        .await
        .unwrap();
    shop.audit().await;
    for (change, expected) in VIOLATIONS {
        let found = violation_after(&shop, change).await.unwrap_or_default();
        assert!(found.contains(expected), "{change}: {found:?}");
    }
    shop.audit().await;
}
