//! Orders by JSAPI, and the person who pays them.

use actix_web::{HttpRequest, HttpResponse, web};
use qlive_types::{Moment, random};
use serde::Deserialize;
use serde_json::{Value, json};

use super::notices::{Errand, send};
use super::{Reply, answer, is_merchants, number, refuse, text};
use crate::world::{State, World};
use crate::xpay;

/// An order as WeChat Pay knows it.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) asked: Value,
    prepay_id: String,
    /// NOTPAY, SUCCESS, REFUND or CLOSED.
    pub(crate) state: &'static str,
    pub(crate) transaction_id: String,
    pub(crate) paid_at: Option<Moment>,
}

impl Order {
    pub(crate) fn total(&self) -> i64 {
        number(&self.asked, "/amount/total")
    }

    pub(crate) fn notify_url(&self) -> String {
        text(&self.asked, "notify_url").to_owned()
    }

    /// The transaction, as queries and notices show it.
    pub(crate) fn shown(&self) -> Value {
        let asked = &self.asked;
        let mut shown = json!({
            "appid": asked.get("appid"),
            "mchid": asked.get("mchid"),
            "out_trade_no": asked.get("out_trade_no"),
            "trade_state": self.state,
            "trade_state_desc": "sandbox",
            "payer": asked.get("payer"),
            "amount": {"total": self.total(), "currency": "CNY"},
        });
        if let (Some(fields), Some(paid_at)) = (shown.as_object_mut(), self.paid_at) {
            fields.insert("transaction_id".into(), self.transaction_id.clone().into());
            fields.insert("trade_type".into(), "JSAPI".into());
            fields.insert("bank_type".into(), "OTHERS".into());
            fields.insert("success_time".into(), paid_at.rfc3339().into());
            fields.insert(
                "amount".into(),
                json!({"total": self.total(), "payer_total": self.total(), "currency": "CNY", "payer_currency": "CNY"}),
            );
        }
        shown
    }
}

pub(super) async fn prepay(
    world: web::Data<World>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    answer(&world, &request, &body, |asked| {
        let accounts = &world.accounts;
        let number_ok = {
            let no = text(asked, "out_trade_no");
            (6..=32).contains(&no.len())
                && no
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-|*".contains(&b))
        };
        let described = (1..=127).contains(&text(asked, "description").chars().count());
        let named = asked
            .pointer("/payer/openid")
            .and_then(Value::as_str)
            .is_some_and(|id| id.starts_with("sandbox-"));
        if text(asked, "mchid") != accounts.mchid || text(asked, "appid") != accounts.app_id {
            return refuse(400, "APPID_MCHID_NOT_MATCH");
        }
        if !number_ok || !described || !named || number(asked, "/amount/total") < 1 {
            return refuse(400, "PARAM_ERROR");
        }
        if asked.pointer("/amount/currency") != Some(&json!("CNY"))
            || !text(asked, "notify_url").starts_with("http")
        {
            return refuse(400, "PARAM_ERROR");
        }
        if Moment::parse_rfc3339(text(asked, "time_expire")).is_none()
            || text(asked, "notify_url").contains('?')
        {
            return refuse(400, "PARAM_ERROR");
        }
        world.state().prepay(asked)
    })
    .await
}

impl State {
    fn prepay(&mut self, asked: &Value) -> Reply {
        let prepaid = |id: &str| (200, json!({"prepay_id": id}));
        match self.orders.get(text(asked, "out_trade_no")) {
            Some(order) if order.asked != *asked => refuse(400, "INVALID_REQUEST"),
            Some(order) if order.state != "NOTPAY" => refuse(403, "OUT_TRADE_NO_USED"),
            Some(order) => prepaid(&order.prepay_id),
            None => {
                let prepay_id = format!("wx{}", random::hex(16));
                let answer = prepaid(&prepay_id);
                let (asked, transaction_id) = (asked.clone(), String::new());
                let no = text(&asked, "out_trade_no").to_owned();
                self.orders.insert(
                    no,
                    Order {
                        asked,
                        prepay_id,
                        state: "NOTPAY",
                        transaction_id,
                        paid_at: None,
                    },
                );
                answer
            }
        }
    }
}

pub(super) async fn query(
    world: web::Data<World>,
    request: HttpRequest,
    no: web::Path<String>,
) -> HttpResponse {
    answer(&world, &request, b"", |_| {
        if !request
            .query_string()
            .contains(&format!("mchid={}", world.accounts.mchid))
        {
            return refuse(400, "PARAM_ERROR");
        }
        match world.state().orders.get(no.as_str()) {
            Some(order) => (200, order.shown()),
            None => refuse(404, "ORDER_NOT_EXIST"),
        }
    })
    .await
}

pub(super) async fn close(
    world: web::Data<World>,
    request: HttpRequest,
    no: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    answer(&world, &request, &body, |asked| {
        match world.state().orders.get_mut(no.as_str()) {
            _ if text(asked, "mchid") != world.accounts.mchid => refuse(400, "PARAM_ERROR"),
            None => refuse(404, "ORDER_NOT_EXIST"),
            Some(order) if ["SUCCESS", "REFUND"].contains(&order.state) => {
                refuse(400, "ORDER_PAID")
            }
            Some(order) => {
                order.state = "CLOSED";
                (204, Value::Null)
            }
        }
    })
    .await
}

/// How a person pays.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Pays {
    /// Whether our side is told; it is not when the notice got lost.
    told: Option<bool>,
    /// Pays though the order was closed or has expired, as the last second allows.
    late: bool,
    /// For a virtual order: what `wx.requestVirtualPayment` was given.
    #[serde(flatten)]
    virtual_order: xpay::Asked,
    /// What `wx.requestPayment` was given; not looked at when there is none.
    #[serde(flatten)]
    requested: Option<Requested>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Requested {
    time_stamp: String,
    nonce_str: String,
    package: String,
    pay_sign: String,
}

impl Requested {
    /// Whether the merchant signed it for this order, as WeChat's client sees to.
    fn fits(&self, world: &World, prepay_id: &str) -> bool {
        let Self {
            time_stamp,
            nonce_str,
            package,
            pay_sign,
        } = self;
        let message = format!(
            "{}\n{time_stamp}\n{nonce_str}\n{package}\n",
            world.accounts.app_id
        );
        *package == format!("prepay_id={prepay_id}")
            && is_merchants(world, message.as_bytes(), pay_sign)
    }
}

pub(super) async fn pay(
    world: web::Data<World>,
    no: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let pays: Pays = match body.is_empty() {
        true => Pays::default(),
        false => match serde_json::from_slice(&body) {
            Ok(pays) => pays,
            Err(error) => {
                return HttpResponse::BadRequest().json(json!({"error": error.to_string()}));
            }
        },
    };
    let paid = if pays.virtual_order.is_given() {
        xpay::pay(&world, &no, &pays.virtual_order)
    } else {
        pay_order(&world, &no, &pays)
    };
    match paid {
        Err(why) => HttpResponse::Conflict().json(json!({"error": why})),
        Ok(errand) => {
            if pays.told.unwrap_or(true) {
                send(&world, errand).await;
            }
            HttpResponse::Ok().json(json!({"paid": true}))
        }
    }
}

fn pay_order(world: &World, no: &str, pays: &Pays) -> Result<Errand, &'static str> {
    let now = world.clock.now();
    let mut state = world.state();
    let order = state.orders.get_mut(no).ok_or(
        "no such order; a virtual one is not known before its client asks: send signData, paySig and signature",
    )?;
    let expired =
        Moment::parse_rfc3339(text(&order.asked, "time_expire")).is_none_or(|end| now > end);
    match order.state {
        "SUCCESS" | "REFUND" => return Err("it is paid"),
        "CLOSED" if !pays.late => return Err("it is closed"),
        _ if expired && !pays.late => return Err("it has expired"),
        _ => {}
    }
    if pays
        .requested
        .as_ref()
        .is_some_and(|requested| !requested.fits(world, &order.prepay_id))
    {
        return Err("the paySign does not verify");
    }
    order.state = "SUCCESS";
    order.paid_at = Some(now);
    order.transaction_id = format!(
        "42000{}",
        random::within(10_000_000_000_000..=99_999_999_999_999)
    );
    Ok(Errand::pay(
        order.notify_url(),
        "TRANSACTION.SUCCESS",
        "transaction",
        order.shown(),
    ))
}
