//! How many statements each operation sends to the database. A number that grows is a failure; one
//! that falls is to be written down here.

use std::collections::BTreeMap;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Answer, Stage, TestApp, TestClient, gifts};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(operations_send_as_few_statements_as_listed,);

/// The operations, with their numbers of statements, BEGIN and COMMIT included. They are the same
/// on both engines.
const COUNTS: &[(&str, u64)] = &[
    ("accept_micro", 7),
    ("apply_micro", 5),
    ("decline_micro", 8),
    ("get_blocks", 0),
    ("get_configs", 0),
    ("get_gifts", 0),
    ("get_like", 1),
    ("get_livelist", 0),
    ("get_order", 3),
    ("get_playurl", 13),
    ("get_user_state", 1),
    ("get_userinfo", 1),
    ("get_users_info", 6),
    ("get_withdrawals", 3),
    ("invite_micro", 8),
    ("leave_micro", 8),
    ("leave_room", 5),
    ("login", 15),
    ("logout", 3),
    ("push_gift", 15),
    ("set_like", 4),
    ("sync", 9),
    ("update_userinfo", 7),
    ("wallet", 4),
];

/// What requests share, which counts for the request that waits for it.
const SHARED: [&str; 5] = ["tokens", "profiles", "likes", "whereabouts", "gifts"];

/// The fewest statements that each operation was seen to send.
#[derive(Default)]
struct Fewest(BTreeMap<&'static str, u64>);

impl Fewest {
    async fn count(
        &mut self,
        app: &TestApp,
        operation: &'static str,
        call: impl Future<Output = Answer>,
    ) {
        let before = sent(app, operation);
        call.await.ok();
        let count = sent(app, operation) - before;
        let fewest = self.0.entry(operation).or_insert(count);
        *fewest = count.min(*fewest);
    }
}

/// How many statements an operation has sent, with what it shares.
fn sent(app: &TestApp, operation: &str) -> u64 {
    let counts = app.services.db.statement_counts();
    let names = SHARED.iter().chain([&operation]);
    names.filter_map(|name| counts.get(name)).sum()
}

async fn operations_send_as_few_statements_as_listed(db: TestDb) {
    let app = TestApp::start(db).await;
    let stage = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    app.grant(&bob, 100_000).await;
    let mut fewest = Fewest::default();
    for round in 0..6 {
        count_reads(&app, &mut fewest, &bob, &stage.host).await;
        count_visit(&app, &mut fewest, &bob, &stage, round).await;
        count_money(&app, &mut fewest, &bob, &stage.host, round).await;
    }
    let expected: BTreeMap<_, _> = COUNTS.iter().copied().collect();
    assert_eq!(fewest.0, expected);
}

async fn count_reads(app: &TestApp, fewest: &mut Fewest, bob: &TestClient, host: &TestClient) {
    for (operation, path) in [
        ("get_livelist", "get_livelist/".to_owned()),
        ("get_gifts", "qlive_gift/".to_owned()),
        ("get_blocks", "qlive_pay/".to_owned()),
        ("get_configs", "get_configs/".to_owned()),
        ("get_user_state", "qlive_user/get_user_state/".to_owned()),
        ("get_userinfo", "qlive_user/get_userinfo/".to_owned()),
        ("get_like", format!("qlive_like/?user_id={}", host.user_id)),
        ("wallet", "qlive_user/wallet/".to_owned()),
        ("get_order", "qlive_pay/order/".to_owned()),
        ("get_withdrawals", "qlive_user/withdrawals/".to_owned()),
    ] {
        let call = bob.get(&path, json!({}));
        fewest.count(app, operation, call).await;
    }
}

async fn count_visit(
    app: &TestApp,
    fewest: &mut Fewest,
    bob: &TestClient,
    stage: &Stage,
    round: u64,
) {
    let (host, live) = (&stage.host, &stage.live);
    fewest.count(app, "get_playurl", bob.enter(live)).await;
    fewest
        .count(
            app,
            "sync",
            bob.get("qlive_room/sync/", json!({"live_id": live})),
        )
        .await;
    let audience = json!({"live_id": live, "gender": 1, "page": 1});
    let audience = bob.get("qlive_user/get_users_info/", audience);
    fewest.count(app, "get_users_info", audience).await;
    fewest.count(app, "apply_micro", bob.apply(live)).await;
    fewest.count(app, "accept_micro", bob.accept(live)).await;
    let leave_mic = bob.leave_mic(live, bob, Gender::Male);
    fewest.count(app, "leave_micro", leave_mic).await;
    fewest
        .count(app, "invite_micro", host.invite(live, bob))
        .await;
    let eve = app
        .applicant(live, &format!("eve{round}"), Gender::Female)
        .await;
    let decline = host.decline(live, &eve);
    fewest.count(app, "decline_micro", decline).await;
    fewest.count(app, "leave_room", bob.leave(live)).await;
}

async fn count_money(
    app: &TestApp,
    fewest: &mut Fewest,
    bob: &TestClient,
    host: &TestClient,
    round: u64,
) {
    let request = json!({"request_id": format!("gift{round}")});
    // Two, so that the host has a share, and balances from the first time on.
    let gift = bob.give(host, gifts::ROSE, 2, request);
    fewest.count(app, "push_gift", gift).await;
    for like_state in [1, 0] {
        let like = json!({"user_id": host.user_id, "like_state": like_state});
        let like = bob.post("qlive_like/", like);
        fewest.count(app, "set_like", like).await;
    }
    fewest.count(app, "login", app.send_login("bob")).await;
    let change = json!({"age": 30 + round});
    let change = bob.update_profile(change);
    fewest.count(app, "update_userinfo", change).await;
    let logout: Value = json!({});
    fewest
        .count(app, "logout", bob.get("qlive_user/logout/", logout))
        .await;
}
