//! The operations that are measured, as the requests that clients send.

use std::ops::Range;

use qlive_app::BASE_PATH;
use serde_json::{Value, json};

use crate::crowd::{Crowd, FANS, OUTSIDERS, ROOMS_WITH_FREE_MIC, SEATS, token_of};
use crate::options::CLIENTS;

/// The id of the gift that is given, and what it costs in coins.
pub(crate) const GIFT: i64 = 4;
pub(crate) const GIFT_COST: i64 = 10;
/// The rooms in which users call.
pub(crate) const ROOMS: Range<i64> = 1..1_000;

/// The first of the rooms that users enter and leave.
pub(crate) const FIRST_ENTERED: i64 = 707;

/// What the requests of an operation do, which decides its goals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A read whose answer is the same for everybody.
    SharedRead,
    /// A read about a user.
    OwnRead,
    /// A gift.
    Gift,
    /// Any other change.
    Change,
}

/// An operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) load: Load,
    /// How many requests it takes.
    pub(crate) requests: usize,
}

impl Operation {
    /// The requests of one operation.
    pub(crate) fn example(&self) -> &[String] {
        &self.load.tracks[0][..self.requests]
    }
}

/// The requests that each client sends, one after the other, in a circle.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) tracks: Vec<Vec<String>>,
    /// Whether a client's request must be answered before it sends the next.
    pub(crate) in_order: bool,
}

/// All operations.
pub(crate) fn operations(crowd: Crowd) -> Vec<Operation> {
    let mut operations = reads();
    operations.push(enter_and_leave(crowd));
    operations.push(mic(crowd));
    operations.extend(gifts(crowd));
    operations.push(like());
    operations.push(login(crowd));
    operations
}

fn reads() -> Vec<Operation> {
    let shared = |name, path: &'static str| Operation {
        name,
        kind: Kind::SharedRead,
        load: by_room(|room| get(Crowd::user(room, 3), path)),
        requests: 1,
    };
    let own = |name, path: fn(i64) -> String| Operation {
        name,
        kind: Kind::OwnRead,
        load: by_room(|room| get(Crowd::user(room, 3), &path(Crowd::user(room, 4)))),
        requests: 1,
    };
    vec![
        shared("live list", "get_livelist/"),
        shared("gift list", "qlive_gift/"),
        shared("blocks", "qlive_pay/"),
        shared("configs", "get_configs/"),
        own("user state", |_| "qlive_user/get_user_state/".to_owned()),
        own("user info", |other| {
            format!("qlive_user/get_userinfo/?user_id={other}")
        }),
        own("like state", |other| format!("qlive_like/?user_id={other}")),
    ]
}

/// In every room a viewer gives to a guest; and everybody in the first room gives to its host.
fn gifts(crowd: Crowd) -> Vec<Operation> {
    let give = |giver, receiver| {
        let path = format!("qlive_gift/push_gift/?user_id={receiver}&gift_id={GIFT}&num=1");
        get(giver, &path)
    };
    let to_many = by_room(|room| give(Crowd::user(room, 3), Crowd::user(room, 2)));
    let viewers = (1..SEATS).map(|seat| Crowd::user(1, seat));
    let viewers = viewers.chain((0..FANS).map(|number| crowd.fan(number)));
    let to_host = distribute(
        viewers.map(|giver| vec![give(giver, Crowd::user(1, 0))]),
        false,
    );
    let gift = |name, load| Operation {
        name,
        kind: Kind::Gift,
        load,
        requests: 1,
    };
    vec![
        gift("gift to many", to_many),
        gift("gift to one host", to_host),
    ]
}

/// Users who are in no room enter one and leave it.
fn enter_and_leave(crowd: Crowd) -> Operation {
    let requests = (0..OUTSIDERS / 2).map(|number| {
        // The first room has a number that is easy to tell from others in the statements.
        let (user, room) = (crowd.outsider(number), FIRST_ENTERED + number % 200);
        let path = |path: &str| get(user, &format!("{path}?live_id={room}"));
        vec![path("get_playurl/"), path("qlive_room/leave_room/")]
    });
    Operation {
        name: "enter + leave",
        kind: Kind::Change,
        load: distribute(requests, true),
        requests: 2,
    }
}

/// In every room with a free mic, a viewer takes it and leaves it.
fn mic(crowd: Crowd) -> Operation {
    let requests = (0..ROOMS_WITH_FREE_MIC).map(|number| {
        let room = crowd.room_with_free_mic(number);
        let user = Crowd::user(room, 1);
        let body = json!({"live_id": room});
        let leave = format!("qlive_room/leave_micro/?live_id={room}&user_id={user}&gender=1");
        vec![
            post(Some(user), "qlive_room/apply_micro/", &body),
            post(Some(user), "qlive_room/accept_micro/", &body),
            get(user, &leave),
        ]
    });
    Operation {
        name: "apply + accept + leave mic",
        kind: Kind::Change,
        load: distribute(requests, true),
        requests: 3,
    }
}

/// A viewer likes the next one, and no longer.
fn like() -> Operation {
    let requests = ROOMS.map(|room| {
        let like = |state: i32| {
            let body = json!({"user_id": Crowd::user(room, 4).to_string(), "like_state": state});
            post(Some(Crowd::user(room, 3)), "qlive_like/", &body)
        };
        vec![like(1), like(0)]
    });
    Operation {
        name: "like",
        kind: Kind::Change,
        load: distribute(requests, true),
        requests: 1,
    }
}

/// Users log in with a code of their own. They do nothing else: a user keeps five tokens, so theirs
/// end.
fn login(crowd: Crowd) -> Operation {
    let requests = (OUTSIDERS / 2..OUTSIDERS).map(|number| {
        let body = json!({"appId": qlive_tests::APP, "code": crowd.login_code(number)});
        vec![post(None, "qlive_user/login/", &body)]
    });
    Operation {
        name: "login",
        kind: Kind::Change,
        load: distribute(requests, false),
        requests: 1,
    }
}

/// One request for each of many rooms.
fn by_room(request: impl Fn(i64) -> String) -> Load {
    distribute(ROOMS.map(|room| vec![request(room)]), false)
}

/// Gives each client a part of the groups of requests.
fn distribute(groups: impl Iterator<Item = Vec<String>>, in_order: bool) -> Load {
    let mut tracks = vec![Vec::new(); CLIENTS];
    for (number, group) in groups.enumerate() {
        tracks[number % CLIENTS].extend(group);
    }
    Load { tracks, in_order }
}

fn get(user: i64, path: &str) -> String {
    format!(
        "GET {BASE_PATH}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Authorization: QLiveToken {}\r\n\r\n",
        token_of(user)
    )
}

fn post(user: Option<i64>, path: &str, body: &Value) -> String {
    let body = body.to_string();
    let token = user.map_or_else(String::new, |user| {
        format!("Authorization: QLiveToken {}\r\n", token_of(user))
    });
    format!(
        "POST {BASE_PATH}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
