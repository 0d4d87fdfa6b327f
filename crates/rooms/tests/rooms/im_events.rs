//! Events of IM: connections and left groups, in time and late.

use qlive_rooms::FilterDecision;
use qlive_store::testing::TestDb;
use qlive_tencent::im::ImCallback;
use qlive_types::{Gender, UserId};

use crate::deliveries;
use crate::support::{TestRoom, disconnected, logged_in};

qlive_store::on_both!(
    a_disconnect_starts_a_grace_period_and_a_login_ends_it,
    a_late_or_repeated_disconnect_changes_nothing,
    a_late_login_does_not_end_a_grace_period,
    leaving_the_group_removes_viewers_and_starts_a_grace_period_on_stage,
    a_late_or_foreign_group_exit_changes_nothing,
    events_of_unknown_accounts_change_nothing,
);

async fn handle(room: &TestRoom, callback: ImCallback) {
    let decision = room.rooms().handle_im_callback(callback, false).await;
    assert_eq!(decision.unwrap(), FilterDecision::Allow);
}

fn exit(group: &str, user: UserId, at: i64) -> ImCallback {
    ImCallback::MemberExit {
        group_id: group.into(),
        accounts: vec![user.to_string(), "administrator".into()],
        at_ms: at,
    }
}

async fn a_disconnect_starts_a_grace_period_and_a_login_ends_it(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    room.new_deliveries().await;
    for (user, grace_secs) in [(guest, 60), (room.host, 180)] {
        let at = room.now();
        handle(&room, disconnected(user, at)).await;
        let grace = room.member(user).await.unwrap().im_grace_until.unwrap() - at;
        let expected = grace_secs * 1000;
        assert!((expected..expected + 10_000).contains(&grace), "{grace}");
        handle(&room, logged_in(user, at + 1)).await;
        assert_eq!(room.member(user).await.unwrap().im_grace_until, None);
    }
    room.assert_deliveries(deliveries![]).await;
}

async fn a_late_or_repeated_disconnect_changes_nothing(db: TestDb) {
    let room = TestRoom::live(db).await;
    let user = room.viewer("ann", Gender::Female).await;
    let entered_at = room.member(user).await.unwrap().entered_at;
    // Before the entry, and without a time.
    for at in [entered_at - 1, 0] {
        handle(&room, disconnected(user, at)).await;
        assert_eq!(room.member(user).await.unwrap().im_grace_until, None);
    }
    let at = room.now();
    handle(&room, disconnected(user, at)).await;
    let first = room.member(user).await.unwrap();
    assert!(first.im_grace_until.is_some());
    handle(&room, logged_in(user, at)).await;
    handle(&room, disconnected(user, at)).await;
    assert_eq!(room.member(user).await.unwrap().im_grace_until, None);
    handle(&room, disconnected(user, at + 1)).await;
    let second = room.member(user).await.unwrap().im_grace_until;
    handle(&room, disconnected(user, at + 2)).await;
    assert_eq!(room.member(user).await.unwrap().im_grace_until, second);
}

async fn a_late_login_does_not_end_a_grace_period(db: TestDb) {
    let room = TestRoom::live(db).await;
    let user = room.viewer("ann", Gender::Female).await;
    let at = room.now();
    handle(&room, disconnected(user, at)).await;
    handle(&room, logged_in(user, at - 1)).await;
    let row = room.member(user).await.unwrap();
    assert!(row.im_grace_until.is_some());
}

async fn leaving_the_group_removes_viewers_and_starts_a_grace_period_on_stage(db: TestDb) {
    let room = TestRoom::live(db).await;
    let group = room.group_name().await;
    let viewer = room.viewer("ann", Gender::Female).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    room.new_deliveries().await;

    handle(&room, exit(&group, viewer, room.now())).await;
    assert_eq!(room.user_type(viewer).await, 0);
    room.assert_deliveries(deliveries!["num"]).await;
    // An event without a time is not late.
    for (user, at) in [(guest, 0), (room.host, room.now())] {
        handle(&room, exit(&group, user, at)).await;
        let row = room.member(user).await.unwrap();
        assert!(row.im_grace_until.is_some());
    }
    room.assert_deliveries(deliveries![]).await;
}

async fn a_late_or_foreign_group_exit_changes_nothing(db: TestDb) {
    let room = TestRoom::live(db).await;
    let group = room.group_name().await;
    let user = room.viewer("ann", Gender::Female).await;
    let before = room.member(user).await.unwrap();
    handle(&room, exit(&group, user, before.entered_at - 1)).await;
    handle(&room, exit("another group", user, room.now())).await;
    assert_eq!(room.member(user).await.unwrap(), before);
}

async fn events_of_unknown_accounts_change_nothing(db: TestDb) {
    let room = TestRoom::live(db).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    let group = room.group_name().await;
    let before = room.live_rows().await;
    room.new_deliveries().await;
    handle(&room, disconnected(outsider, room.now())).await;
    handle(&room, logged_in(outsider, room.now())).await;
    handle(&room, exit(&group, outsider, room.now())).await;
    let callback = ImCallback::StateChange {
        account: "administrator".into(),
        state: qlive_tencent::im::ConnectionState::Disconnected,
        at_ms: room.now(),
    };
    handle(&room, callback).await;
    handle(&room, ImCallback::Unhandled("Other.Command".into())).await;
    assert_eq!(room.live_rows().await, before);
    room.assert_deliveries(deliveries![]).await;
}
