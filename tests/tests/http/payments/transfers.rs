//! Approved withdrawals as transfers at WeChat Pay.

use std::time::Duration;

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient, provider_paths, wait_until};
use serde_json::{Value, json};

on_both!(
    expired_transfer_returns_the_income,
    failed_or_cancelled_or_expired_transfer_returns_the_income,
    transfer_whose_answer_is_lost_is_paid_once,
    transfer_of_a_banned_user_is_not_requested_again_for_its_package,
    transfer_unknown_to_wechat_after_acceptance_is_not_requested_again,
    refused_transfer_returns_the_income,
    transfer_is_repeated_when_the_merchant_account_is_empty,
    withdrawal_that_wechat_never_accepted_can_be_rejected,
    withdrawal_that_wechat_accepted_cannot_be_rejected,
    large_transfer_carries_the_encrypted_real_name,
);

/// Fails requests for transfers with this status and error code, `times` times or until the fault
/// is cleared.
async fn fail_transfers(app: &TestApp, status: u16, errcode: &str, times: Option<u32>) {
    let mut fault = json!({
        "path": provider_paths::TRANSFER,
        "exact": true,
        "status": status,
        "errcode": errcode,
    });
    if let Some(times) = times {
        fault["times"] = json!(times);
    }
    app.add_fault(fault).await;
}

/// Loses the next answer to a request for a transfer.
async fn lose_transfer_answer(app: &TestApp) {
    let path = provider_paths::TRANSFER;
    app.add_fault(json!({"path": path, "exact": true, "drop_answer": true, "times": 1}))
        .await;
}

/// How often the server requested a transfer.
async fn requests(app: &TestApp) -> u64 {
    app.sandbox_calls(provider_paths::TRANSFER).await
}

/// Waits until the server requested the first transfer.
async fn wait_for_first_request(app: &TestApp) {
    app.wait_for_sandbox_calls(provider_paths::TRANSFER, 1)
        .await;
}

/// Asserts the income that the user can spend and the income that is held for withdrawals.
async fn assert_income(app: &TestApp, client: &TestClient, income: i64, held: i64) {
    assert_eq!(
        (client.balances().await, app.held(client).await),
        ((0, income), held)
    );
}

async fn expired_transfer_returns_the_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    // WeChat sends no notice about the expiry; a query finds it.
    app.advance(86_500);
    alice.wait_for_withdrawal(&withdrawal, "expired").await;
    assert_income(&app, &alice, 1000, 0).await;
    app.audit().await;
}

async fn failed_or_cancelled_or_expired_transfer_returns_the_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    // Returned income keeps its age, so each round can withdraw it at once.
    for (outcome, state) in [
        ("fail", "failed"),
        ("cancel", "failed"),
        ("expire", "expired"),
    ] {
        let withdrawal = alice.withdraw(400, outcome).await;
        app.approve_withdrawal(&withdrawal).await;
        alice.wait_for_withdrawal(&withdrawal, "confirm").await;
        let number = app.transfer_number(&alice, &withdrawal).await;
        app.finish_transfer(&number, outcome).await;
        alice.wait_for_withdrawal(&withdrawal, state).await;
        assert_income(&app, &alice, 1000, 0).await;
    }
    app.audit().await;
}

async fn transfer_whose_answer_is_lost_is_paid_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(400, "w").await;
    // The first request fails, the answer to the second is lost, and the queries in between fail.
    fail_transfers(&app, 500, "SYSTEM_ERROR", Some(1)).await;
    lose_transfer_answer(&app).await;
    app.add_fault(json!({"path": provider_paths::QUERY_TRANSFER, "status": 503, "times": 2}))
        .await;
    app.approve_withdrawal(&withdrawal).await;
    wait_for_first_request(&app).await;
    let show = async || -> Value {
        let query = json!({"id": withdrawal["id"]});
        alice.get("qlive_user/withdrawals/", query).await.ok()
    };
    app.wait_and_advance("the user must confirm", || async {
        let held = app.held(&alice).await;
        assert_eq!(held, 400, "nothing is returned while the outcome is open");
        show().await["state"] == "confirm"
    })
    .await;
    // The lost answer contained what the client confirms with. The repeated request gets it again.
    app.wait_and_advance("the user can confirm", || async {
        show().await["package_info"].is_string()
    })
    .await;
    assert_eq!(
        requests(&app).await,
        3,
        "requested again under the same number until the answer arrived"
    );
    let (number, _) = app.only_transfer().await;
    let confirmed_without_notice = json!({"do": "confirm", "told": false});
    let path = format!("transfers/{number}");
    let status = app.sandbox_post(&path, confirmed_without_notice).await;
    assert_eq!(status, 204);
    app.advance(700);
    alice.wait_for_withdrawal(&withdrawal, "paid").await;
    assert_income(&app, &alice, 600, 0).await;
    assert_eq!(app.system_balance("paid_out").await, 400);
}

async fn transfer_of_a_banned_user_is_not_requested_again_for_its_package(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(400, "w").await;
    lose_transfer_answer(&app).await;
    app.approve_withdrawal(&withdrawal).await;
    let shown = alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    assert!(!shown["package_info"].is_string(), "{shown}");
    let (number, _) = app.only_transfer().await;
    let query = format!("{}/{number}", provider_paths::QUERY_TRANSFER);
    app.ban(alice.id()).await;
    let queries = app.sandbox_calls(&query).await;
    app.advance(700);
    app.wait_for_sandbox_calls(&query, queries + 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(requests(&app).await, 1);
    assert_eq!(app.held(&alice).await, 400);
    // It is requested again once nothing stops the payout any more.
    app.unban(alice.id()).await;
    app.wait_and_advance("the transfer is requested again", || async {
        requests(&app).await == 2
    })
    .await;
    app.audit().await;
}

async fn transfer_unknown_to_wechat_after_acceptance_is_not_requested_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    let query = provider_paths::QUERY_TRANSFER;
    app.add_fault(json!({"path": query, "status": 404, "errcode": "NOT_FOUND"}))
        .await;
    app.advance(700);
    wait_until("the transfer is queried", || async {
        let state = app.sandbox_state().await;
        let mut paths = state["calls"].as_object().unwrap().keys();
        paths.any(|path| path.starts_with(query))
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        requests(&app).await,
        1,
        "a transfer that WeChat accepted may still be paid"
    );
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    assert_eq!(app.held(&alice).await, 400);
}

async fn refused_transfer_returns_the_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    fail_transfers(&app, 400, "INVALID_REQUEST", Some(1)).await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "failed").await;
    assert_income(&app, &alice, 1000, 0).await;
    app.audit().await;
}

async fn transfer_is_repeated_when_the_merchant_account_is_empty(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    fail_transfers(&app, 403, "NOT_ENOUGH", Some(1)).await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    wait_for_first_request(&app).await;
    alice.wait_for_withdrawal(&withdrawal, "paying").await;
    app.advance(60);
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    app.only_transfer().await;
}

async fn withdrawal_that_wechat_never_accepted_can_be_rejected(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    fail_transfers(&app, 403, "NOT_ENOUGH", None).await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    wait_for_first_request(&app).await;
    let early = app.reject_withdrawal(&withdrawal).await;
    assert!(
        matches!(early, Err(PaymentsError::QueryUnderWay)),
        "a request may still be on its way: {early:?}"
    );
    assert_eq!(app.held(&alice).await, 400);
    app.wait_and_advance("the withdrawal is rejected", || async {
        app.reject_withdrawal(&withdrawal).await.is_ok()
    })
    .await;
    let shown = alice.wait_for_withdrawal(&withdrawal, "rejected").await;
    assert_eq!(shown["state"], "rejected");
    assert_income(&app, &alice, 1000, 0).await;
    let again = app.reject_withdrawal(&withdrawal).await;
    assert!(
        matches!(again, Err(PaymentsError::AlreadyDecided)),
        "{again:?}"
    );
    let before = requests(&app).await;
    app.clear_faults().await;
    app.advance(1_300);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        requests(&app).await,
        before,
        "a rejected withdrawal is not requested again"
    );
    app.audit().await;
}

async fn withdrawal_that_wechat_accepted_cannot_be_rejected(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    // The answer to the request is lost, and the queries that follow fail.
    lose_transfer_answer(&app).await;
    app.add_fault(json!({"path": provider_paths::QUERY_TRANSFER, "status": 503}))
        .await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    wait_for_first_request(&app).await;
    app.wait_and_advance("the rejection fails without an answer", || async {
        let rejection = app.reject_withdrawal(&withdrawal).await;
        matches!(rejection, Err(PaymentsError::ProviderSilent(_)))
    })
    .await;
    app.clear_faults().await;
    app.wait_and_advance("the rejection is refused", || async {
        let refused = app.reject_withdrawal(&withdrawal).await.unwrap_err();
        assert!(
            !matches!(refused, PaymentsError::ProviderSilent(_)),
            "{refused}"
        );
        matches!(refused, PaymentsError::AlreadyDecided)
    })
    .await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    assert_income(&app, &alice, 600, 400).await;
    app.audit().await;
}

async fn large_transfer_carries_the_encrypted_real_name(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.payouts.second_operator_above_fen = 1_000_000;
    })
    .await;
    let alice = app.earner(50_000).await;
    let without_name = alice.try_withdraw(20_000, "a").await;
    let refused = without_name.refused(400, "missing");
    assert_eq!(refused["field"], "real_name");
    let request = |body: Value| alice.post("qlive_user/withdraw/", body);
    let body = json!({"income": 20_000, "request_id": "a", "real_name": "爱丽丝"});
    let withdrawal = request(body).await.ok();
    assert_eq!(withdrawal["fen"], 200_000);
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    let (number, transfer) = app.only_transfer().await;
    assert_eq!(transfer["name"], "爱丽丝", "WeChat could decrypt the name");
    assert!(
        !transfer["asked"].to_string().contains("爱丽丝"),
        "the request does not contain the name in plain text"
    );
    app.finish_transfer(&number, "confirm").await;
    alice.wait_for_withdrawal(&withdrawal, "paid").await;
    let body = json!({"income": 100, "request_id": "b", "real_name": "x".repeat(65)});
    request(body).await.refused(400, "invalid");
}
