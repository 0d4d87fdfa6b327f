//! Refunds: asked for by the merchant, or made by the platform.

use actix_web::{HttpRequest, HttpResponse, web};
use qlive_types::{Moment, random};
use serde::Deserialize;
use serde_json::{Value, json};

use super::notices::{Errand, send};
use super::{Reply, answer, number, refuse, text};
use crate::world::{State, World};
use crate::xpay;

/// A refund as WeChat Pay knows it.
#[derive(Clone)]
pub(crate) struct Refund {
    pub(crate) asked: Value,
    pub(crate) refund_id: String,
    /// PROCESSING, SUCCESS, CLOSED or ABNORMAL.
    pub(crate) status: &'static str,
    pub(crate) transaction_id: String,
    pub(crate) total: i64,
    pub(crate) made_at: Moment,
    notify_url: String,
}

impl Refund {
    pub(crate) fn fen(&self) -> i64 {
        number(&self.asked, "/amount/refund")
    }

    pub(crate) fn shown(&self, status_key: &str) -> Value {
        let mut shown = json!({
            "refund_id": self.refund_id,
            "out_refund_no": self.asked.get("out_refund_no"),
            "transaction_id": self.transaction_id,
            "out_trade_no": self.asked.get("out_trade_no"),
            "channel": "ORIGINAL",
            "user_received_account": "sandbox",
            "amount": {"total": self.total, "refund": self.fen(), "payer_total": self.total, "payer_refund": self.fen()},
        });
        if let Some(fields) = shown.as_object_mut() {
            fields.insert(status_key.to_owned(), self.status.into());
        }
        shown
    }

    fn errand(&self, mchid: &str) -> Errand {
        let mut told = self.shown("refund_status");
        if let Some(fields) = told.as_object_mut() {
            fields.insert("mchid".into(), mchid.into());
        }
        let event = match self.status {
            "CLOSED" => "REFUND.CLOSED",
            "ABNORMAL" => "REFUND.ABNORMAL",
            _ => "REFUND.SUCCESS",
        };
        Errand::pay(self.notify_url.clone(), event, "refund", told)
    }
}

impl State {
    /// What of an order was not given back yet.
    fn left(&self, no: &str, total: i64) -> i64 {
        let given = self
            .refunds
            .values()
            .filter(|refund| text(&refund.asked, "out_trade_no") == no);
        total
            - given
                .filter(|refund| refund.status != "CLOSED")
                .map(Refund::fen)
                .sum::<i64>()
    }

    fn refund(&mut self, asked: &Value, now: Moment) -> Reply {
        let (no, refund_no) = (
            text(asked, "out_trade_no").to_owned(),
            text(asked, "out_refund_no").to_owned(),
        );
        if let Some(before) = self.refunds.get(&refund_no) {
            let same = before.asked == *asked;
            return if same {
                (200, before.shown("status"))
            } else {
                refuse(400, "INVALID_REQUEST")
            };
        }
        let Some(order) = self.orders.get(&no).cloned() else {
            return refuse(404, "RESOURCE_NOT_EXISTS");
        };
        if order.paid_at.is_none() || refund_no.is_empty() || refund_no.len() > 64 {
            return refuse(400, "INVALID_REQUEST");
        }
        let wanted = number(asked, "/amount/refund");
        if number(asked, "/amount/total") != order.total()
            || wanted < 1
            || wanted > self.left(&no, order.total())
        {
            return refuse(400, "PARAM_ERROR");
        }
        let refund = Refund {
            asked: asked.clone(),
            refund_id: format!(
                "50300{}",
                random::within(10_000_000_000_000..=99_999_999_999_999)
            ),
            status: "PROCESSING",
            total: order.total(),
            transaction_id: order.transaction_id,
            made_at: now,
            notify_url: text(asked, "notify_url").to_owned(),
        };
        let shown = refund.shown("status");
        self.refunds.insert(refund_no, refund);
        (200, shown)
    }

    /// Ends a refund one way or the other.
    fn settle(&mut self, refund_no: &str, status: &'static str) -> Option<Refund> {
        let refund = self
            .refunds
            .get_mut(refund_no)
            .filter(|refund| refund.status != "SUCCESS")?;
        refund.status = status;
        let refund = refund.clone();
        if status == "SUCCESS"
            && let Some(order) = self.orders.get_mut(text(&refund.asked, "out_trade_no"))
        {
            order.state = "REFUND";
        }
        Some(refund)
    }
}

pub(super) async fn refund(
    world: web::Data<World>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let reply = answer(&world, &request, &body, |asked| {
        let now = world.clock.now();
        let (known, held) = {
            let state = world.state();
            (
                state.refunds.contains_key(text(asked, "out_refund_no")),
                state.hold_refunds,
            )
        };
        let reply = world.state().refund(asked, now);
        if reply.0 == 200 && !held && !known {
            let (world, no) = (world.clone(), text(asked, "out_refund_no").to_owned());
            actix_web::rt::spawn(async move { finish(&world, &no, "SUCCESS").await });
        }
        reply
    });
    reply.await
}

async fn finish(world: &web::Data<World>, refund_no: &str, status: &'static str) -> bool {
    let Some(refund) = world.state().settle(refund_no, status) else {
        return false;
    };
    send(world, refund.errand(&world.accounts.mchid)).await;
    true
}

pub(super) async fn query(
    world: web::Data<World>,
    request: HttpRequest,
    no: web::Path<String>,
) -> HttpResponse {
    answer(&world, &request, b"", |_| {
        match world.state().refunds.get(no.as_str()) {
            Some(refund) => (200, refund.shown("status")),
            None => refuse(404, "RESOURCE_NOT_EXISTS"),
        }
    })
    .await
}

#[derive(Deserialize)]
pub(super) struct Hold {
    hold: bool,
}

/// Whether refunds asked for from now on wait for [`decide`].
pub(super) async fn hold(world: web::Data<World>, body: web::Json<Hold>) -> HttpResponse {
    world.state().hold_refunds = body.hold;
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(rename = "do")]
    outcome: String,
}

/// Ends a refund that was held: `success`, `closed`, `abnormal`.
pub(super) async fn decide(
    world: web::Data<World>,
    no: web::Path<String>,
    body: web::Json<Decision>,
) -> HttpResponse {
    let status = match body.outcome.as_str() {
        "success" => "SUCCESS",
        "closed" => "CLOSED",
        "abnormal" => "ABNORMAL",
        _ => {
            return HttpResponse::BadRequest()
                .json(json!({"error": "do success, closed or abnormal"}));
        }
    };
    if let Some(errand) = xpay::settle_refund(&world, &no, status == "SUCCESS") {
        send(&world, errand).await;
        return HttpResponse::NoContent().finish();
    }
    let done = finish(&world, &no, status).await;
    if done {
        HttpResponse::NoContent().finish()
    } else {
        HttpResponse::NotFound().json(json!({"error": "no such refund"}))
    }
}

#[derive(Deserialize)]
pub(super) struct ByPlatform {
    fen: i64,
}

/// The platform gives money back of its own accord, under a number of its own.
pub(super) async fn by_platform(
    world: web::Data<World>,
    no: web::Path<String>,
    body: web::Json<ByPlatform>,
) -> HttpResponse {
    if let Some(errand) = xpay::refund_by_platform(&world, &no, body.fen) {
        send(&world, errand).await;
        return HttpResponse::NoContent().finish();
    }
    let refund_no = format!("platform{}", random::hex(8));
    let order = world.state().orders.get(no.as_str()).cloned();
    let Some(order) = order else {
        return HttpResponse::NotFound().json(json!({"error": "no such order"}));
    };
    let asked = json!({"out_trade_no": no.as_str(), "out_refund_no": refund_no, "notify_url": order.notify_url(),
        "amount": {"refund": body.fen, "total": order.total()}});
    let (status, reply) = world.state().refund(&asked, world.clock.now());
    if status != 200 {
        return HttpResponse::Conflict().json(reply);
    }
    finish(&world, &refund_no, "SUCCESS").await;
    HttpResponse::NoContent().finish()
}
