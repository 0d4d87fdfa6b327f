//! 14. `qlive_gift/push_gift/`

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    gold_becomes_income,
    gold_is_spent_first_then_income,
    an_empty_purse_is_told_and_moves_nothing,
    the_host_of_the_room_has_a_share,
    a_host_who_gives_or_receives_has_no_second_share,
    the_room_is_told_when_both_are_in_it,
    a_free_gift_moves_nothing_but_is_told,
    a_request_id_gives_once,
    the_header_is_a_request_id_too,
    a_refusal_does_not_burn_a_request_id,
    what_is_wrong_is_refused,
    a_room_named_must_hold_both,
    price_and_name_are_frozen,
    a_hundred_gifts_from_a_purse_for_forty,
    a_hundred_gifts_from_a_purse_of_three_kinds,
    one_request_twice_that_empties_the_purse,
    the_room_hears_of_gifts_in_the_order_in_which_they_were_paid,
    ten_clients_with_one_request_id,
    gifts_back_and_forth_do_not_deadlock,
    a_client_that_speaks_for_itself_tells_the_room_itself,
);

async fn couple(house: &House) -> (Phone, Phone) {
    (
        house.guest("bob", Gender::Male).await,
        house.guest("alice", Gender::Female).await,
    )
}

async fn gold_becomes_income(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 100).await;
    let bear = house.gift("bear", 15).await;
    let answer = bob.give(&alice, bear, 3, json!({})).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(
        answer.ok(),
        json!({"status": "success", "code": "success", "gold": 55, "income": 0})
    );
    assert_eq!(alice.purse().await, (0, 22), "half of 45, rounded down");
    assert_eq!(bob.purse().await, (55, 0));
    let audit = house.audit().await;
    assert_eq!(
        (audit.systems[0], audit.systems[1]),
        (("house", 23), ("grants", -100))
    );
    let by_post = bob
        .post(
            "qlive_gift/push_gift/",
            json!({"user_id": alice.user_id, "gift_id": bear, "num": "1"}),
        )
        .await;
    assert_eq!(by_post.ok()["gold"], 40);
    house.configure("EXCHANGE_RATE", "1").await;
    bob.give(&alice, bear, 1, json!({})).await.ok();
    assert_eq!(alice.purse().await, (0, 22 + 7 + 15), "the rate of now");
}

async fn gold_is_spent_first_then_income(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.configure("EXCHANGE_RATE", "1").await;
    house.grant(&alice, 10).await;
    let one = house.gift("one", 1).await;
    alice.give(&bob, one, 10, json!({})).await.ok();
    house.grant(&bob, 4).await;
    assert_eq!(bob.purse().await, (4, 10));
    let answer = bob.give(&alice, one, 7, json!({})).await.ok();
    assert_eq!((&answer["gold"], &answer["income"]), (&json!(0), &json!(7)));
    house.audit().await;
}

async fn an_empty_purse_is_told_and_moves_nothing(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 9).await;
    let ten = house.gift("ten", 10).await;
    let refused = json!({"status": "failed", "code": "failed", "detail": "账户余额不足", "gold": 9, "income": 0});
    assert_eq!(bob.give(&alice, ten, 1, json!({})).await.ok(), refused);
    assert_eq!((bob.purse().await, alice.purse().await), ((9, 0), (0, 0)));
    assert!(
        house
            .parts
            .gifts
            .sent(Some(bob.id()), None, qlive_types::Page::FIRST)
            .await
            .unwrap()
            .is_empty()
    );
}

/// A room with bob and alice in it.
async fn evening(house: &House) -> (Phone, Phone, Phone, Value) {
    let host = house.host().await;
    let (bob, alice) = couple(house).await;
    let room = host.open_room().await;
    bob.enter(&room["live_id"]).await.ok();
    alice.enter(&room["live_id"]).await.ok();
    (host, bob, alice, room)
}

async fn the_host_of_the_room_has_a_share(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, alice, room) = evening(&house).await;
    house.configure("HOST_RATE", "0.1").await;
    house.grant(&bob, 1000).await;
    let bear = house.gift("bear", 99).await;
    bob.give(&alice, bear, 1, json!({"live_id": room["live_id"]}))
        .await
        .ok();
    assert_eq!((alice.purse().await, host.purse().await), ((0, 49), (0, 9)));
    alice.leave(&room["live_id"]).await.ok();
    bob.give(&alice, bear, 1, json!({})).await.ok();
    assert_eq!(
        (alice.purse().await, host.purse().await),
        ((0, 98), (0, 9)),
        "not both in his room"
    );
    assert_eq!(house.audit().await.systems[0], ("house", 41 + 50));
}

async fn a_host_who_gives_or_receives_has_no_second_share(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, _, _) = evening(&house).await;
    house.configure("HOST_RATE", "0.5").await;
    house.grant(&bob, 100).await;
    house.grant(&host, 100).await;
    let ten = house.gift("ten", 10).await;
    bob.give(&host, ten, 1, json!({})).await.ok();
    assert_eq!(host.purse().await, (100, 5));
    host.give(&bob, ten, 1, json!({})).await.ok();
    assert_eq!((host.purse().await, bob.purse().await), ((90, 5), (90, 5)));
    house.audit().await;
}

async fn the_room_is_told_when_both_are_in_it(db: TestDb) {
    let house = House::open(db).await;
    let (_, bob, alice, room) = evening(&house).await;
    house.grant(&bob, 100).await;
    let bear = house.gift("bear", 10).await;
    bob.give(&alice, bear, 2, json!({})).await.ok();
    house.delivered().await;
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    let content = json!({"gift_id": bear, "gift_title": "bear", "gift_num": 2, "gift_image": "i", "effect": "e",
        "user_id": bob.user_id, "nickname": "bob", "to_user_id": alice.user_id, "to_nickname": "alice"});
    assert_eq!(
        told.last().unwrap()["message"],
        json!({"type": "gift", "content": content})
    );
    let before = told.len();
    alice.leave(&room["live_id"]).await.ok();
    bob.give(&alice, bear, 1, json!({})).await.ok();
    house.delivered().await;
    assert_eq!(
        house
            .told_group(room["group_id"].as_str().unwrap())
            .await
            .len(),
        before
    );
}

async fn a_free_gift_moves_nothing_but_is_told(db: TestDb) {
    let house = House::open(db).await;
    let (_, bob, alice, room) = evening(&house).await;
    let free = json!({"status": "success", "code": "success", "gold": 0, "income": 0});
    for _ in 0..2 {
        assert_eq!(
            bob.give(&alice, 1, 5, json!({"request_id": "like"}))
                .await
                .ok(),
            free
        );
    }
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["gift"],
        "once, since asked under one id"
    );
    let sent = house.parts.gifts.sent(
        None,
        Some(serde_json::from_value(room["live_id"].clone()).unwrap()),
        qlive_types::Page::FIRST,
    );
    assert_eq!(sent.await.unwrap().len(), 1);
    assert_eq!(house.audit().await.entries, 0);
}

async fn a_request_id_gives_once(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 100).await;
    let ten = house.gift("ten", 10).await;
    let id = json!({"request_id": "A-z_09"});
    let first = bob.give(&alice, ten, 2, id.clone()).await.ok();
    bob.give(&alice, ten, 1, json!({})).await.ok();
    assert_eq!(
        bob.give(&alice, ten, 2, id.clone()).await.ok(),
        first,
        "the first success again"
    );
    assert_eq!(bob.purse().await, (70, 0));
    bob.give(&alice, ten, 3, id.clone())
        .await
        .refused(409, "idempotency_key_reused");
    let host = house.host().await;
    bob.give(&host, ten, 2, id.clone())
        .await
        .refused(409, "idempotency_key_reused");
    house.grant(&alice, 100).await;
    assert_eq!(
        alice.give(&bob, ten, 2, id.clone()).await.ok()["gold"],
        80,
        "an id is the giver's own"
    );
    // What was answered is answered again, whatever has changed since.
    house
        .parts
        .gifts
        .disable(house.operator(), ten)
        .await
        .unwrap();
    bob.give(&alice, ten, 2, json!({"request_id": "new"}))
        .await
        .refused(404, "unknown_gift");
    assert_eq!(bob.give(&alice, ten, 2, id).await.ok(), first);
    house.audit().await;
}

async fn the_header_is_a_request_id_too(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 100).await;
    let path = format!(
        "qlive_gift/push_gift/?user_id={}&gift_id=4&num=1",
        alice.user_id
    );
    for _ in 0..3 {
        let request = bob
            .request(reqwest::Method::GET, &path)
            .header("Idempotency-Key", "key-1");
        assert_eq!(bob.send("get", &path, request).await.ok()["gold"], 90);
    }
    let again = bob.give(&alice, 4, 1, json!({"request_id": "key-1"})).await;
    assert_eq!(again.ok()["gold"], 90);
    let request = bob
        .request(reqwest::Method::GET, &path)
        .header("Idempotency-Key", "no spaces");
    assert_eq!(
        bob.send("get", &path, request)
            .await
            .refused(400, "invalid")["field"],
        "request_id"
    );
}

async fn a_refusal_does_not_burn_a_request_id(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    let id = json!({"request_id": "later"});
    assert_eq!(
        bob.give(&alice, 4, 1, id.clone()).await.ok()["code"],
        "failed"
    );
    house.grant(&bob, 10).await;
    assert_eq!(bob.give(&alice, 4, 1, id).await.ok()["code"], "success");
}

async fn what_is_wrong_is_refused(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 100).await;
    for num in [
        json!(0),
        json!(-1),
        json!(10_000),
        json!("x"),
        json!("9223372036854775807"),
    ] {
        let query = json!({"user_id": alice.user_id, "gift_id": 2, "num": num});
        assert_eq!(
            bob.get("qlive_gift/push_gift/", query)
                .await
                .refused(400, "invalid")["field"],
            "num"
        );
    }
    assert_eq!(
        bob.give(&bob, 2, 1, json!({}))
            .await
            .refused(400, "to_oneself")["field"],
        "user_id"
    );
    bob.give(&alice, 999, 1, json!({}))
        .await
        .refused(404, "unknown_gift");
    let stranger = json!({"user_id": "10000000", "gift_id": 2, "num": 1});
    bob.get("qlive_gift/push_gift/", stranger)
        .await
        .refused(404, "unknown_user");
    let dear = house.gift("dear", (1 << 53) - 1).await;
    assert_eq!(
        bob.give(&alice, dear, 2, json!({}))
            .await
            .refused(400, "invalid")["field"],
        "num"
    );
    assert_eq!(
        bob.give(&alice, dear, 1, json!({})).await.ok()["code"],
        "failed"
    );
    for id in ["a b", "ü", &"x".repeat(65)] {
        bob.give(&alice, 2, 1, json!({"request_id": id}))
            .await
            .refused(400, "invalid");
    }
    for missing in ["user_id", "gift_id", "num"] {
        let mut query = json!({"user_id": alice.user_id, "gift_id": 2, "num": 1});
        query.as_object_mut().unwrap().remove(missing);
        assert_eq!(
            bob.get("qlive_gift/push_gift/", query)
                .await
                .refused(400, "missing")["field"],
            missing
        );
    }
    house.ban(bob.id()).await;
    bob.give(&alice, 2, 1, json!({}))
        .await
        .refused(403, "banned");
    assert_eq!(bob.purse().await, (100, 0));
    house.audit().await;
}

async fn a_room_named_must_hold_both(db: TestDb) {
    let house = House::open(db).await;
    let (_, bob, alice, room) = evening(&house).await;
    house.grant(&bob, 100).await;
    let live = json!({"live_id": room["live_id"]});
    bob.give(&alice, 2, 1, live.clone()).await.ok();
    bob.give(&alice, 2, 1, json!({"live_id": 999}))
        .await
        .refused(409, "not_in_room");
    alice.leave(&room["live_id"]).await.ok();
    bob.give(&alice, 2, 1, live)
        .await
        .refused(409, "not_in_room");
    assert_eq!(bob.purse().await, (99, 0));
}

async fn price_and_name_are_frozen(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 100).await;
    let bear = house.gift("bear", 10).await;
    bob.give(&alice, bear, 1, json!({})).await.ok();
    house
        .parts
        .gifts
        .disable(house.operator(), bear)
        .await
        .unwrap();
    house.sql("UPDATE gifts SET price = 99, name = 'x'").await;
    let sent = house
        .parts
        .gifts
        .sent(Some(alice.id()), None, qlive_types::Page::FIRST)
        .await
        .unwrap();
    assert_eq!(
        (
            sent[0].name.as_str(),
            sent[0].price,
            sent[0].cost,
            sent[0].receiver_share
        ),
        ("bear", 10, 10, 5)
    );
}

async fn a_hundred_gifts_from_a_purse_for_forty(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 403).await;
    let ten = house.gift("ten", 10).await;
    let answers = join_all((0..100).map(|_| bob.give(&alice, ten, 1, json!({})))).await;
    let codes: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.ok()["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes.iter().filter(|code| *code == "success").count(), 40);
    assert_eq!(codes.iter().filter(|code| *code == "failed").count(), 60);
    assert_eq!((bob.purse().await, alice.purse().await), ((3, 0), (0, 200)));
    house.audit().await;
}

async fn ten_clients_with_one_request_id(db: TestDb) {
    let house = House::open(db).await;
    let second = house.second().await;
    let (bob, alice) = couple(&house).await;
    house.grant(&bob, 100).await;
    let there = bob.at(&second);
    let clients = (0..10).map(|number| if number % 2 == 0 { &bob } else { &there });
    let answers =
        join_all(clients.map(|client| client.give(&alice, 4, 3, json!({"request_id": "one"}))))
            .await;
    for answer in answers {
        assert_eq!(
            answer.ok(),
            json!({"status": "success", "code": "success", "gold": 70, "income": 0})
        );
    }
    assert_eq!((bob.purse().await, alice.purse().await), ((70, 0), (0, 15)));
    house.audit().await;
    second.close().await;
}

async fn gifts_back_and_forth_do_not_deadlock(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    let carl = house.guest("carl", Gender::Male).await;
    for phone in [&bob, &alice, &carl] {
        house.grant(phone, 100).await;
    }
    let phones = [&bob, &alice, &carl];
    let gifts = (0..60).map(|turn: usize| {
        let (from, to) = (phones[turn % 3], phones[(turn + 1 + turn / 3 % 2) % 3]);
        from.give(to, 2, 1, json!({}))
    });
    for answer in join_all(gifts).await {
        assert_eq!(answer.ok()["code"], "success");
    }
    assert_eq!(
        house.audit().await.systems[0],
        ("house", 60),
        "half a coin is nobody's but the house's"
    );
}

async fn a_client_that_speaks_for_itself_tells_the_room_itself(db: TestDb) {
    let house = House::open_with(db, |settings| {
        settings.im.speaks = qlive_server::SpeaksSetting::Client
    })
    .await;
    let (_, bob, alice, room) = evening(&house).await;
    bob.give(&alice, 1, 1, json!({})).await.ok();
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        Vec::<String>::new()
    );
}

async fn a_hundred_gifts_from_a_purse_of_three_kinds(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    house.configure("EXCHANGE_RATE", "1").await;
    let order = bob.order(1).await;
    house.pay(&order).await;
    house.grant(&bob, 13).await;
    house.grant(&alice, 27).await;
    let (one, ten) = (house.gift("one", 1).await, house.gift("ten", 10).await);
    alice.give(&bob, one, 27, json!({})).await.ok();
    // 13 granted, 60 bought, 27 income: ten gifts of ten, whose parts come from two kinds at each border.
    let answers = join_all((0..100).map(|_| bob.give(&alice, ten, 1, json!({})))).await;
    let given = answers
        .into_iter()
        .map(|answer| answer.ok()["code"] == "success")
        .filter(|given| *given)
        .count();
    assert_eq!(
        (given, bob.purse().await, alice.purse().await),
        (10, (0, 0), (0, 100))
    );
    house.audit().await;
}

async fn the_room_hears_of_gifts_in_the_order_in_which_they_were_paid(db: TestDb) {
    let house = House::open(db).await;
    let (_, bob, alice, room) = evening(&house).await;
    house.grant(&bob, 1_000).await;
    let mut gifts = Vec::new();
    // Different ones, since one gift given twice is told once.
    for number in 0..16 {
        gifts.push(house.gift(&format!("gift {number}"), 1).await);
    }
    let given = join_all(
        gifts
            .iter()
            .map(|gift| bob.give(&alice, *gift, 1, json!({}))),
    )
    .await;
    let mut paid: Vec<(i64, i64)> = given
        .into_iter()
        .zip(&gifts)
        .map(|(answer, gift)| (answer.ok()["gold"].as_i64().unwrap(), *gift))
        .collect();
    paid.sort_by_key(|(left, _)| -left);
    house.delivered().await;
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    let told: Vec<i64> = told
        .iter()
        .filter_map(|told| told["message"]["content"]["gift_id"].as_i64())
        .collect();
    assert_eq!(
        told,
        paid.into_iter().map(|(_, gift)| gift).collect::<Vec<_>>()
    );
}

async fn one_request_twice_that_empties_the_purse(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = couple(&house).await;
    for round in 0..10 {
        house.grant(&bob, 10).await;
        let id = json!({"request_id": format!("all-{round}")});
        for answer in join_all((0..6).map(|_| bob.give(&alice, 4, 1, id.clone()))).await {
            assert_eq!(answer.ok()["code"], "success", "given once, answered alike");
        }
        assert_eq!(bob.purse().await, (0, 0));
    }
    house.audit().await;
}
