//! What operators do to users and rooms, and profile changes of users in a room.

use diesel::prelude::*;
use qlive_store::schema::{audit_log, rooms, users};
use qlive_store::testing::TestDb;
use qlive_types::{Gender, LiveId, UserId, WebAddressRules};
use qlive_users::{ProfileChange, UnvalidatedProfileChange};

use crate::deliveries;
use crate::support::{TestRoom, outcome};

qlive_store::on_both!(
    a_ban_takes_the_user_out_and_forbids_their_stream,
    a_ban_of_the_host_ends_the_broadcast,
    unbanning_allows_the_stream_again,
    granting_the_role_creates_one_room_and_its_group,
    revoking_the_role_ends_the_broadcast,
    an_operator_ends_a_live_room_only,
    unknown_users_are_refused_and_leave_no_audit_row,
    a_gender_change_moves_a_viewer_and_is_refused_for_an_applicant,
    a_profile_change_updates_the_account_and_the_host_s_group,
);

fn unknown_user() -> UserId {
    UserId::new(UserId::MIN).unwrap()
}

async fn audit_rows(room: &TestRoom) -> Vec<(String, String)> {
    room.read(|conn| {
        Ok(audit_log::table
            .order(audit_log::id)
            .select((audit_log::action, audit_log::subject))
            .load(conn)?)
    })
    .await
}

async fn a_ban_takes_the_user_out_and_forbids_their_stream(db: TestDb) {
    let room = TestRoom::live(db).await;
    let by = room.services.operator();
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    room.new_deliveries().await;

    room.rooms().ban(by.clone(), guest).await.unwrap();
    assert_eq!(room.user_type(guest).await, 0);
    room.assert_deliveries(deliveries![
        "seat freed {guest}",
        "num",
        "forbid stream {guest}",
        "end login {guest}",
    ])
    .await;
    let row = (String::from("users ban"), guest.to_string());
    assert_eq!(audit_rows(&room).await.pop(), Some(row));

    room.rooms().ban(by, outsider).await.unwrap();
    room.assert_deliveries(deliveries![
        "forbid stream {outsider}",
        "end login {outsider}",
    ])
    .await;
}

async fn a_ban_of_the_host_ends_the_broadcast(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    room.viewer("ann", Gender::Female).await;
    room.new_deliveries().await;
    let by = room.services.operator();
    room.rooms().ban(by, host).await.unwrap();
    assert_eq!(room.live_rows().await, (0, 0));
    assert_eq!(room.end_reasons().await, ["banned"]);
    room.assert_deliveries(deliveries![
        "over banned",
        "drop stream {host}",
        "forbid stream {host}",
        "end login {host}",
    ])
    .await;
}

async fn unbanning_allows_the_stream_again(db: TestDb) {
    let room = TestRoom::live(db).await;
    let by = room.services.operator();
    let user = room.outsider("bob", Gender::Male).await;
    room.rooms().ban(by.clone(), user).await.unwrap();
    room.new_deliveries().await;
    room.rooms().unban(by, user).await.unwrap();
    room.assert_deliveries(deliveries!["resume stream {user}"])
        .await;
    room.rooms().enter(user, room.live).await.unwrap();
}

async fn granting_the_role_creates_one_room_and_its_group(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let user = room.outsider("new", Gender::Female).await;
    room.new_deliveries().await;
    for _ in 0..2 {
        let by = room.services.operator();
        room.rooms().grant_matchmaker(by, user).await.unwrap();
        room.assert_deliveries(deliveries!["create group"]).await;
        let found: (i64, bool) = room
            .read(move |conn| {
                let of_user = rooms::table.filter(rooms::host_id.eq(user.get()));
                let count = of_user.count().get_result(conn)?;
                let ready = of_user.select(rooms::group_ready).first(conn)?;
                Ok((count, ready))
            })
            .await;
        assert_eq!(found, (1, false));
    }
}

async fn revoking_the_role_ends_the_broadcast(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    let by = room.services.operator();
    for _ in 0..2 {
        let revoked = room.rooms().revoke_matchmaker(by.clone(), host).await;
        revoked.unwrap();
    }
    assert_eq!(room.end_reasons().await, ["revoked"]);
    room.assert_deliveries(deliveries!["over revoked", "drop stream {host}"])
        .await;
    let refused = room.rooms().matchmaker_enter(host).await;
    assert_eq!(outcome(refused), "NotMatchmaker");
}

async fn an_operator_ends_a_live_room_only(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    let by = room.services.operator();
    let now = room.services.clock.now();
    let before = now.before(std::time::Duration::from_secs(3_600));
    for (live, seen_at, expected) in [
        (LiveId::new(9_999), None, "UnknownRoom"),
        (room.live, Some(before), "NotLive"),
        (room.live, Some(now), "Ok"),
        (room.live, None, "NotLive"),
    ] {
        let ended = room
            .rooms()
            .end_by_operator(by.clone(), live, seen_at)
            .await;
        assert_eq!(outcome(ended), expected);
    }
    assert_eq!(room.end_reasons().await, ["operator"]);
    room.assert_deliveries(deliveries!["over operator", "drop stream {host}"])
        .await;
    let row = (String::from("rooms end"), room.live.to_string());
    assert_eq!(audit_rows(&room).await.pop(), Some(row));
}

async fn unknown_users_are_refused_and_leave_no_audit_row(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let before = audit_rows(&room).await;
    let (rooms, user) = (room.rooms(), unknown_user());
    let by = || room.services.operator();
    let outcomes = [
        outcome(rooms.ban(by(), user).await),
        outcome(rooms.unban(by(), user).await),
        outcome(rooms.grant_matchmaker(by(), user).await),
        outcome(rooms.revoke_matchmaker(by(), user).await),
    ];
    assert_eq!(outcomes, ["Users(UnknownUser)"; 4]);
    assert_eq!(audit_rows(&room).await, before);
    room.assert_deliveries(deliveries![]).await;
}

fn change(draft: UnvalidatedProfileChange) -> ProfileChange {
    draft.validate(&WebAddressRules::default()).unwrap()
}

fn gender(number: i64) -> ProfileChange {
    change(UnvalidatedProfileChange {
        gender: Some(number),
        ..UnvalidatedProfileChange::default()
    })
}

async fn a_gender_change_moves_a_viewer_and_is_refused_for_an_applicant(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let user = room.viewer("bob", Gender::Male).await;
    let rooms = room.rooms();
    room.new_deliveries().await;

    rooms.update_profile(user, gender(2)).await.unwrap();
    assert_eq!(room.member(user).await.unwrap().gender, 2);
    room.assert_deliveries(deliveries!["num", "update account {user}"])
        .await;

    rooms.invite(host, live, user).await.unwrap();
    let refused = rooms.update_profile(user, gender(1)).await;
    assert_eq!(outcome(refused), "GenderLocked", "while invited");
    rooms.refuse(user, live, None).await.unwrap();
    rooms.apply(user, live, None).await.unwrap();
    let refused = rooms.update_profile(user, gender(1)).await;
    assert_eq!(outcome(refused), "GenderLocked", "while applying");
    room.take_mic(user).await;
    room.new_deliveries().await;
    let refused = rooms.update_profile(user, gender(1)).await;
    assert_eq!(outcome(refused), "GenderLocked", "on the mic");
    let stored: i32 = room
        .read(move |conn| {
            Ok(users::table
                .find(user.get())
                .select(users::gender)
                .get_result(conn)?)
        })
        .await;
    assert_eq!(stored, 2, "a refused change changes nothing");
    rooms.update_profile(user, gender(2)).await.unwrap();
    room.assert_deliveries(deliveries![]).await;
}

async fn a_profile_change_updates_the_account_and_the_host_s_group(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let host = room.host;
    let renamed = change(UnvalidatedProfileChange {
        nickname: Some("Hostess".into()),
        ..UnvalidatedProfileChange::default()
    });
    room.rooms().update_profile(host, renamed).await.unwrap();
    room.assert_deliveries(deliveries!["update account {host}", "update group"])
        .await;
    for unchanged in [
        UnvalidatedProfileChange {
            nickname: Some("Hostess".into()),
            ..UnvalidatedProfileChange::default()
        },
        UnvalidatedProfileChange {
            age: Some(31),
            area: Some("110101".into()),
            height: Some(171),
            ..UnvalidatedProfileChange::default()
        },
    ] {
        let rooms = room.rooms();
        rooms.update_profile(host, change(unchanged)).await.unwrap();
        room.assert_deliveries(deliveries![]).await;
    }
    let profile = room.services.services.users.profile(host).await.unwrap();
    assert_eq!(profile.nickname, "Hostess");
}
