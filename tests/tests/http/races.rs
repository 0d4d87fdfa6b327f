//! Races, raced.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone};
use qlive_types::{Gender, random};

use serde_json::{Value, json};

on_both!(
    fifty_race_for_one_mic,
    two_hundred_come_and_go_while_the_host_does_too,
    one_user_in_two_rooms_at_once
);

async fn fifty_race_for_one_mic(db: TestDb) {
    let house = House::open(db).await;
    let second = house.second().await;
    let host = house.host().await;
    let room = host.open_room().await;
    let live = &room["live_id"];
    let mut men = Vec::new();
    for number in 0..50 {
        let man = house.guest(&format!("man{number}"), Gender::Male).await;
        men.push(if number % 2 == 0 {
            man
        } else {
            man.at(&second)
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
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1"]
    );
    second.close().await;
}

async fn two_hundred_come_and_go_while_the_host_does_too(db: TestDb) {
    const PEOPLE: usize = 200;
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let live = room["live_id"].clone();
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let gender = if number % 2 == 0 {
            Gender::Male
        } else {
            Gender::Female
        };
        people.push((house.guest(&format!("p{number}"), gender).await, gender));
    }
    let hosting = async {
        for _ in 0..6 {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            assert!(host.end(&live).await.status < 500);
            let opened = host.post("qlive_room/matchmaker_enter/", json!({})).await;
            assert!(opened.status < 500, "{}", opened.body);
        }
    };
    let coming_and_going = join_all(
        people
            .iter()
            .map(|(phone, gender)| wander(phone, *gender, &live)),
    );
    tokio::join!(hosting, coming_and_going);
    host.open_room().await;
    let seen = host.enter(&live).await.ok();
    let mut counts = [0, 0, 0, 0];
    let mut seats = [0, 0];
    for (phone, gender) in &people {
        let (applied, all) = if *gender == Gender::Male {
            (0, 1)
        } else {
            (2, 3)
        };
        match phone.user_type().await {
            0 => {}
            1 => counts[all] += 1,
            2 => {
                counts[applied] += 1;
                counts[all] += 1;
            }
            state @ (3 | 4) => {
                assert_eq!(state == 3, *gender == Gender::Male);
                counts[all] += 1;
                seats[all / 2] += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(
        seen["num_list"],
        json!(counts),
        "the numbers equal a recount"
    );
    assert_eq!(seats[0], usize::from(seen["male"] != json!({})));
    assert_eq!(seats[1], usize::from(seen["female"] != json!({})));
    host.end(&live).await.ok();
    for (phone, _) in &people {
        assert_eq!(
            phone.user_type().await,
            0,
            "nobody is present in an ended room"
        );
    }
    house.delivered().await;
    seats_alternate(&house.story(room["group_id"].as_str().unwrap()).await);
}

/// A person who does what comes to mind. No answer is a 5xx.
async fn wander(phone: &Phone, gender: Gender, live: &Value) {
    for _ in 0..10 {
        let choice = random::within(0..=7);
        let answer = match choice {
            0..=2 => phone.enter(live).await,
            3 => phone.apply(live).await,
            4 => phone.accept(live).await,
            5 => phone.off_mic(live, phone, gender).await,
            6 => phone.refuse(live).await,
            _ => phone.leave(live).await,
        };
        assert!(
            answer.status < 500,
            "{choice}: {} {}",
            answer.status,
            answer.body
        );
    }
}

/// The story of a room: a seat is taken only when free and freed only when taken; OVER frees both.
fn seats_alternate(story: &[String]) {
    let mut taken = [false, false];
    for told in story {
        match told.as_str() {
            "on 1" => assert!(!std::mem::replace(&mut taken[0], true), "{story:?}"),
            "off 1" => assert!(std::mem::replace(&mut taken[0], false), "{story:?}"),
            "on 2" => assert!(!std::mem::replace(&mut taken[1], true), "{story:?}"),
            "off 2" => assert!(std::mem::replace(&mut taken[1], false), "{story:?}"),
            "over" => taken = [false, false],
            other => panic!("{other}"),
        }
    }
}

async fn one_user_in_two_rooms_at_once(db: TestDb) {
    let house = House::open(db).await;
    let first = house.matchmaker("one").await.open_room().await["live_id"].clone();
    let second = house.matchmaker("two").await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
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
