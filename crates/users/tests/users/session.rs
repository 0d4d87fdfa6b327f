//! WeChat sessions and access tokens.

use std::time::Duration;

use diesel::prelude::*;
use qlive_app::SANDBOX_APP;
use qlive_store::schema::wechat_access_tokens;
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_tencent::wechat::WechatError;
use qlive_testing::TestServices;
use qlive_types::Gender;
use qlive_users::{Profile, UsersError, WechatCallError};
use secrecy::ExposeSecret as _;

use serde_json::json;

use crate::support::{fault, login, read, refuse_once, text};

on_both!(
    fresh_code_and_stored_session_give_the_same_key,
    code_of_another_user_is_refused,
    key_that_wechat_no_longer_accepts_is_expired,
    access_token_is_fetched_once_and_stored,
    refused_access_token_is_replaced_once,
    lease_that_is_not_released_ends,
    token_from_the_future_is_fetched_anew,
    call_that_is_given_up_leaves_its_token_to_others,
    call_without_a_token_differs_from_a_failed_call,
);

async fn alice(test: &TestServices) -> Profile {
    let user = test.user("alice", Gender::Female).await;
    test.services.users.profile(user).await.unwrap()
}

async fn fresh_code_and_stored_session_give_the_same_key(db: TestDb) {
    let test = TestServices::start(db).await;
    let (alice, users) = (alice(&test).await, &test.services.users);
    let by_code = users
        .obtain_session_key(&alice, Some("alice.1"))
        .await
        .unwrap();
    let used_code = users
        .obtain_session_key(&alice, Some("alice.1"))
        .await
        .unwrap();
    let stored = users.obtain_session_key(&alice, None).await.unwrap();
    assert_eq!(text(&used_code), text(&by_code));
    assert_eq!(text(&stored), text(&by_code));
    let by_next = users
        .obtain_session_key(&alice, Some("alice.2"))
        .await
        .unwrap();
    assert_ne!(text(&by_next), text(&by_code));
}

async fn code_of_another_user_is_refused(db: TestDb) {
    let test = TestServices::start(db).await;
    let alice = alice(&test).await;
    let refused = test
        .services
        .users
        .obtain_session_key(&alice, Some("bob.1"))
        .await;
    assert!(matches!(refused, Err(UsersError::InvalidCode)));
}

async fn key_that_wechat_no_longer_accepts_is_expired(db: TestDb) {
    let test = TestServices::start(db).await;
    let (alice, users) = (alice(&test).await, &test.services.users);
    refuse_once(&test, "/wxa/checksession", 87009).await;
    let refused = users.obtain_session_key(&alice, None).await;
    assert!(matches!(refused, Err(UsersError::SessionExpired)));
    login(&test, "alice.1", None).await.unwrap();
    users.obtain_session_key(&alice, None).await.unwrap();
    let stranger = Profile {
        openid: "never-logged-in".into(),
        ..alice
    };
    let refused = users.obtain_session_key(&stranger, None).await;
    assert!(matches!(refused, Err(UsersError::SessionExpired)));
}

/// The access token that calls get, and the one that is stored.
async fn access_token(test: &TestServices) -> (String, Vec<String>) {
    let users = &test.services.users;
    let call = |token: secrecy::SecretString| async move {
        Ok::<_, WechatError>(token.expose_secret().to_owned())
    };
    let token = users.call_wechat(SANDBOX_APP, call).await.unwrap();
    let stored = read(test, |conn| {
        wechat_access_tokens::table
            .select(wechat_access_tokens::token)
            .load(conn)
    });
    (token, stored.await)
}

async fn access_token_is_fetched_once_and_stored(db: TestDb) {
    let test = TestServices::start(db).await;
    let (token, stored) = access_token(&test).await;
    assert_eq!(stored, std::slice::from_ref(&token));
    // With this error a second fetch would fail.
    refuse_once(&test, "/cgi-bin/stable_token", 40125).await;
    assert_eq!(access_token(&test).await.0, token);
    test.advance(7200);
    let refused = test
        .services
        .users
        .call_wechat(SANDBOX_APP, async |_| Ok(()))
        .await;
    assert!(matches!(
        refused,
        Err(WechatCallError::NoToken(UsersError::WechatFailed(_)))
    ));
}

async fn refused_access_token_is_replaced_once(db: TestDb) {
    let test = TestServices::start(db).await;
    let (first, _) = access_token(&test).await;
    let refuse_first = |token: secrecy::SecretString| {
        let is_first = token.expose_secret() == first;
        async move {
            if is_first {
                Err(refusal(40001))
            } else {
                Ok(token.expose_secret().to_owned())
            }
        }
    };
    let users = &test.services.users;
    let second = users.call_wechat(SANDBOX_APP, refuse_first).await.unwrap();
    let (token, stored) = access_token(&test).await;
    assert_eq!((token, stored), (second.clone(), vec![second]));
    let always = users
        .call_wechat(SANDBOX_APP, async |_| Err::<(), _>(refusal(42001)))
        .await;
    assert!(matches!(
        always,
        Err(WechatCallError::NoToken(UsersError::WechatUnavailable(_)))
    ));
}

/// Makes another instance hold the refresh lease, until so many milliseconds from now.
async fn occupy_lease(test: &TestServices, millis: i64) {
    let until = test.clock.now().millis() + millis;
    let occupied = test.services.db.write(move |conn| {
        diesel::update(wechat_access_tokens::table)
            .set((
                wechat_access_tokens::lease_owner.eq("another instance"),
                wechat_access_tokens::lease_until.eq(until),
                wechat_access_tokens::usable_until.eq(0),
            ))
            .execute(conn)?;
        Ok::<_, StoreError>(())
    });
    occupied.await.unwrap();
}

async fn lease_that_is_not_released_ends(db: TestDb) {
    let test = TestServices::start(db).await;
    let (token, _) = access_token(&test).await;
    // Also one that a clock wrote which was an hour ahead.
    for millis in [-1, 3_600_000] {
        occupy_lease(&test, millis).await;
        assert_eq!(access_token(&test).await.0, token);
    }
    // One that ends soon is waited for.
    occupy_lease(&test, 500).await;
    assert_eq!(access_token(&test).await.0, token);
}

async fn token_from_the_future_is_fetched_anew(db: TestDb) {
    let test = TestServices::start(db).await;
    let (token, _) = access_token(&test).await;
    let until = test.clock.now().millis() + 8_000_000;
    let written = test.services.db.write(move |conn| {
        diesel::update(wechat_access_tokens::table)
            .set((
                wechat_access_tokens::token.eq("of yesterday"),
                wechat_access_tokens::usable_until.eq(until),
            ))
            .execute(conn)?;
        Ok::<_, StoreError>(())
    });
    written.await.unwrap();
    assert_eq!(access_token(&test).await.0, token);
}

async fn call_that_is_given_up_leaves_its_token_to_others(db: TestDb) {
    let test = TestServices::start(db).await;
    fault(&test, json!({"path": "/cgi-bin/", "latency_ms": 400})).await;
    let users = &test.services.users;
    let call = users.call_wechat(SANDBOX_APP, async |_| Ok::<_, WechatError>(()));
    let given_up = tokio::time::timeout(Duration::from_millis(200), call).await;
    assert!(given_up.is_err());
    access_token(&test).await;
    let state = test.sandbox_get("/sandbox/state", &[]).await;
    assert_eq!(state["access_tokens"]["plain"], 1);
}

async fn call_without_a_token_differs_from_a_failed_call(db: TestDb) {
    let test = TestServices::start(db).await;
    let users = &test.services.users;
    let no_token = users.call_wechat("wx0", async |_| Ok(())).await;
    assert!(matches!(
        no_token,
        Err(WechatCallError::NoToken(UsersError::UnknownApp))
    ));
    let failed = users
        .call_wechat(SANDBOX_APP, async |_| Err::<(), _>(refusal(-1)))
        .await;
    assert!(matches!(failed, Err(WechatCallError::Call(_))));
}

fn refusal(code: i64) -> WechatError {
    WechatError::Refused {
        code,
        message: "refused by the test".into(),
    }
}
