//! Virtual payment: `wx.requestVirtualPayment` as a client calls it, and `/xpay/…`.

use actix_web::{HttpRequest, HttpResponse, web};
use hmac::{Hmac, Mac as _};
use qlive_types::{Moment, random};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::pay::Errand;
use crate::server::answer;
use crate::wechat::session_key_text;
use crate::world::{State, World};

/// An order of goods as xpay knows it.
#[derive(Clone)]
pub(crate) struct Order {
    openid: String,
    product: String,
    fee: i64,
    left: i64,
    /// 2 paid, 4 provided, 5 refunded.
    status: i64,
    transaction_id: String,
    paid_at: Moment,
}

/// What a client passes to `wx.requestVirtualPayment`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Asked {
    sign_data: String,
    pay_sig: String,
    signature: String,
}

impl Asked {
    pub(crate) fn is_given(&self) -> bool {
        !self.sign_data.is_empty()
    }
}

fn error(code: &Value) -> Value {
    json!({"errcode": code, "errmsg": "sandbox"})
}

fn hmac(key: &str, message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
    mac.map(|mac| hex::encode(mac.chain_update(message).finalize().into_bytes()))
        .unwrap_or_default()
}

/// A person pays for goods: both signatures must be good, his session key must be the present one.
pub(crate) fn pay(world: &World, no: &str, asked: &Asked) -> Result<Errand, &'static str> {
    let accounts = &world.accounts;
    let data: Value = serde_json::from_str(&asked.sign_data)
        .ok()
        .ok_or("-15016: signData is not JSON")?;
    let word = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
    let whole = |key: &str| data.get(key).and_then(Value::as_i64).unwrap_or(-1);
    if word("offerId") != accounts.offer_id
        || whole("env") != accounts.xpay_env
        || word("currencyType") != "CNY"
    {
        return Err("-15016: signData does not fit the account");
    }
    if word("outTradeNo") != no
        || whole("buyQuantity") != 1
        || whole("goodsPrice") < 1
        || word("productId").is_empty()
    {
        return Err("-15001: a field of signData is missing");
    }
    if hmac(
        &accounts.app_key,
        &format!("requestVirtualPayment&{}", asked.sign_data),
    ) != asked.pay_sig
    {
        return Err("-15005: paySig is wrong");
    }
    let mut state = world.state();
    let signer = state
        .sessions
        .iter()
        .find(|(_, code)| hmac(&session_key_text(code), &asked.sign_data) == asked.signature);
    let openid = signer
        .map(|(openid, _)| openid.clone())
        .ok_or("-15005: signature is wrong, or the session is over")?;
    if state.goods.contains_key(no) {
        return Err("it is paid");
    }
    let fee = whole("goodsPrice");
    let order = Order {
        openid,
        product: word("productId").to_owned(),
        fee,
        left: fee,
        status: 2,
        transaction_id: format!(
            "43000{}",
            random::within(10_000_000_000_000..=99_999_999_999_999)
        ),
        paid_at: world.clock.now(),
    };
    let message = json!({
        "ToUserName": "gh_sandbox",
        "FromUserName": "oplatform",
        "CreateTime": world.clock.now().secs(),
        "MsgType": "event",
        "Event": "xpay_goods_deliver_notify",
        "OpenId": order.openid,
        "OutTradeNo": no,
        "Env": accounts.xpay_env,
        "WeChatPayInfo": {"MchOrderNo": random::hex(8), "TransactionId": order.transaction_id, "PaidTime": order.paid_at.secs()},
        "GoodsInfo": {"ProductId": order.product, "Quantity": 1, "OrigPrice": fee, "ActualPrice": fee, "Attach": word("attach")},
        "RetryTimes": 0,
    });
    state.goods.insert(no.to_owned(), order);
    drop(state);
    Ok(Errand::push(world, message))
}

/// The platform gives money of a virtual order back. `None`: it is no virtual order, or has less left.
pub(crate) fn refund_by_platform(world: &World, no: &str, fen: i64) -> Option<Errand> {
    let mut state = world.state();
    let order = state
        .goods
        .get_mut(no)
        .filter(|order| (1..=order.left).contains(&fen))?;
    order.give_back(fen);
    let message = refunded(no, &order.openid, "", fen, 0);
    drop(state);
    Some(Errand::push(world, message))
}

impl Order {
    fn give_back(&mut self, fen: i64) {
        self.left -= fen;
        self.status = 5;
    }
}

fn refunded(no: &str, openid: &str, refund_no: &str, fen: i64, code: i64) -> Value {
    json!({"ToUserName": "gh_sandbox", "FromUserName": "oplatform", "MsgType": "event", "Event": "xpay_refund_notify",
        "OpenId": openid, "WxRefundId": format!("xr{}", random::hex(8)), "MchRefundId": refund_no, "WxOrderId": no,
        "MchOrderId": no, "RefundFee": fen, "RetCode": code, "RetMsg": "sandbox", "RetryTimes": 0})
}

#[derive(Deserialize)]
pub(crate) struct CallQuery {
    access_token: String,
    pay_sig: String,
}

pub(crate) async fn call(
    world: web::Data<World>,
    request: HttpRequest,
    query: web::Query<CallQuery>,
    body: web::Bytes,
) -> HttpResponse {
    let act = || {
        if world.state().access_token.as_deref() != Some(&query.access_token) {
            return error(&json!(40001));
        }
        let text = String::from_utf8_lossy(&body);
        if hmac(
            &world.accounts.app_key,
            &format!("{}&{text}", request.path()),
        ) != query.pay_sig
        {
            return error(&json!(268_490_003));
        }
        let Ok(asked) = serde_json::from_str::<Value>(&text) else {
            return error(&json!(268_490_002));
        };
        if asked.get("env").and_then(Value::as_i64) != Some(world.accounts.xpay_env) {
            return error(&json!(268_490_002));
        }
        match request.path() {
            "/xpay/query_order" => world.state().query_goods(&asked, world.accounts.xpay_env),
            "/xpay/notify_provide_goods" => world.state().goods_provided(&asked),
            "/xpay/refund_order" => refund(&world, &asked),
            _ => error(&json!(268_490_002)),
        }
    };
    answer(&world, &request, error, act).await
}

fn word<'a>(asked: &'a Value, key: &str) -> &'a str {
    asked.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl State {
    fn query_goods(&self, asked: &Value, env: i64) -> Value {
        let no = word(asked, "order_id");
        // An order that no client has asked for yet is not known.
        let Some(order) = self.goods.get(no) else {
            return error(&json!(268_490_002));
        };
        if order.openid != word(asked, "openid") {
            return error(&json!(268_490_001));
        }
        json!({"errcode": 0, "errmsg": "ok", "order": {
            "order_id": no, "status": order.status, "biz_type": 0, "order_type": 0, "order_fee": order.fee,
            "coupon_fee": 0, "paid_fee": order.fee, "refund_fee": order.fee - order.left, "left_fee": order.left,
            "paid_time": order.paid_at.secs(), "env_type": if env == 0 { 1 } else { 2 },
            "wx_order_id": format!("wx{no}"), "wxpay_order_id": order.transaction_id}})
    }

    fn goods_provided(&mut self, asked: &Value) -> Value {
        match self.goods.get_mut(word(asked, "order_id")) {
            None => error(&json!(268_490_002)),
            Some(order) if order.status == 2 => {
                order.status = 4;
                json!({"errcode": 0, "errmsg": "ok"})
            }
            Some(_) => error(&json!(268_490_004)),
        }
    }

    /// WeChat knows that goods were provided once the notice is accepted.
    pub(crate) fn notice_accepted(&mut self, no: &str) {
        if let Some(order) = self.goods.get_mut(no).filter(|order| order.status == 2) {
            order.status = 4;
        }
    }
}

/// Ends a refund that was asked for: the money goes back, or does not.
pub(crate) fn settle_refund(world: &World, refund_no: &str, succeeds: bool) -> Option<Errand> {
    let mut state = world.state();
    let (no, fen) = state.goods_refunds.get(refund_no)?.clone();
    let order = state.goods.get_mut(&no)?;
    if succeeds {
        order.give_back(fen);
    } else {
        order.status = 7;
    }
    let message = refunded(
        &no,
        &order.openid,
        refund_no,
        fen,
        if succeeds { 0 } else { 1 },
    );
    drop(state);
    Some(Errand::push(world, message))
}

fn refund(world: &web::Data<World>, asked: &Value) -> Value {
    let (no, refund_no) = (
        word(asked, "order_id").to_owned(),
        word(asked, "refund_order_id").to_owned(),
    );
    let fen = asked
        .get("refund_fee")
        .and_then(Value::as_i64)
        .unwrap_or(-1);
    let mut state = world.state();
    if state.goods_refunds.contains_key(&refund_no) {
        return error(&json!(268_490_004));
    }
    let Some(order) = state.goods.get_mut(&no) else {
        return error(&json!(268_490_002));
    };
    if asked.get("left_fee").and_then(Value::as_i64) != Some(order.left) {
        return error(&json!(268_490_016));
    }
    if !(8..=32).contains(&refund_no.len()) || !(1..=order.left).contains(&fen) {
        return error(&json!(268_490_002));
    }
    state
        .goods_refunds
        .insert(refund_no.clone(), (no.clone(), fen));
    let held = state.hold_refunds;
    drop(state);
    if !held && let Some(errand) = settle_refund(world, &refund_no, true) {
        let world = world.clone();
        actix_web::rt::spawn(async move { crate::pay::send(&world, errand).await });
    }
    json!({"errcode": 0, "errmsg": "ok", "refund_order_id": refund_no, "pay_order_id": no})
}
