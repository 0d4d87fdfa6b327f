//! What a slow or broken database does to requests: 503 with `Retry-After` for those that need it,
//! and nothing to the others.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Answer, StallingProxy, TestApp, TestClient, gifts, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

on_both!(
    request_that_waits_for_a_lock_is_503_and_others_go_on,
    calls_on_ended_connections_are_200_or_503,
    full_disk_is_503,
    read_only_database_is_503,
    reads_whose_activity_cannot_be_recorded_are_answered,
    twenty_gifts_to_a_locked_balance_leave_connections_to_others,
    database_that_stops_answering_is_503,
);

/// Long enough for a request that waits for no lock, also on a busy machine, and shorter than the
/// time that a request waits for one.
const AT_ONCE: Duration = Duration::from_millis(2_500);

#[track_caller]
fn assert_unavailable(answer: Answer) {
    let headers = answer.headers.clone();
    answer.refused(503, "unavailable");
    let secs: u32 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&secs));
}

/// Asserts success, or 503 in the common form.
#[track_caller]
fn assert_ok_or_unavailable(answer: Answer) {
    if answer.status != 200 {
        assert_unavailable(answer);
    }
}

async fn like(client: &TestClient, liked: &TestClient) -> Answer {
    let body = json!({"user_id": liked.user_id, "like_state": 1});
    client.post("qlive_like/", body).await
}

async fn read(client: &TestClient) -> Answer {
    client.get("qlive_user/get_userinfo/", json!({})).await
}

async fn request_that_waits_for_a_lock_is_503_and_others_go_on(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let bob = app.guest("bob", Gender::Male).await;
    let lock = app.lock("LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    // On SQLite readers do not wait for the writer.
    let waits = match app.is_postgres() {
        true => read(&alice).await,
        false => like(&alice, &bob).await,
    };
    assert_unavailable(waits);
    assert_eq!(ready(&app).await.0, 200);
    drop(lock);
    let _lock = app.lock("LOCK TABLE likes IN ACCESS EXCLUSIVE MODE");
    let waits = tokio::spawn({
        let (alice, bob) = (alice.clone(), bob.clone());
        async move { like(&alice, &bob).await }
    });
    timeout(AT_ONCE, alice.profile()).await.unwrap();
    assert_unavailable(waits.await.unwrap());
}

async fn calls_on_ended_connections_are_200_or_503(db: TestDb) {
    let app = TestApp::start(db).await;
    if !app.is_postgres() {
        return;
    }
    let alice = app.guest("alice", Gender::Female).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut other = app.other_program();
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let (alice, bob) = (alice.clone(), bob.clone());
        calls.spawn(async move {
            for _ in 0..40 {
                assert_ok_or_unavailable(read(&alice).await);
                assert_ok_or_unavailable(like(&alice, &bob).await);
            }
        });
    }
    while !calls.is_empty() {
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let joined = timeout(Duration::from_millis(30), calls.join_next()).await;
        if let Ok(Some(joined)) = joined {
            joined.unwrap();
        }
    }
    alice.profile().await;
    like(&alice, &bob).await.ok();
}

async fn full_disk_is_503(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut failed = 0;
    app.execute_sql(if app.is_postgres() {
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION '设备上没有空间' USING ERRCODE = '53100'; END $$; \
         CREATE TRIGGER full_disk BEFORE INSERT ON users \
         FOR EACH ROW EXECUTE FUNCTION full_disk()"
    } else {
        "PRAGMA max_page_count = 1"
    })
    .await;
    for number in 0..60 {
        let body = json!({"appId": qlive_tests::APP, "code": format!("user{number}")});
        let answer = app.anonymous_client().post("qlive_user/", body).await;
        failed += i32::from(answer.status != 200);
        assert_ok_or_unavailable(answer);
        if failed > 2 {
            break;
        }
    }
    assert!(failed > 0);
    app.execute_sql(if app.is_postgres() {
        "DROP TRIGGER full_disk ON users"
    } else {
        "PRAGMA max_page_count = 1000000"
    })
    .await;
    app.guest("alice", Gender::Female).await;
}

async fn read_only_database_is_503(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let bob = app.guest("bob", Gender::Male).await;
    if app.is_postgres() {
        // A transaction of its own takes the setting back when it ends with an error.
        app.other_program().execute(
            "DO $$ BEGIN EXECUTE \
                 format('ALTER DATABASE %I SET default_transaction_read_only = on', \
                     current_database()); END $$; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    } else {
        app.execute_sql("PRAGMA query_only = ON").await;
    }
    wait_until("writes are refused", || async {
        let answer = like(&alice, &bob).await;
        let status = answer.status;
        assert_ok_or_unavailable(answer);
        status == 503
    })
    .await;
    alice.profile().await;
}

async fn reads_whose_activity_cannot_be_recorded_are_answered(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut users = Vec::new();
    for number in 0..40 {
        let name = format!("user{number}");
        users.push(app.guest(&name, Gender::Male).await);
    }
    // The use of every token is due for recording, and every record waits for the lock.
    app.advance(600);
    let lock = app.lock("LOCK TABLE tokens IN SHARE MODE");
    for _ in 0..3 {
        let mut reads = JoinSet::new();
        for user in &users {
            let user = user.clone();
            reads.spawn(async move { timeout(AT_ONCE, read(&user)).await });
        }
        for answer in reads.join_all().await {
            answer.unwrap().ok();
        }
    }
    drop(lock);
    users[0].profile().await;
}

async fn twenty_gifts_to_a_locked_balance_leave_connections_to_others(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let (bob, carol) = (
        app.guest("bob", Gender::Male).await,
        app.guest("carol", Gender::Female).await,
    );
    app.grant(&bob, 1_000_000).await;
    app.grant(&alice, 1).await;
    let lock = app.lock(&format!(
        "SELECT 1 FROM ledger_balances WHERE user_id = {} FOR UPDATE",
        alice.user_id
    ));
    let mut given = JoinSet::new();
    for _ in 0..20 {
        let (alice, bob) = (alice.clone(), bob.clone());
        given.spawn(async move { bob.give(&alice, gifts::CHOCOLATE, 1, json!({})).await });
    }
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        timeout(AT_ONCE, carol.wallet()).await.unwrap();
        if app.is_postgres() {
            timeout(AT_ONCE, like(&carol, &bob)).await.unwrap().ok();
        }
    }
    // Their share of the connections waits for the lock, the others wait for the share.
    let refused = timeout(Duration::from_secs(15), async {
        let mut refused = 0;
        while let Some(answer) = given.join_next().await {
            assert_unavailable(answer.unwrap());
            refused += 1;
        }
        refused
    });
    assert_eq!(refused.await.unwrap(), 20);
    drop(lock);
    bob.give(&alice, gifts::CHOCOLATE, 1, json!({})).await.ok();
    app.audit().await;
}

async fn database_that_stops_answering_is_503(db: TestDb) {
    let Some((credentials, rest)) = db.url.split_once('@') else {
        // SQLite is part of the process.
        return;
    };
    let (target, name) = rest.split_once('/').unwrap();
    let proxy = StallingProxy::start(target.to_owned());
    let url = format!("{credentials}@127.0.0.1:{}/{name}", proxy.port);
    let app = TestApp::start_with(db, |settings| settings.database.url = url.into()).await;
    let alice = app.guest("alice", Gender::Female).await;
    assert_eq!(ready(&app).await, (200, Value::Null));
    proxy.stall(true);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let answered = timeout(Duration::from_secs(4), ready(&app)).await.unwrap();
    assert_eq!(answered, (503, json!("database")));
    let metrics = timeout(Duration::from_secs(6), app.page("/metrics")).await;
    assert!(metrics.unwrap().contains("qlive_requests_total"));
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let alice = alice.clone();
        calls.spawn(async move { read(&alice).await });
    }
    let all = timeout(Duration::from_secs(30), calls.join_all()).await;
    for answer in all.unwrap() {
        assert_unavailable(answer);
    }
    proxy.stall(false);
    wait_until("ready again", || async { ready(&app).await.0 == 200 }).await;
    wait_until("serves again", || async {
        read(&alice).await.status == 200
    })
    .await;
}

/// Status of `/readyz` and the part that is not ready.
async fn ready(app: &TestApp) -> (u16, Value) {
    let answer = app.http.get(format!("{}/readyz", app.url)).send().await;
    let answer = answer.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["field"].clone())
}
