//! Races between clients, on two instances.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Answer, Stage, TestApp, TestClient};
use qlive_types::{Gender, random};
use serde_json::{Value, json};

on_both!(
    one_of_fifty_concurrent_accepts_takes_the_mic,
    counts_and_seats_match_after_two_hundred_users_come_and_go,
    concurrent_enters_leave_a_user_in_one_room
);

async fn one_of_fifty_concurrent_accepts_takes_the_mic(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let Stage { host, live, group } = app.open_stage().await;
    let live = &live;
    let mut men = Vec::new();
    for number in 0..50 {
        let man = app.guest(&format!("man{number}"), Gender::Male).await;
        men.push(if number % 2 == 0 {
            man
        } else {
            man.on_instance(&second)
        });
    }
    join_all(men.iter().map(|man| man.enter(live)))
        .await
        .into_iter()
        .for_each(|answer| drop(answer.ok()));
    join_all(men.iter().map(|man| man.apply(live)))
        .await
        .into_iter()
        .for_each(|answer| drop(answer.ok()));
    let answers: Vec<Value> = join_all(men.iter().map(|man| man.accept(live)))
        .await
        .into_iter()
        .map(|answer| answer.ok())
        .collect();
    let won = answers
        .iter()
        .filter(|answer| answer["code"] == "success")
        .count();
    let lost = answers
        .iter()
        .filter(|answer| **answer == json!({"code": "failed", "error_msg": "抢麦失败"}))
        .count();
    assert_eq!((won, lost), (1, 49));
    let seen = host.enter(live).await.ok();
    assert_eq!(seen["num_list"], json!([49, 50, 0, 0]));
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["on 1"]);
    second.close().await;
}

async fn counts_and_seats_match_after_two_hundred_users_come_and_go(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let mut users = Vec::new();
    for number in 0..200 {
        let gender = if number % 2 == 0 {
            Gender::Male
        } else {
            Gender::Female
        };
        users.push((app.guest(&format!("p{number}"), gender).await, gender));
    }
    let hosting = async {
        for _ in 0..6 {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            assert!(host.end(&live).await.status < 500);
            let opened = host.post("qlive_room/matchmaker_enter/", json!({})).await;
            assert!(opened.status < 500, "{}", opened.body);
        }
    };
    let visiting = users
        .iter()
        .map(|(client, gender)| send_random_requests(client, *gender, &live));
    tokio::join!(hosting, join_all(visiting));
    host.open_room().await;
    let seen = host.enter(&live).await.ok();
    let (counts, seats) = recount(&users).await;
    assert_eq!(
        seen["num_list"],
        json!(counts),
        "the numbers equal a recount"
    );
    assert_eq!(seats[0], usize::from(seen["male"] != json!({})));
    assert_eq!(seats[1], usize::from(seen["female"] != json!({})));
    host.end(&live).await.ok();
    for (client, _) in &users {
        let user_type = client.user_type().await;
        assert_eq!(user_type, 0, "nobody is in an ended room");
    }
    app.wait_for_outbox().await;
    assert_seats_alternate(&app.group_summary(&group).await);
}

/// Counts the users by what the server says of each: `num_list` (male applicants, men, female
/// applicants, women), and the guests on the male and the female mic.
async fn recount(users: &[(TestClient, Gender)]) -> ([i64; 4], [usize; 2]) {
    let mut counts = [0, 0, 0, 0];
    let mut seats = [0, 0];
    for (client, gender) in users {
        let (applied, all) = if *gender == Gender::Male {
            (0, 1)
        } else {
            (2, 3)
        };
        match client.user_type().await {
            0 => {}
            1 => counts[all] += 1,
            2 => {
                counts[applied] += 1;
                counts[all] += 1;
            }
            user_type @ (3 | 4) => {
                assert_eq!(user_type == 3, *gender == Gender::Male);
                counts[all] += 1;
                seats[all / 2] += 1;
            }
            other => panic!("{other}"),
        }
    }
    (counts, seats)
}

/// Sends ten random requests about the room. No answer is a 5xx.
async fn send_random_requests(client: &TestClient, gender: Gender, live: &Value) {
    for _ in 0..10 {
        let choice = random::within(0..=7);
        let Answer { status, body, .. } = match choice {
            0..=2 => client.enter(live).await,
            3 => client.apply(live).await,
            4 => client.accept(live).await,
            5 => client.leave_mic(live, client, gender).await,
            6 => client.refuse(live).await,
            _ => client.leave(live).await,
        };
        assert!(status < 500, "{choice}: {status} {body}");
    }
}

/// Checks the messages of a group: a seat is taken only when free and freed only when taken;
/// `over` frees both.
fn assert_seats_alternate(messages: &[String]) {
    let mut taken = [false, false];
    for message in messages {
        match message.as_str() {
            "on 1" => assert!(!std::mem::replace(&mut taken[0], true), "{messages:?}"),
            "off 1" => assert!(std::mem::replace(&mut taken[0], false), "{messages:?}"),
            "on 2" => assert!(!std::mem::replace(&mut taken[1], true), "{messages:?}"),
            "off 2" => assert!(std::mem::replace(&mut taken[1], false), "{messages:?}"),
            "over" => taken = [false, false],
            other => panic!("{other}"),
        }
    }
}

async fn concurrent_enters_leave_a_user_in_one_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let first = app.matchmaker("one").await.open_room().await["live_id"].clone();
    let second = app.matchmaker("two").await.open_room().await["live_id"].clone();
    let bob = app.guest("bob", Gender::Male).await;
    for _ in 0..10 {
        let answers =
            join_all([&first, &second, &first, &second].map(|live| bob.enter(live))).await;
        for answer in answers {
            assert!(
                answer.status == 200 || answer.body["code"] == "busy",
                "{}",
                answer.body
            );
        }
    }
    let here = bob.get("qlive_user/get_user_state/", json!({})).await.ok();
    assert!(here["live_id"] == first || here["live_id"] == second);
}
