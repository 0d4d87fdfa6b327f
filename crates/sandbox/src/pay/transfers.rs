//! Merchant transfers, and the user who confirms them or does not.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::rsa::Padding;
use qlive_types::{Moment, random};
use serde::Deserialize;
use serde_json::{Value, json};

use super::notices::{Errand, send};
use super::{answer, number, refuse, text};
use crate::world::World;

/// How long the user may take to confirm.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(86_400);
/// From this amount on, in fen, the user's real name is needed.
const NAMED_FROM: i64 = 200_000;

/// A transfer as WeChat Pay knows it.
#[derive(Clone)]
pub(crate) struct Transfer {
    asked: Value,
    bill_no: String,
    state: &'static str,
    fail_reason: &'static str,
    package_info: String,
    /// The name as WeChat read it.
    name: String,
    made_at: Moment,
}

impl Transfer {
    fn expire(&mut self, now: Moment) {
        if self.state == "WAIT_USER_CONFIRM" && now > self.made_at.after(CONFIRMED_WITHIN) {
            (self.state, self.fail_reason) = ("FAIL", "OVERDUE_CLOSE");
        }
    }

    /// For `GET /sandbox/state`.
    pub(crate) fn known(&self) -> Value {
        json!({"state": self.state, "fen": self.asked.get("transfer_amount"), "name": self.name, "asked": self.asked})
    }

    fn shown(&self, mchid: &str) -> Value {
        let mut shown = json!({
            "mch_id": mchid,
            "out_bill_no": self.asked.get("out_bill_no"),
            "transfer_bill_no": self.bill_no,
            "appid": self.asked.get("appid"),
            "openid": self.asked.get("openid"),
            "state": self.state,
            "transfer_amount": self.asked.get("transfer_amount"),
            "transfer_remark": self.asked.get("transfer_remark"),
            "create_time": self.made_at.rfc3339(),
            "update_time": self.made_at.rfc3339(),
        });
        if let Some(fields) = shown.as_object_mut()
            && !self.fail_reason.is_empty()
        {
            fields.insert("fail_reason".into(), self.fail_reason.into());
        }
        shown
    }
}

pub(super) async fn transfer(
    world: web::Data<World>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&world, &request, &body, |asked| {
        let no = text(asked, "out_bill_no").to_owned();
        let fen = number(asked, "/transfer_amount");
        let legal = (1..=32).contains(&no.len()) && no.bytes().all(|b| b.is_ascii_alphanumeric());
        let infos = asked
            .get("transfer_scene_report_infos")
            .and_then(Value::as_array)
            .is_some_and(|infos| !infos.is_empty());
        let remark = (1..=32).contains(&text(asked, "transfer_remark").chars().count());
        if !legal || fen < 30 || !infos || !remark || text(asked, "transfer_scene_id").is_empty() {
            return refuse(400, "PARAM_ERROR");
        }
        if text(asked, "appid") != world.accounts.app_id
            || !text(asked, "openid").starts_with("sandbox-")
        {
            return refuse(400, "INVALID_REQUEST");
        }
        let serial = request
            .headers()
            .get("Wechatpay-Serial")
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default();
        let Some(name) = open_name(&world, serial, text(asked, "user_name")) else {
            return refuse(400, "PARAM_ERROR");
        };
        if name.is_empty() && fen >= NAMED_FROM {
            return refuse(400, "PARAM_ERROR");
        }
        let mut state = world.state();
        // A sealed name is another text each time.
        let unsealed = |asked: &Value| {
            let mut asked = asked.clone();
            asked
                .as_object_mut()
                .map(|fields| fields.remove("user_name"));
            asked
        };
        let known = state.transfers.get(&no).cloned();
        let transfer = match known {
            Some(before) if unsealed(&before.asked) != unsealed(asked) || before.name != name => {
                return refuse(400, "ALREADY_EXISTS");
            }
            Some(before) => before,
            None => Transfer {
                asked: asked.clone(),
                bill_no: format!(
                    "1330{}",
                    random::within(10_000_000_000_000..=99_999_999_999_999)
                ),
                state: "WAIT_USER_CONFIRM",
                fail_reason: "",
                package_info: format!("affffddafdfafddffda=={}", random::hex(8)),
                name,
                made_at: world.clock.now(),
            },
        };
        let mut answer = json!({"out_bill_no": no, "transfer_bill_no": transfer.bill_no,
            "create_time": transfer.made_at.rfc3339(), "state": transfer.state});
        if let Some(fields) = answer.as_object_mut()
            && transfer.state == "WAIT_USER_CONFIRM"
        {
            fields.insert("package_info".into(), transfer.package_info.clone().into());
        }
        state.transfers.insert(no, transfer);
        (200, answer)
    })
    .await
}

/// Opens a sealed name with the key named. `None` when it does not open.
fn open_name(world: &World, serial: &str, sealed: &str) -> Option<String> {
    if sealed.is_empty() {
        return Some(String::new());
    }
    let papers = &world.drawer.papers;
    let key = match serial {
        serial if serial == papers.public_key_id => &world.drawer.public,
        serial if serial == papers.certificate_serial => &world.drawer.certified,
        _ => return None,
    };
    let rsa = key.rsa().ok()?;
    let mut plain = vec![0; usize::try_from(rsa.size()).ok()?];
    let length = rsa
        .private_decrypt(
            &STANDARD.decode(sealed).ok()?,
            &mut plain,
            Padding::PKCS1_OAEP,
        )
        .ok()?;
    String::from_utf8(plain.get(..length)?.to_vec()).ok()
}

pub(super) async fn query(
    world: web::Data<World>,
    request: HttpRequest,
    no: web::Path<String>,
) -> HttpResponse {
    answer(&world, &request, b"", |_| {
        let now = world.clock.now();
        match world.state().transfers.get_mut(no.as_str()) {
            None => refuse(404, "NOT_FOUND"),
            Some(transfer) => {
                transfer.expire(now);
                (200, transfer.shown(&world.accounts.mchid))
            }
        }
    })
    .await
}

#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(rename = "do")]
    outcome: String,
    /// Whether our side is told.
    told: Option<bool>,
}

/// What becomes of a transfer: `confirm`, `fail`, `cancel`, `expire`.
pub(super) async fn decide(
    world: web::Data<World>,
    no: web::Path<String>,
    body: web::Json<Decision>,
) -> HttpResponse {
    let (outcome, reason) = match body.outcome.as_str() {
        "confirm" => ("SUCCESS", ""),
        "fail" => ("FAIL", "PAYEE_ACCOUNT_ABNORMAL"),
        "cancel" => ("CANCELLED", ""),
        "expire" => ("FAIL", "OVERDUE_CLOSE"),
        _ => {
            return HttpResponse::BadRequest()
                .json(json!({"error": "do confirm, fail, cancel or expire"}));
        }
    };
    let now = world.clock.now();
    let told = {
        let mut state = world.state();
        let transfer = state.transfers.get_mut(no.as_str());
        let Some(transfer) = transfer else {
            return HttpResponse::NotFound().json(json!({"error": "no such transfer"}));
        };
        transfer.expire(now);
        if transfer.state != "WAIT_USER_CONFIRM" {
            return HttpResponse::Conflict().json(json!({"error": "it waits for nobody"}));
        }
        (transfer.state, transfer.fail_reason) = (outcome, reason);
        let notify_url = text(&transfer.asked, "notify_url").to_owned();
        Errand::pay(
            notify_url,
            "MCHTRANSFER.BILL.FINISHED",
            "mch_payment",
            transfer.shown(&world.accounts.mchid),
        )
    };
    if body.told.unwrap_or(true) {
        send(&world, told).await;
    }
    HttpResponse::NoContent().finish()
}
