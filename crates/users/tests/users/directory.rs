//! Listing users, bans and the role of a matchmaker.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use qlive_types::{Gender, Moment, Page};
use qlive_users::{Ban, set_ban, set_matchmaker};

use crate::support::{registration, unknown_user};

on_both!(
    users_are_listed_in_pages_the_newest_first,
    ban_and_role_are_set_and_revoked,
);

fn ban(is_banned: bool, at: Moment) -> Option<Ban> {
    is_banned.then(|| Ban {
        at,
        until: None,
        reason: "a test".to_owned(),
    })
}

async fn users_are_listed_in_pages_the_newest_first(db: TestDb) {
    let test = TestServices::start(db).await;
    let mut ids = Vec::new();
    for number in 0..10 {
        test.advance(1);
        let request = registration(&format!("user{number}"));
        ids.push(test.services.users.register(request).await.unwrap().user);
    }
    ids.reverse();
    let page = async |number| {
        let users = test
            .services
            .users
            .list(Page::new(number).unwrap())
            .await
            .unwrap();
        users.iter().map(|listed| listed.user).collect::<Vec<_>>()
    };
    assert_eq!(page(1).await, ids[..8]);
    assert_eq!(page(2).await, ids[8..]);
    assert!(page(3).await.is_empty());
}

async fn ban_and_role_are_set_and_revoked(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let unknown = unknown_user(user);
    let now = test.clock.now();
    for (is_banned, is_matchmaker) in [(true, true), (false, false)] {
        let found = test.services.db.write(move |conn| {
            assert!(!set_ban(conn, unknown, ban(is_banned, now).as_ref(), now)?);
            assert!(!set_matchmaker(conn, unknown, is_matchmaker)?);
            Ok::<_, qlive_store::StoreError>(
                set_ban(conn, user, ban(is_banned, now).as_ref(), now)?
                    && set_matchmaker(conn, user, is_matchmaker)?,
            )
        });
        assert!(found.await.unwrap());
        let profile = test.services.users.profile(user).await.unwrap();
        assert_eq!(
            (profile.banned_at, profile.matchmaker),
            (is_banned.then_some(now), is_matchmaker)
        );
        let listed = test.services.users.list(Page::FIRST).await.unwrap();
        assert_eq!(
            (listed[0].banned, listed[0].matchmaker),
            (is_banned, is_matchmaker)
        );
    }
}
