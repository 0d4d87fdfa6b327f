//! What people and tests do to the sandbox: play a phone, look at messages, switch on faults.

use actix_web::{HttpResponse, web};
use qlive_types::random;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::faults::Fault;
use crate::wechat::sealed_profile;
use crate::world::World;

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/profile", web::get().to(profile))
        .route("/sandbox/messages", web::get().to(messages))
        .route("/sandbox/papers", web::get().to(papers))
        .route("/sandbox/state", web::get().to(state))
        .route("/sandbox/faults", web::post().to(set_fault))
        .route("/sandbox/faults", web::delete().to(clear_faults))
        .route("/sandbox/clients/{user_id}", web::post().to(client))
        .route("/sandbox/say", web::post().to(say));
}

#[derive(Deserialize)]
struct ProfileQuery {
    code: String,
    #[serde(default)]
    nickname: String,
    #[serde(default)]
    gender: i64,
}

async fn profile(world: web::Data<World>, query: web::Query<ProfileQuery>) -> HttpResponse {
    let now = world.clock.now().secs();
    HttpResponse::Ok().json(sealed_profile(
        &world.accounts.app_id,
        &query.code,
        &query.nickname,
        query.gender,
        now,
    ))
}

/// Filters: only messages to this group, only to this account.
#[derive(Deserialize)]
struct MessageQuery {
    group: Option<String>,
    to: Option<String>,
}

async fn messages(world: web::Data<World>, query: web::Query<MessageQuery>) -> HttpResponse {
    let is = |message: &Value, key: &str, wanted: &Option<String>| {
        wanted
            .as_deref()
            .is_none_or(|wanted| message.get(key).and_then(Value::as_str) == Some(wanted))
    };
    let state = world.state();
    let wanted =
        |message: &&Value| is(message, "group", &query.group) && is(message, "to", &query.to);
    let found: Vec<&Value> = state.messages.iter().filter(wanted).collect();
    HttpResponse::Ok().json(found)
}

/// Everything else that the outside knows.
async fn state(world: web::Data<World>) -> HttpResponse {
    let state = world.state();
    HttpResponse::Ok().json(json!({
        "accounts": state.im_accounts,
        "groups": state.groups,
        "kicked": state.kicked,
        "stream_orders": state.stream_orders,
        "calls": state.calls,
        "orders": state.orders.iter().map(|(no, order)| (no.clone(), order.shown())).collect::<Map<_, _>>(),
        "refunds": state.refunds.iter().map(|(no, refund)| (no.clone(), refund.shown("status"))).collect::<Map<_, _>>(),
        "transfers": state.transfers.iter().map(|(no, transfer)| (no.clone(), transfer.known())).collect::<Map<_, _>>(),
        "notices": state.notices,
    }))
}

/// What the console of WeChat Pay hands the merchant.
async fn papers(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(&world.drawer.papers)
}

async fn set_fault(world: web::Data<World>, fault: web::Json<Fault>) -> HttpResponse {
    if fault.times == Some(0) {
        return HttpResponse::BadRequest().json(json!({"error": "times is at least 1"}));
    }
    world.state().faults.push(fault.into_inner());
    HttpResponse::NoContent().finish()
}

async fn clear_faults(world: web::Data<World>) -> HttpResponse {
    world.state().faults.clear();
    HttpResponse::NoContent().finish()
}

/// What happens to a phone.
#[derive(Deserialize)]
struct Client {
    im: Option<String>,
    stream: Option<String>,
    /// The phone leaves this IM group.
    exits: Option<String>,
    /// The callback's own time, when not now (milliseconds).
    at: Option<i64>,
    /// Whether our side is told; it is not when a callback got lost.
    #[serde(default = "yes")]
    told: bool,
}

const fn yes() -> bool {
    true
}

async fn client(
    world: web::Data<World>,
    user: web::Path<String>,
    body: web::Json<Client>,
) -> HttpResponse {
    let user = user.into_inner();
    let at = body.at.unwrap_or_else(|| world.clock.now().millis());
    let mut said = Vec::new();
    if let Some(im) = &body.im {
        let (action, reason) = match im.as_str() {
            "lost" => ("Disconnect", "TimeOut"),
            "back" => ("Login", "Register"),
            _ => return HttpResponse::BadRequest().json(json!({"error": "im is lost or back"})),
        };
        if im == "lost" {
            world.state().offline.insert(user.clone());
        } else {
            world.state().offline.remove(&user);
        }
        if body.told {
            let info = json!({"Action": action, "To_Account": user, "Reason": reason});
            let callback = json!({"Info": info, "EventTime": at});
            said.push(
                world
                    .im_callback("State.StateChange", "Web", callback)
                    .await,
            );
        }
    }
    if let Some(group) = &body.exits {
        let members = json!([{"Member_Account": user}]);
        let callback = json!({"GroupId": group, "Type": "AVChatRoom", "ExitType": "Quit", "Operator_Account": user,
            "ExitMemberList": members, "EventTime": at});
        said.push(
            world
                .im_callback("Group.CallbackAfterMemberExit", "Web", callback)
                .await,
        );
    }
    if let Some(stream) = &body.stream {
        let Some(callback) = stream_callback(&world, &user, stream, at / 1000) else {
            return HttpResponse::BadRequest()
                .json(json!({"error": "stream is start, stop or screenshot"}));
        };
        said.push(world.live_callback(callback).await);
    }
    HttpResponse::Ok().json(said)
}

fn stream_callback(world: &World, user: &str, what: &str, at: i64) -> Option<Value> {
    let mut state = world.state();
    let push = state.pushes.entry(user.to_owned()).or_default();
    let kind = match what {
        "start" => {
            *push += 1;
            1
        }
        "stop" => 0,
        "screenshot" => {
            let url = format!("https://example.com/{user}.jpg");
            return Some(json!({"event_type": 200, "stream_id": user, "pic_full_url": url}));
        }
        _ => return None,
    };
    Some(json!({
        "event_type": kind,
        "stream_id": user,
        "channel_id": user,
        "app": world.accounts.live_push_domain,
        "appname": "live",
        "event_time": at,
        "sequence": format!("{user}-{push}"),
    }))
}

/// A message that a client sends, to an account or to a group.
#[derive(Deserialize)]
struct Say {
    from: String,
    to: Option<String>,
    group: Option<String>,
    text: String,
    /// The time of the callback after the message, when not now (milliseconds).
    at: Option<i64>,
    /// Whether the callback before a message is switched on in the console.
    #[serde(default = "yes")]
    before: bool,
}

async fn say(world: web::Data<World>, body: web::Json<Say>) -> HttpResponse {
    let elements = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": body.text}}]);
    let (kind, mut callback) = match (&body.to, &body.group) {
        (Some(to), None) => (
            "C2C",
            json!({"From_Account": body.from, "To_Account": to, "MsgBody": elements}),
        ),
        (None, Some(group)) => (
            "Group",
            json!({"From_Account": body.from, "GroupId": group, "Type": "AVChatRoom", "MsgBody": elements}),
        ),
        _ => {
            return HttpResponse::BadRequest()
                .json(json!({"error": "say it to an account or to a group"}));
        }
    };
    if body.before {
        let verdict = world
            .im_callback(
                &format!("{kind}.CallbackBeforeSendMsg"),
                "Web",
                callback.clone(),
            )
            .await;
        let code = verdict
            .pointer("/answer/ErrorCode")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        if code != 0 {
            return HttpResponse::Ok().json(json!({"sent": false, "code": code}));
        }
    }
    let message = json!({"at": world.clock.now().millis(), "from": body.from, "to": body.to, "group": body.group,
        "text": body.text, "message": serde_json::from_str::<Value>(&body.text).unwrap_or(Value::Null),
        "random": random::u32()});
    world.state().note_message(message);
    if let Some(fields) = callback.as_object_mut() {
        fields.insert("SendMsgResult".into(), 0.into());
        fields.extend(body.at.map(|at| ("EventTime".to_owned(), at.into())));
    }
    world
        .im_callback(&format!("{kind}.CallbackAfterSendMsg"), "Web", callback)
        .await;
    HttpResponse::Ok().json(json!({"sent": true}))
}
