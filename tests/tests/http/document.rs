//! The 23 operations of the front end's document, each called once as it says, in one evening.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, House, Phone};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(all_of_it_answers);

/// An operation by its number in the document, who calls it, and with what.
type Call<'a> = (usize, &'a Phone, &'static str, &'static str, Value);

async fn all_of_it_answers(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, stranger) = (
        house.host().await,
        house.guest("bob", Gender::Male).await,
        house.stranger(),
    );
    house.grant(&bob, 100).await;
    let gift = house.gift("rose", 1).await;
    let opened = host
        .post("qlive_room/matchmaker_enter/", json!({}))
        .await
        .ok();
    let live = json!({"live_id": opened["live_id"]});
    let here = json!({"live_id": opened["live_id"], "user_id": bob.user_id, "gender": 1});
    let men = json!({"live_id": opened["live_id"], "gender": 1, "page": 1});
    let calls: [Call<'_>; 23] = [
        (16, &host, "post", "qlive_room/matchmaker_enter/", json!({})),
        (
            1,
            &stranger,
            "post",
            "qlive_user/login/",
            json!({"appId": APP, "code": "bob"}),
        ),
        (
            2,
            &stranger,
            "post",
            "qlive_user/",
            json!({"appId": APP, "code": "eve"}),
        ),
        (
            3,
            &bob,
            "post",
            "qlive_user/update_userinfo/",
            json!({"age": 30, "nickname": ""}),
        ),
        (
            4,
            &bob,
            "get",
            "qlive_user/get_userinfo/",
            json!({"user_id": host.user_id}),
        ),
        (5, &bob, "get", "get_livelist/", json!({"page": 1})),
        (8, &bob, "get", "get_playurl/", live.clone()),
        (21, &bob, "get", "qlive_user/get_user_state/", json!({})),
        (10, &bob, "post", "qlive_room/apply_micro/", live.clone()),
        (9, &host, "get", "qlive_user/get_users_info/", men),
        (11, &bob, "post", "qlive_room/accept_micro/", live.clone()),
        (12, &bob, "get", "qlive_room/leave_micro/", here),
        (19, &bob, "post", "qlive_room/refuse_micro/", live.clone()),
        (6, &bob, "get", "qlive_gift/", json!({"page": 1})),
        (
            14,
            &bob,
            "get",
            "qlive_gift/push_gift/",
            json!({"user_id": host.user_id, "gift_id": gift, "num": 1}),
        ),
        (7, &bob, "get", "qlive_pay/", json!({})),
        (15, &bob, "post", "qlive_pay/", json!({"block_id": 1})),
        (20, &bob, "get", "get_configs/", json!({})),
        (
            22,
            &bob,
            "post",
            "qlive_like/",
            json!({"user_id": host.user_id, "like_state": 1}),
        ),
        (
            23,
            &bob,
            "get",
            "qlive_like/",
            json!({"user_id": host.user_id}),
        ),
        (17, &bob, "get", "qlive_room/leave_room/", live.clone()),
        (18, &bob, "get", "qlive_user/logout/", json!({})),
        (13, &host, "post", "qlive_room/live_end/", live.clone()),
    ];
    let mut answered = Vec::new();
    for (number, phone, method, path, given) in calls {
        let answer = if method == "get" {
            phone.get(path, given).await
        } else {
            phone.post(path, given).await
        };
        assert_eq!(
            answer.status, 200,
            "{number}. {method} {path}: {}",
            answer.body
        );
        answered.push(number);
    }
    answered.sort_unstable();
    assert_eq!(answered, (1..=23).collect::<Vec<_>>());
}
