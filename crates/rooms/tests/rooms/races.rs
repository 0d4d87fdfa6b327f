//! Calls at the same time on two instances: the database lets exactly one of them win.

use qlive_rooms::AcceptOutcome;
use qlive_store::testing::TestDb;
use qlive_types::Gender;

use crate::support::{TestRoom, enter_as_host, outcome};

qlive_store::on_both!(
    of_two_users_who_accept_one_wins_the_seat,
    entering_while_the_broadcast_ends_leaves_nobody_inside,
    a_ban_while_the_user_accepts_leaves_the_seat_free,
    a_host_who_enters_twice_starts_one_broadcast,
    a_user_who_enters_two_rooms_is_in_one,
);

/// How often each race is run.
const ROUNDS: usize = 5;

/// How often a seat was announced as taken, minus how often as freed.
fn announced_seats(sent: &[String]) -> usize {
    let count = |prefix| sent.iter().filter(|text| text.starts_with(prefix)).count();
    count("seat taken") - count("seat freed")
}

async fn of_two_users_who_accept_one_wins_the_seat(db: TestDb) {
    let room = TestRoom::live(db).await;
    let live = room.live;
    let first = room.applicant("first", Gender::Male).await;
    let second = room.applicant("second", Gender::Male).await;
    let instance = room.services.second_instance();
    for _ in 0..ROUNDS {
        room.new_deliveries().await;
        let (one, other) = tokio::join!(
            room.rooms().accept(first, live, None),
            instance.rooms.accept(second, live, None),
        );
        let won = [one.unwrap(), other.unwrap()]
            .map(|outcome| matches!(outcome, AcceptOutcome::Won { .. }));
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        let (winner, loser) = if won[0] {
            (first, second)
        } else {
            (second, first)
        };
        assert_eq!(room.user_type(winner).await, 3);
        assert_eq!(room.user_type(loser).await, 2);
        let sent = room.new_deliveries().await;
        assert_eq!(sent, [format!("seat taken {winner}"), "num".into()]);
        let left = room
            .rooms()
            .leave_micro(winner, live, winner, Gender::Male, None);
        left.await.unwrap();
        room.rooms().apply(winner, live, None).await.unwrap();
    }
}

async fn entering_while_the_broadcast_ends_leaves_nobody_inside(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let (host, live) = (room.host, room.live);
    let user = room.outsider("ann", Gender::Female).await;
    let instance = room.services.second_instance();
    for _ in 0..ROUNDS {
        room.start_broadcast().await;
        let (entered, ended) = tokio::join!(
            room.rooms().enter(user, live),
            instance.rooms.end(host, live, None),
        );
        ended.unwrap();
        let entered = outcome(entered);
        assert!(entered == "Ok" || entered == "NotLive", "{entered}");
        assert_eq!(room.live_rows().await, (0, 0));
        assert!(room.rooms().whereabouts(user).await.unwrap().is_none());
    }
}

async fn a_ban_while_the_user_accepts_leaves_the_seat_free(db: TestDb) {
    let room = TestRoom::live(db).await;
    let instance = room.services.second_instance();
    for round in 0..ROUNDS {
        let user = room.applicant(&format!("user{round}"), Gender::Male).await;
        room.new_deliveries().await;
        let by = room.services.operator();
        let (accepted, banned) = tokio::join!(
            room.rooms().accept(user, room.live, None),
            instance.rooms.ban(by, user),
        );
        banned.unwrap();
        let accepted = outcome(accepted);
        assert!(accepted == "Ok" || accepted == "NotInRoom", "{accepted}");
        assert_eq!(room.user_type(user).await, 0);
        let sent = room.new_deliveries().await;
        assert_eq!(announced_seats(&sent), 0, "{sent:?}");
        assert!(sent.contains(&format!("forbid stream {user}")));
    }
}

async fn a_host_who_enters_twice_starts_one_broadcast(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let instance = room.services.second_instance();
    let (one, other) = tokio::join!(
        enter_as_host(room.rooms(), room.host),
        enter_as_host(&instance.rooms, room.host),
    );
    assert_eq!(one, other, "both calls belong to one visit");
    assert_eq!(room.live_rows().await, (1, 1));
    assert!(room.end_reasons().await.is_empty());
}

async fn a_user_who_enters_two_rooms_is_in_one(db: TestDb) {
    let room = TestRoom::live(db).await;
    let second = room.services.matchmaker("second").await;
    let second_live = crate::support::make_room_ready(&room.services, second).await;
    enter_as_host(room.rooms(), second).await;
    let user = room.outsider("ann", Gender::Female).await;
    let instance = room.services.second_instance();
    for _ in 0..ROUNDS {
        let (one, other) = tokio::join!(
            room.rooms().enter(user, room.live),
            instance.rooms.enter(user, second_live),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        let row = room.member(user).await.unwrap();
        let last = if one.visit > other.visit { one } else { other };
        let found = (row.room_id, row.visit);
        assert_eq!(found, (last.live.get(), last.visit.get()));
        assert_eq!(room.live_rows().await, (2, 3));
    }
}
