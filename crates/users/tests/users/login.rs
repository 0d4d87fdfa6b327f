//! Login.

use qlive_app::SANDBOX_APP;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use qlive_types::Gender;
use qlive_users::UsersError;
use serde_json::json;

use crate::support::{fault, login, refuse_once, text};

on_both!(
    unregistered_openid_is_none,
    registered_user_gets_credentials_and_a_login_time,
    valid_token_is_reused_and_a_token_of_another_user_is_not,
    banned_user_gets_no_user_sig,
    used_code_is_refused,
    unknown_app_is_refused,
    error_code_of_wechat_is_the_matching_error,
    busy_wechat_is_called_a_second_time,
    concurrent_logins_all_succeed,
);

async fn unregistered_openid_is_none(db: TestDb) {
    let test = TestServices::start(db).await;
    assert!(login(&test, "nobody", None).await.unwrap().is_none());
}

async fn registered_user_gets_credentials_and_a_login_time(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let profile = test.services.users.profile(user).await.unwrap();
    assert_eq!(profile.last_login_at, None, "registering is no login");
    let credentials = login(&test, "alice", None).await.unwrap().unwrap();
    assert_eq!(credentials.user, user);
    assert!(!text(&credentials.user_sig).is_empty());
    let profile = test.services.users.profile(user).await.unwrap();
    assert!(profile.last_login_at.is_some());
}

async fn valid_token_is_reused_and_a_token_of_another_user_is_not(db: TestDb) {
    let test = TestServices::start(db).await;
    test.user("alice", Gender::Female).await;
    test.user("bob", Gender::Male).await;
    let alice = login(&test, "alice", None).await.unwrap().unwrap().token;
    let again = login(&test, "alice", Some(alice.clone()))
        .await
        .unwrap()
        .unwrap()
        .token;
    assert_eq!(text(&again), text(&alice));
    let bob = login(&test, "bob", Some(alice.clone()))
        .await
        .unwrap()
        .unwrap()
        .token;
    assert_ne!(text(&bob), text(&alice));
    let renewed = login(&test, "alice", Some("0".repeat(40).into()))
        .await
        .unwrap()
        .unwrap()
        .token;
    assert_ne!(text(&renewed), text(&alice));
}

async fn banned_user_gets_no_user_sig(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    test.services
        .rooms
        .ban(test.operator(), user)
        .await
        .unwrap();
    let credentials = login(&test, "alice", None).await.unwrap().unwrap();
    assert_eq!(text(&credentials.user_sig), "");
}

async fn used_code_is_refused(db: TestDb) {
    let test = TestServices::start(db).await;
    test.user("alice", Gender::Female).await;
    assert!(login(&test, "alice.1", None).await.unwrap().is_some());
    let refused = login(&test, "alice.1", None).await;
    assert!(matches!(refused, Err(UsersError::InvalidCode)));
}

async fn unknown_app_is_refused(db: TestDb) {
    let test = TestServices::start(db).await;
    let refused = test
        .services
        .users
        .login("wx0".into(), "alice".into(), None)
        .await;
    assert!(matches!(refused, Err(UsersError::UnknownApp)));
}

async fn error_code_of_wechat_is_the_matching_error(db: TestDb) {
    let test = TestServices::start(db).await;
    for (code, name) in [
        (40029, "InvalidCode"),
        (40226, "BlockedByWechat"),
        (45011, "TooManyLogins"),
        (40125, "WechatFailed"),
    ] {
        refuse_once(&test, "/sns/", code).await;
        let error = login(&test, "alice", None).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(name), "{code}: {error:?}");
    }
}

async fn busy_wechat_is_called_a_second_time(db: TestDb) {
    let test = TestServices::start(db).await;
    test.user("alice", Gender::Female).await;
    refuse_once(&test, "/sns/", -1).await;
    assert!(login(&test, "alice", None).await.unwrap().is_some());
    fault(&test, json!({"path": "/sns/", "errcode": -1, "times": 2})).await;
    let refused = login(&test, "alice", None).await;
    assert!(matches!(refused, Err(UsersError::WechatUnavailable(_))));
    assert!(login(&test, "alice", None).await.unwrap().is_some());
}

async fn concurrent_logins_all_succeed(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let other = test.second_instance().users;
    let on_other = |code: &str| other.login(SANDBOX_APP.into(), code.into(), None);
    let (a, b, c, d) = tokio::join!(
        login(&test, "alice.1", None),
        on_other("alice.2"),
        login(&test, "alice.3", None),
        on_other("alice.4"),
    );
    for result in [a, b, c, d] {
        assert_eq!(result.unwrap().unwrap().user, user);
    }
}
