//! Notices: sent as WeChat sends them, again and again until they are accepted.
//! A fault on the callback's path (`/pay_notify/`, `/wx_notify/`) loses,
//! doubles, delays or reorders them, or sends a probe first.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use qlive_types::random;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{seal, signature};
use crate::push;
use crate::world::World;

/// When a notice that was not accepted is sent again, in milliseconds: WeChat's schedule, two hundred times as fast.
const AGAIN_MS: [u64; 15] = [
    75, 75, 150, 900, 3_000, 6_000, 9_000, 9_000, 9_000, 18_000, 54_000, 54_000, 54_000, 108_000,
    108_000,
];

/// Something to be told.
#[derive(Clone)]
pub(crate) struct Errand {
    url: String,
    told: Told,
}

#[derive(Clone)]
enum Told {
    /// An event of WeChat Pay, with its kind and resource.
    Pay {
        id: String,
        event: &'static str,
        kind: &'static str,
        resource: Value,
    },
    /// A message push.
    Push(Value),
}

impl Errand {
    /// A notice of WeChat Pay to the address that the request named.
    pub(crate) fn pay(
        url: String,
        event: &'static str,
        kind: &'static str,
        resource: Value,
    ) -> Self {
        Self {
            url,
            told: Told::Pay {
                id: random::hex(16),
                event,
                kind,
                resource,
            },
        }
    }

    /// A message push to the address set in the console.
    pub(crate) fn push(world: &World, message: Value) -> Self {
        Self {
            url: format!("{}wx_notify/", world.accounts.callback_base),
            told: Told::Push(message),
        }
    }

    /// The merchant's number of what it tells about.
    fn about(&self) -> Option<&Value> {
        let (told, keys) = match &self.told {
            Told::Pay { resource, .. } => {
                (resource, ["out_refund_no", "out_trade_no", "out_bill_no"])
            }
            Told::Push(message) => (message, ["MchRefundId", "OutTradeNo", "MchOrderId"]),
        };
        keys.iter().find_map(|key| told.get(*key))
    }

    /// The path by which faults know it.
    const fn path(&self) -> &'static str {
        match self.told {
            Told::Pay { .. } => "/pay_notify/",
            Told::Push(_) => "/wx_notify/",
        }
    }
}

/// Sends an errand and waits for its first try; the others follow by themselves.
pub(crate) async fn send(world: &web::Data<World>, errand: Errand) {
    let fault = world.fault(errand.path()).await;
    match fault.and_then(|fault| fault.notice).as_deref() {
        Some("lost") => return,
        Some("late") => {
            let world = world.clone();
            actix_web::rt::spawn(async move {
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                deliver(world, errand).await;
            });
            return;
        }
        Some("reordered") => {
            // Goes out behind the next one.
            world.state().held_back.push(errand);
            return;
        }
        Some("probe") => drop(once(world, &errand, true).await),
        // Both at once, as WeChat may. The other one goes on below.
        Some("doubled") => {
            let (world, twin) = (world.clone(), errand.clone());
            actix_web::rt::spawn(deliver(world, twin));
        }
        _ => {}
    }
    let held = std::mem::take(&mut world.state().held_back);
    for errand in [errand].into_iter().chain(held) {
        if !once(world, &errand, false).await {
            actix_web::rt::spawn(deliver(world.clone(), errand));
        }
    }
}

/// Tries until it is accepted, or the schedule is over.
async fn deliver(world: web::Data<World>, errand: Errand) {
    for wait in AGAIN_MS {
        if once(&world, &errand, false).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

/// One try: whether our side accepted it.
async fn once(world: &World, errand: &Errand, probe: bool) -> bool {
    let request = match &errand.told {
        Told::Pay {
            id,
            event,
            kind,
            resource,
        } => {
            let body = notice(world, id, event, kind, resource);
            // While a merchant has the public key, notices come signed by either.
            let public = world.state().public_key_in_use && random::within(0..=1) == 1;
            let mut headers = signature(world, public, &body, 0);
            if let Some((_, signature)) = headers
                .iter_mut()
                .find(|(name, _)| probe && *name == "Wechatpay-Signature")
            {
                *signature = format!("WECHATPAY/SIGNTEST/{signature}");
            }
            post(world, &errand.url, &headers, body)
        }
        Told::Push(message) => push::request(world, &errand.url, message),
    };
    let (status, body) = answered(request).await;
    let accepted = match errand.told {
        // The status alone counts.
        Told::Pay { .. } => status == 200 || status == 204,
        Told::Push(_) => status == 200 && push::accepts(world, &body),
    };
    if let Told::Push(message) = &errand.told
        && accepted
    {
        let order = message
            .get("OutTradeNo")
            .and_then(Value::as_str)
            .unwrap_or_default();
        world.state().notice_accepted(order);
    }
    let tried = json!({"path": errand.path(), "about": errand.about(), "accepted": accepted, "probe": probe});
    world.state().notices.push(tried);
    accepted
}

/// The body of a notice, its resource sealed.
fn notice(world: &World, id: &str, event: &str, kind: &str, resource: &Value) -> String {
    let mut sealed = seal(world, kind, &resource.to_string());
    if let Some(fields) = sealed.as_object_mut() {
        fields.insert("original_type".into(), kind.into());
    }
    json!({"id": id, "create_time": world.clock.now().rfc3339(), "resource_type": "encrypt-resource",
        "event_type": event, "summary": "sandbox", "resource": sealed})
    .to_string()
}

fn post(
    world: &World,
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
) -> reqwest::RequestBuilder {
    let request = world
        .http
        .post(url)
        .header("Content-Type", "application/json");
    headers
        .iter()
        .fold(request, |request, (name, value)| {
            request.header(*name, value)
        })
        .body(body)
}

/// The status and body of an answer; 0 when nobody answers.
async fn answered(request: reqwest::RequestBuilder) -> (u16, String) {
    match request.send().await {
        Ok(response) => (
            response.status().as_u16(),
            response.text().await.unwrap_or_default(),
        ),
        Err(_) => (0, String::new()),
    }
}

/// A notice of somebody's own making, in WeChat's name: what it says, and what is wrong with it.
#[derive(Deserialize)]
pub(super) struct MadeUp {
    event: String,
    kind: String,
    resource: Value,
    /// By how many seconds its time is off.
    #[serde(default)]
    skew_secs: i64,
    /// Whether its body is changed after it was signed.
    #[serde(default)]
    tampered: bool,
    /// Another name for the key that signed it.
    serial: Option<String>,
    /// Whether the certificate signs it, not the public key.
    #[serde(default)]
    certified: bool,
    /// Where it goes, when not to the console's address.
    url: Option<String>,
}

/// Sends such a notice once; answers the status it got.
pub(super) async fn make_up(world: web::Data<World>, made: web::Json<MadeUp>) -> HttpResponse {
    let mut body = notice(&world, "made-up", &made.event, &made.kind, &made.resource);
    let mut headers = signature(&world, !made.certified, &body, made.skew_secs);
    if made.tampered {
        body = body.replace("\"summary\":\"sandbox\"", "\"summary\":\"Sandbox\"");
    }
    if let (Some(serial), Some(header)) = (
        &made.serial,
        headers
            .iter_mut()
            .find(|(name, _)| *name == "Wechatpay-Serial"),
    ) {
        header.1.clone_from(serial);
    }
    let url = made
        .url
        .clone()
        .unwrap_or_else(|| format!("{}pay_notify/", world.accounts.callback_base));
    let (status, _) = answered(post(&world, &url, &headers, body)).await;
    HttpResponse::Ok().json(json!({"status": status}))
}

/// Sends a message push of somebody's own making once; answers the status it got, and whether it was accepted.
pub(super) async fn make_up_push(
    world: web::Data<World>,
    message: web::Json<Value>,
) -> HttpResponse {
    let url = format!("{}wx_notify/", world.accounts.callback_base);
    let (status, body) = answered(push::request(&world, &url, &message)).await;
    HttpResponse::Ok()
        .json(json!({"status": status, "accepted": status == 200 && push::accepts(&world, &body)}))
}
