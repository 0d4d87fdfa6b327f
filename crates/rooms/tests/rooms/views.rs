//! What clients read: the stage, the lists, whereabouts, sync; and who calls.

use qlive_rooms::{Activity, Gauges, shared_room};
use qlive_store::testing::TestDb;
use qlive_types::{Gender, LiveId, Page};
use secrecy::SecretString;

use crate::deliveries;
use crate::support::{TestRoom, disconnected, enter_as_host, make_room_ready, outcome};

qlive_store::on_both!(
    the_live_list_is_ordered_by_audience_and_at_most_a_second_old,
    the_audience_lists_applicants_first_for_members_only,
    whereabouts_follow_the_user,
    the_stage_hides_a_disconnected_host,
    sync_returns_the_messages_of_the_live_broadcast_to_members,
    two_users_share_a_room_only_if_both_are_in_it,
    authenticating_records_activity_and_ends_the_grace_period,
);

fn first_page() -> Page {
    Page::new(1).unwrap()
}

async fn the_live_list_is_ordered_by_audience_and_at_most_a_second_old(db: TestDb) {
    let room = TestRoom::live(db).await;
    let second = room.services.matchmaker("second").await;
    let second_live = make_room_ready(&room.services, second).await;
    enter_as_host(room.rooms(), second).await;
    room.guest_on_mic("bob", Gender::Male).await;
    let rooms = room.rooms();

    let page = rooms.live_list(first_page()).await.unwrap();
    let list = &page.rooms;
    let found: Vec<_> = list.iter().map(|row| (row.live, row.audience)).collect();
    assert_eq!(found, [(room.live, 2), (second_live, 1)]);
    assert_eq!(list[0].name, "host");
    assert_eq!(list[0].group.as_str(), room.group_name().await);
    let next = rooms.live_list(Page::new(2).unwrap()).await.unwrap();
    let next = &next.rooms;
    assert!(next.is_empty());

    rooms.end(room.host, room.live, None).await.unwrap();
    room.services.advance(1);
    let page = rooms.live_list(first_page()).await.unwrap();
    let list = &page.rooms;
    assert_eq!(list.len(), 1);
    let expected = Gauges {
        rooms_live: 1,
        people_present: 1,
    };
    assert_eq!(rooms.gauges().await.unwrap(), expected);
}

async fn the_audience_lists_applicants_first_for_members_only(db: TestDb) {
    let room = TestRoom::live(db).await;
    let watching = room.viewer("watching", Gender::Male).await;
    let applied = room.applicant("applied", Gender::Male).await;
    room.guest_on_mic("guest", Gender::Male).await;
    let woman = room.viewer("woman", Gender::Female).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    let rooms = room.rooms();

    let men = rooms.audience(room.host, room.live, Gender::Male, first_page());
    let men = men.await.unwrap();
    let found: Vec<_> = men.iter().map(|row| (row.user, row.applied)).collect();
    assert_eq!(found, [(applied, true), (watching, false)]);
    let women = rooms.audience(watching, room.live, Gender::Female, first_page());
    let women = women.await.unwrap();
    assert_eq!(women.len(), 1, "without the host");
    assert_eq!(
        (women[0].user, women[0].nickname.as_str()),
        (woman, "woman")
    );
    let refused = rooms.audience(outsider, room.live, Gender::Male, first_page());
    assert_eq!(outcome(refused.await), "MembersOnly");
}

async fn whereabouts_follow_the_user(db: TestDb) {
    let room = TestRoom::live(db).await;
    let rooms = room.rooms();
    let user = room.outsider("bob", Gender::Male).await;
    assert_eq!(rooms.whereabouts(user).await.unwrap(), None);
    rooms.enter(user, room.live).await.unwrap();
    rooms.apply(user, room.live, None).await.unwrap();
    for (user, user_type) in [(user, 2), (room.host, 5)] {
        let found = rooms.whereabouts(user).await.unwrap().unwrap();
        assert_eq!((found.live, found.user_type), (room.live, user_type));
        assert_eq!(found.room_name, "host");
        assert_eq!(found.group.as_str(), room.group_name().await);
    }
    rooms.leave(user, room.live, None).await.unwrap();
    assert_eq!(rooms.whereabouts(user).await.unwrap(), None);
}

async fn the_stage_hides_a_disconnected_host(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let man = room.guest_on_mic("man", Gender::Male).await;
    let woman = room.guest_on_mic("woman", Gender::Female).await;
    let callback = disconnected(host, room.now());
    let handled = room.rooms().handle_im_callback(callback, false).await;
    handled.unwrap();

    let stage = room.rooms().sync(man, live, 0).await.unwrap().stage;
    assert!(stage.owner.is_none());
    assert_eq!(stage.host_nickname, "host");
    assert_eq!(stage.male.unwrap().user, man);
    assert_eq!(stage.female.unwrap().user, woman);
    assert_eq!((stage.user_type, stage.num_list), (3, [0, 1, 0, 1]));
    assert!(stage.push_url.is_some());
}

async fn sync_returns_the_messages_of_the_live_broadcast_to_members(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let left = room
        .rooms()
        .leave_micro(guest, live, guest, Gender::Male, None);
    left.await.unwrap();
    room.services.deliver_outbox().await;

    let sync = room.rooms().sync(guest, live, 0).await.unwrap();
    let texts: Vec<_> = sync.events.iter().map(|event| &event.message).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[0]["content"]["content_type"], "on");
    assert_eq!(texts[1]["content"]["content_type"], "off");
    assert_eq!(sync.seq, sync.events[1].seq);
    let later = room.rooms().sync(guest, live, sync.events[0].seq).await;
    assert_eq!(later.unwrap().events.len(), 1);

    let outsider = room.outsider("outsider", Gender::Male).await;
    let rooms = room.rooms();
    let refused = rooms.sync(outsider, live, 0).await;
    assert_eq!(outcome(refused), "MembersOnly");
    let refused = rooms.sync(guest, LiveId::new(9_999), 0).await;
    assert_eq!(outcome(refused), "UnknownRoom");
    rooms.end(host, live, None).await.unwrap();
    assert_eq!(outcome(rooms.sync(host, live, 0).await), "MembersOnly");
    room.start_broadcast().await;
    room.services.deliver_outbox().await;
    let sync = rooms.sync(host, live, 0).await.unwrap();
    assert!(
        sync.events.is_empty(),
        "those of the last broadcast are over"
    );
}

async fn two_users_share_a_room_only_if_both_are_in_it(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    let second = room.services.matchmaker("second").await;
    make_room_ready(&room.services, second).await;
    enter_as_host(room.rooms(), second).await;
    let user = room.viewer("bob", Gender::Male).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    let shared = async |one, other| room.read(move |conn| shared_room(conn, one, other)).await;

    let found = shared(user, host).await.unwrap();
    assert_eq!((found.host, found.about.live), (host, room.live));
    let row = room.member(user).await.unwrap();
    assert_eq!(found.about.broadcast.get(), row.broadcast_id);
    for (one, other) in [(user, outsider), (user, second), (user, user)] {
        assert_eq!(shared(one, other).await, None);
    }
}

async fn authenticating_records_activity_and_ends_the_grace_period(db: TestDb) {
    let room = TestRoom::live(db).await;
    let rooms = room.rooms();
    let user = room.viewer("ann", Gender::Female).await;
    let users = &room.services.services.users;
    let credentials = users
        .login(room.app_id(), "ann".into(), None)
        .await
        .unwrap();
    let token = credentials.unwrap().token;
    let callback = disconnected(user, room.now());
    rooms.handle_im_callback(callback, false).await.unwrap();
    room.new_deliveries().await;

    let authenticate = async |activity| {
        let caller = rooms.authenticate(token.clone(), activity).await.unwrap();
        let caller = caller.unwrap();
        assert_eq!((caller.user, caller.banned), (user, false));
        room.member(user).await.unwrap()
    };
    assert!(
        authenticate(Activity::Ignore)
            .await
            .im_grace_until
            .is_some()
    );
    assert_eq!(authenticate(Activity::Record).await.im_grace_until, None);
    let before = authenticate(Activity::Record).await.last_active_at;
    room.services.advance(30);
    assert_eq!(authenticate(Activity::Record).await.last_active_at, before);
    room.services.advance(31);
    assert!(authenticate(Activity::Record).await.last_active_at > before + 60_000);
    room.assert_deliveries(deliveries![]).await;

    for unknown in ["", "no token", &"a".repeat(40)] {
        let token = SecretString::from(unknown);
        let caller = rooms.authenticate(token, Activity::Record).await.unwrap();
        assert_eq!(caller, None);
    }
    let by = room.services.operator();
    rooms.ban(by, user).await.unwrap();
    let caller = rooms.authenticate(token.clone(), Activity::Record).await;
    assert!(caller.unwrap().unwrap().banned);
}
