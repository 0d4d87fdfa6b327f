//! Changes of a profile, and the check of nicknames.

use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_testing::TestServices;
use qlive_types::{Gender, WebAddressRules};
use qlive_users::{
    NameCheck, UncheckedNames, UnvalidatedProfileChange, UsersError, apply_profile_change,
};

use crate::support::{fault, registration, unknown_user};

on_both!(
    change_writes_its_fields_and_keeps_the_others,
    risky_nickname_is_rejected_when_checks_are_enabled,
    nickname_that_cannot_be_checked_may_pass,
    nickname_is_not_checked_when_checks_are_disabled,
    unknown_user_has_no_profile,
);

async fn change_writes_its_fields_and_keeps_the_others(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test
        .services
        .users
        .register(registration("bob"))
        .await
        .unwrap()
        .user;
    let before = test.services.users.profile(user).await.unwrap();
    let apply = async |input: UnvalidatedProfileChange| {
        let change = input.validate(&WebAddressRules::default()).unwrap();
        let written = test
            .services
            .db
            .write(move |conn| apply_profile_change(conn, user, &change, None));
        written.await.unwrap();
        test.services.users.profile(user).await.unwrap()
    };
    assert_eq!(apply(UnvalidatedProfileChange::default()).await, before);
    let named = apply(UnvalidatedProfileChange {
        nickname: Some("Bob".into()),
        age: Some(30),
        ..UnvalidatedProfileChange::default()
    })
    .await;
    assert_eq!((named.nickname.as_str(), named.age), ("Bob", 30));
    assert_eq!(
        (named.height, named.area.as_str()),
        (before.height, before.area.as_str())
    );
    assert!(!named.ready, "the gender is still the default");
    let complete = apply(UnvalidatedProfileChange {
        gender: Some(2),
        height: Some(170),
        area: Some("110000".into()),
        face_url: Some("https://example.com/b.png".into()),
        ..UnvalidatedProfileChange::default()
    })
    .await;
    assert_eq!((complete.gender, complete.height), (Gender::Female, 170));
    assert_eq!(complete.face_url, "https://example.com/b.png");
    assert!(complete.ready);
}

async fn risky_nickname_is_rejected_when_checks_are_enabled(db: TestDb) {
    let test = TestServices::start_with(db, |settings| settings.wechat.content_check = true).await;
    let users = &test.services.users;
    let user = test.user("alice", Gender::Female).await;
    let profile = users.profile(user).await.unwrap();
    users.check_nickname(&profile, "harmless").await.unwrap();
    let rejected = users.check_nickname(&profile, "违禁").await;
    assert!(matches!(rejected, Err(UsersError::ContentRejected)));
    fault(
        &test,
        serde_json::json!({"path": "/wxa/msg_sec_check", "status": 500, "times": 1}),
    )
    .await;
    let remembered = users.check_nickname(&profile, "harmless").await;
    assert_eq!(
        remembered.unwrap(),
        NameCheck::Passed,
        "WeChat is not asked"
    );
    let failed = users.check_nickname(&profile, "harmless too").await;
    assert!(matches!(failed, Err(UsersError::ContentUnchecked(_))));
}

async fn nickname_that_cannot_be_checked_may_pass(db: TestDb) {
    let test = TestServices::start_with(db, |settings| {
        settings.wechat.content_check = true;
        settings.wechat.unchecked = UncheckedNames::Pass;
    })
    .await;
    let users = &test.services.users;
    let user = test.user("alice", Gender::Female).await;
    let profile = users.profile(user).await.unwrap();
    let check = async |name| users.check_nickname(&profile, name).await;
    assert_eq!(check("harmless").await.unwrap(), NameCheck::Passed);
    let inactive = serde_json::json!({"path": "/wxa/msg_sec_check", "errcode": 61010, "times": 1});
    fault(&test, inactive).await;
    assert_eq!(check("违禁").await.unwrap(), NameCheck::Unchecked);
    let rejected = check("违禁").await;
    assert!(matches!(rejected, Err(UsersError::ContentRejected)));
    let risky = serde_json::json!({"path": "/wxa/msg_sec_check", "errcode": 87014, "times": 1});
    fault(&test, risky).await;
    let rejected = check("harmless too").await;
    assert!(matches!(rejected, Err(UsersError::ContentRejected)));
}

async fn nickname_is_not_checked_when_checks_are_disabled(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let users = &test.services.users;
    let profile = users.profile(user).await.unwrap();
    let check = users.check_nickname(&profile, "违禁").await;
    assert_eq!(check.unwrap(), NameCheck::Passed);
}

async fn unknown_user_has_no_profile(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let unknown = unknown_user(user);
    let refused = test.services.users.profile(unknown).await;
    assert!(matches!(refused, Err(UsersError::UnknownUser)));
    let found = test
        .services
        .db
        .read(move |conn| qlive_users::find_user(conn, unknown));
    assert!(matches!(found.await, Ok::<_, StoreError>(None)));
}
