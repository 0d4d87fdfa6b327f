//! Registration.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use qlive_types::Gender;
use qlive_users::{Registration, UsersError};

use crate::support::{deliveries, login, refuse_once, registration, sealed, text, user_count};

on_both!(
    user_data_fills_the_profile_and_imports_the_account,
    registration_without_user_data_has_defaults,
    anonymous_user_data_counts_as_unknown,
    data_of_another_user_or_key_is_refused,
    data_encrypted_under_the_previous_key_is_accepted,
    registered_openid_keeps_its_profile_and_imports_nothing,
    code_of_the_last_login_registers_for_five_minutes,
    unknown_app_is_refused,
    concurrent_registrations_make_one_user,
);

async fn user_data_fills_the_profile_and_imports_the_account(db: TestDb) {
    let test = TestServices::start(db).await;
    let request = Registration {
        sealed: Some(sealed(&test, "alice", "一二三四五六七八", 2).await),
        ..registration("alice")
    };
    let credentials = test.services.users.register(request).await.unwrap();
    assert_eq!(text(&credentials.token).len(), 40);
    assert!(!text(&credentials.user_sig).is_empty());
    let profile = test.services.users.profile(credentials.user).await.unwrap();
    assert_eq!(
        (profile.nickname.as_str(), profile.gender),
        ("一二三四五六", Gender::Female)
    );
    assert_eq!(
        (profile.height, profile.age, profile.ready),
        (165, 25, true)
    );
    assert_eq!(profile.face_url, "https://example.com/face.png");
    assert!(profile.created_at <= test.clock.now());
    let deliveries = deliveries(&test).await;
    assert_eq!(deliveries.len(), 1);
    assert!(
        deliveries[0].contains(&credentials.user.to_string()),
        "{deliveries:?}"
    );
}

async fn registration_without_user_data_has_defaults(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test
        .services
        .users
        .register(registration("bob"))
        .await
        .unwrap()
        .user;
    let profile = test.services.users.profile(user).await.unwrap();
    assert_eq!(
        (profile.nickname.as_str(), profile.gender),
        ("微信用户", Gender::Male)
    );
    assert_eq!((profile.height, profile.area.as_str()), (180, "310100"));
    assert!(!profile.ready);
}

async fn anonymous_user_data_counts_as_unknown(db: TestDb) {
    let test = TestServices::start(db).await;
    let request = Registration {
        sealed: Some(sealed(&test, "carol", "微信用户", 0).await),
        ..registration("carol")
    };
    let user = test.services.users.register(request).await.unwrap().user;
    let profile = test.services.users.profile(user).await.unwrap();
    assert_eq!((profile.gender, profile.ready), (Gender::Male, false));
}

async fn data_of_another_user_or_key_is_refused(db: TestDb) {
    let test = TestServices::start(db).await;
    let (encrypted, iv) = sealed(&test, "alice", "a", 2).await;
    let of_bob = sealed(&test, "bob", "b", 1).await;
    for sealed in [
        (encrypted.clone(), "AAAA".to_owned()),
        ("not base64".to_owned(), iv),
        of_bob,
    ] {
        let request = Registration {
            sealed: Some(sealed),
            ..registration("alice")
        };
        let refused = test.services.users.register(request).await;
        assert!(matches!(refused, Err(UsersError::DecryptFailed)));
    }
    assert_eq!(
        (user_count(&test).await, deliveries(&test).await.len()),
        (0, 0)
    );
}

async fn data_encrypted_under_the_previous_key_is_accepted(db: TestDb) {
    let test = TestServices::start(db).await;
    assert!(login(&test, "alice.1", None).await.unwrap().is_none());
    let encrypted_before = sealed(&test, "alice.1", "小红", 2).await;
    let request = Registration {
        sealed: Some(encrypted_before.clone()),
        ..registration("alice.2")
    };
    let user = test.services.users.register(request).await.unwrap().user;
    let profile = test.services.users.profile(user).await.unwrap();
    assert_eq!(profile.nickname, "小红");
    // Only the last key is known beside that of the code.
    login(&test, "alice.3", None).await.unwrap();
    let request = Registration {
        sealed: Some(encrypted_before),
        ..registration("alice.4")
    };
    let refused = test.services.users.register(request).await;
    assert!(matches!(refused, Err(UsersError::DecryptFailed)));
}

async fn registered_openid_keeps_its_profile_and_imports_nothing(db: TestDb) {
    let test = TestServices::start(db).await;
    let first = test.user("alice", Gender::Female).await;
    let request = Registration {
        sealed: Some(sealed(&test, "alice", "another", 1).await),
        ..registration("alice")
    };
    let second = test.services.users.register(request).await.unwrap();
    assert_eq!(second.user, first);
    let profile = test.services.users.profile(first).await.unwrap();
    assert_eq!(
        (profile.nickname.as_str(), profile.gender),
        ("alice", Gender::Female)
    );
    assert_eq!(
        (user_count(&test).await, deliveries(&test).await.len()),
        (1, 1)
    );
}

async fn code_of_the_last_login_registers_for_five_minutes(db: TestDb) {
    let test = TestServices::start(db).await;
    login(&test, "alice.1", None).await.unwrap();
    login(&test, "bob.1", None).await.unwrap();
    test.advance(299);
    test.services
        .users
        .register(registration("alice.1"))
        .await
        .unwrap();
    test.advance(2);
    let refused = test.services.users.register(registration("bob.1")).await;
    assert!(matches!(refused, Err(UsersError::InvalidCode)));
    // WeChat reports a code as used that this server has never exchanged.
    refuse_once(&test, "/sns/", 40163).await;
    let refused = test.services.users.register(registration("carol.1")).await;
    assert!(matches!(refused, Err(UsersError::InvalidCode)));
    assert_eq!(user_count(&test).await, 1);
}

async fn unknown_app_is_refused(db: TestDb) {
    let test = TestServices::start(db).await;
    let request = Registration {
        app_id: "wx0".into(),
        ..registration("alice")
    };
    let refused = test.services.users.register(request).await;
    assert!(matches!(refused, Err(UsersError::UnknownApp)));
}

async fn concurrent_registrations_make_one_user(db: TestDb) {
    let test = TestServices::start(db).await;
    let other = test.second_instance().users;
    let users = &test.services.users;
    let (a, b, c, d) = tokio::join!(
        users.register(registration("alice")),
        other.register(registration("alice")),
        users.register(registration("alice")),
        other.register(registration("alice")),
    );
    let ids = [a, b, c, d].map(|result| result.unwrap().user);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(
        (user_count(&test).await, deliveries(&test).await.len()),
        (1, 1)
    );
}
