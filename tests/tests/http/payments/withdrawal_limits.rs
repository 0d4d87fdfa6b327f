//! `qlive_user/withdraw/`: how much income can be withdrawn.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient, blocks, gifts};
use qlive_types::{EntryId, Gender};
use serde_json::{Value, json};

on_both!(
    income_younger_than_seven_days_is_not_withdrawable,
    too_small_too_large_or_malformed_amount_is_refused,
    concurrent_withdrawals_never_exceed_the_income,
    concurrent_withdrawals_never_take_young_income,
    host_share_is_young_income,
    reversed_young_income_does_not_block_old_income,
    fourth_open_withdrawal_is_409,
    concurrent_withdrawals_never_exceed_three_open,
    real_name_is_required_for_what_is_requested_within_a_week,
);

async fn income_younger_than_seven_days_is_not_withdrawable(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let (carl, _) = app.buyer("carl", blocks::THREE_HUNDRED).await;
    carl.give(&alice, gifts::RING, 1, json!({})).await.ok();
    assert_eq!(
        alice.balances().await,
        (0, 1000),
        "the ring costs more than carl has"
    );
    carl.give(&alice, gifts::PERFUME, 3, json!({})).await.ok();
    assert_eq!(alice.balances().await, (0, 1297));
    let refused = async |income: i64, request_id: &str| {
        let answer = alice.try_withdraw(income, request_id).await;
        answer.refused(409, "not_withdrawable");
    };
    refused(1001, "w1").await;
    assert_eq!(alice.withdraw(1000, "w2").await["state"], "review");
    refused(3, "w3").await;
    app.advance(7 * 86_400 - 60);
    refused(297, "w4").await;
    app.advance(61);
    assert_eq!(alice.withdraw(297, "w4").await["state"], "review");
    app.audit().await;
}

async fn too_small_too_large_or_malformed_amount_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let request = |body: Value| alice.post("qlive_user/withdraw/", body);
    let too_small = alice.try_withdraw(2, "a").await;
    assert_eq!(too_small.refused(400, "too_little")["field"], "income");
    let too_large = alice.try_withdraw(1001, "b").await;
    too_large.refused(409, "not_withdrawable");
    for income in [json!(0), json!(-5), json!("x"), json!(1_i64 << 53)] {
        let malformed = request(json!({"income": income, "request_id": "c"})).await;
        assert_eq!(malformed.refused(400, "invalid")["field"], "income");
    }
    let without_id = request(json!({"income": 100})).await;
    without_id.refused(400, "missing");
    let malformed_id = alice.try_withdraw(100, "a b").await;
    malformed_id.refused(400, "invalid");
    app.set_config("WITHDRAW_RATE", "0.0333").await;
    app.advance(2);
    assert_eq!(
        alice.withdraw(100, "d").await["fen"],
        333,
        "100 × 3.33 fen, rounded down"
    );
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 900), 100)
    );
}

/// Requests ten withdrawals of 300 coins at the same time and returns how many succeeded. The
/// others must be refused.
async fn withdraw_ten_times(alice: &TestClient) -> usize {
    let ids: Vec<String> = (0..10).map(|number| format!("w{number}")).collect();
    let answers = join_all(ids.iter().map(|id| alice.try_withdraw(300, id))).await;
    let mut statuses = answers.iter().map(|answer| answer.status);
    assert!(statuses.all(|status| status == 200 || status == 409));
    answers.iter().filter(|answer| answer.status == 200).count()
}

async fn concurrent_withdrawals_never_exceed_the_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    assert_eq!(withdraw_ten_times(&alice).await, 3);
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 100), 900)
    );
    app.audit().await;
}

async fn concurrent_withdrawals_never_take_young_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(300).await;
    let carl = app.guest("carl", Gender::Male).await;
    app.grant(&carl, 700).await;
    let gift = app.add_gift("young income", 700).await;
    carl.give(&alice, gift, 1, json!({})).await.ok();
    assert_eq!(withdraw_ten_times(&alice).await, 1);
    assert_eq!(app.held(&alice).await, 300);
}

async fn host_share_is_young_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    app.set_config("HOST_RATE", "0.5").await;
    app.grant(&bob, 1000).await;
    let gift = app.add_gift("fortune", 1000).await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    assert_eq!(stage.host.balances().await, (0, 500));
    let answer = stage.host.try_withdraw(3, "a").await;
    answer.refused(409, "not_withdrawable");
}

/// Reverses the latest ledger entry, as an operator does.
async fn reverse_last_entry(app: &TestApp) {
    let entry = EntryId::new(app.last_entry_id().await);
    let users = &app.services.users;
    users.reverse_entry(app.operator(), entry).await.unwrap();
}

async fn reversed_young_income_does_not_block_old_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(300).await;
    let carl = app.guest("carl", Gender::Male).await;
    app.grant(&carl, 700).await;
    let mistaken = app.add_gift("mistaken", 700).await;
    carl.give(&alice, mistaken, 1, json!({})).await.ok();
    reverse_last_entry(&app).await;
    assert_eq!(
        (carl.balances().await, alice.balances().await),
        ((700, 0), (0, 300))
    );
    // Income that was spent and came back by a reversal keeps its age.
    let small = app.add_gift("small", 100).await;
    alice.give(&carl, small, 1, json!({})).await.ok();
    reverse_last_entry(&app).await;
    assert_eq!(alice.withdraw(300, "w").await["state"], "review");
}

async fn fourth_open_withdrawal_is_409(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let first = alice.withdraw(10, "w1").await;
    for request_id in ["w2", "w3"] {
        alice.withdraw(10, request_id).await;
    }
    let fourth = alice.try_withdraw(10, "w4").await;
    fourth.refused(409, "too_many_withdrawals");
    assert_eq!(
        alice.withdraw(10, "w1").await["id"],
        first["id"],
        "a repeated request"
    );
    assert_eq!(alice.balances().await, (0, 970));
    app.reject_withdrawal(&first).await.unwrap();
    alice.withdraw(10, "w4").await;
    app.audit().await;
}

async fn concurrent_withdrawals_never_exceed_three_open(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let alice = app.earner(1000).await;
    let clients = [&alice, &alice.on_instance(&second)];
    let ids: Vec<String> = (0..20).map(|number| format!("w{number}")).collect();
    let requests = ids.iter().enumerate();
    let requests = requests.map(|(at, id)| clients[at % 2].try_withdraw(10, id));
    let (accepted, refused): (Vec<_>, Vec<_>) = join_all(requests)
        .await
        .into_iter()
        .partition(|answer| answer.status == 200);
    assert_eq!(accepted.len(), 3);
    for answer in refused {
        answer.refused(409, "too_many_withdrawals");
    }
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 970), 30)
    );
    app.audit().await;
}

async fn real_name_is_required_for_what_is_requested_within_a_week(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(60_000).await;
    let second = app.second_instance().await;
    let other = alice.on_instance(&second);
    // 1,000 yuan each: only one of the two can do without a name.
    let (one, two) = tokio::join!(
        alice.try_withdraw(10_000, "w1"),
        other.try_withdraw(10_000, "w2")
    );
    let (accepted, refused) = if one.status == 200 {
        (one, two)
    } else {
        (two, one)
    };
    let accepted = accepted.ok();
    assert_eq!(refused.refused(400, "missing")["field"], "real_name");
    let body = json!({"income": 10_000, "request_id": "named", "real_name": "李雷"});
    alice.post("qlive_user/withdraw/", body).await.ok();
    let third = alice.try_withdraw(3, "w3").await;
    assert_eq!(third.refused(400, "missing")["field"], "real_name");
    app.reject_withdrawal(&accepted).await.unwrap();
    alice.withdraw(3, "w3").await;
    app.advance(7 * 86_400 + 1);
    alice.withdraw(10_000, "w4").await;
    app.audit().await;
}
