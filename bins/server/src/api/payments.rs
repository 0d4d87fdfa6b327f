//! Operations 7 and 15, and one's own orders: buying gold.

use actix_web::web::{Data, Json};
use hmac::{Hmac, Mac as _};
use qlive_payments::{Block, Order, PaymentsError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use utoipa::{IntoParams, ToSchema};

use super::accounts::optional_code;
use super::rooms::NoInput;
use crate::http::error::{ApiError, ErrorAnswer};
use crate::http::{Call, FromParams, Params, Payer, Reader, State};

/// The most characters of an order's number.
const NUMBER_LIMIT: usize = 64;

/// Fen as a JSON number of yuan, written out exactly.
fn yuan(price: qlive_types::Fen) -> Result<Box<RawValue>, ApiError> {
    RawValue::from_string(price.yuan())
        .ok()
        .ok_or(ApiError::INTERNAL)
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockAnswer {
    id: i64,
    gold: i64,
    /// Yuan.
    #[schema(value_type = f64)]
    price: Box<RawValue>,
}

fn block(block: &Block) -> Result<BlockAnswer, ApiError> {
    Ok(BlockAnswer {
        id: block.id,
        gold: block.gold.get(),
        price: yuan(block.price)?,
    })
}

/// 7. What can be bought.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_pay/", tag = "money", security(("token" = [])),
    responses((status = 200, body = Vec<BlockAnswer>), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_blocks(
    state: Data<State>,
    Call(_reader, NoInput): Call<Reader, NoInput>,
) -> Result<Json<Vec<BlockAnswer>>, ApiError> {
    let blocks = state.parts.payments.blocks().await?;
    Ok(Json(blocks.iter().map(block).collect::<Result<_, _>>()?))
}

#[derive(ToSchema)]
pub(crate) struct RechargeInput {
    block_id: i64,
    /// A fresh code of `wx.login`, whose session key then signs a virtual payment.
    code: Option<String>,
}

impl FromParams for RechargeInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            block_id: params.required_integer("block_id")?,
            code: optional_code(params)?,
        })
    }
}

/// What the client needs to pay.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RechargeAnswer {
    success: &'static str,
    /// Shanghai wall clock: `2019-07-30 12:30:00`.
    timestamp: String,
    /// HMAC-SHA256 in hex, under the caller's token, of `timestamp`, a line feed, and `content`.
    sign: String,
    /// A JSON text for `wx.requestPayment` or `wx.requestVirtualPayment`.
    content: String,
}

/// 15. Order a block of gold.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_pay/", tag = "money", request_body = RechargeInput,
    security(("token" = [])),
    responses((status = 200, body = RechargeAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn recharge(
    state: Data<State>,
    Call(payer, input): Call<Payer, RechargeInput>,
) -> Result<Json<RechargeAnswer>, ApiError> {
    let recharge = state
        .parts
        .payments
        .recharge(payer.user, input.block_id, input.code.as_deref())
        .await?;
    let (timestamp, content) = (
        recharge.at.shanghai().replace('T', " "),
        recharge.content.to_string(),
    );
    let sign = sign(&payer.token, &format!("{timestamp}\n{content}"))?;
    Ok(Json(RechargeAnswer {
        success: "success",
        timestamp,
        sign,
        content,
    }))
}

fn sign(token: &SecretString, message: &str) -> Result<String, ApiError> {
    let mac = Hmac::<Sha256>::new_from_slice(token.expose_secret().as_bytes())
        .ok()
        .ok_or(ApiError::INTERNAL)?;
    Ok(hex::encode(
        mac.chain_update(message).finalize().into_bytes(),
    ))
}

#[derive(IntoParams)]
pub(crate) struct OrderInput {
    /// Its number; without one, one's last 20 orders are answered.
    out_trade_no: Option<String>,
    /// Seconds to wait for news, 1 to 5.
    wait: Option<u64>,
}

impl FromParams for OrderInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let wait = match params.integer("wait")? {
            None => None,
            Some(secs) => {
                let secs = u64::try_from(secs)
                    .ok()
                    .filter(|secs| (1..=5).contains(secs));
                Some(secs.ok_or_else(|| ApiError::invalid("wait"))?)
            }
        };
        let number = params.text("out_trade_no")?;
        if number.is_some_and(|number| number.len() > NUMBER_LIMIT) {
            return Err(PaymentsError::UnknownOrder.into());
        }
        Ok(Self {
            out_trade_no: number.map(str::to_owned),
            wait,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderAnswer {
    out_trade_no: String,
    /// `created`, `paid`, `closed` or `refunded`.
    state: &'static str,
    gold: i64,
    /// Yuan.
    #[schema(value_type = f64)]
    price: Box<RawValue>,
    /// When it was made, in epoch milliseconds.
    at: i64,
}

fn order(order: &Order) -> Result<OrderAnswer, ApiError> {
    Ok(OrderAnswer {
        out_trade_no: order.out_trade_no.clone(),
        state: order.shown_state(),
        gold: order.gold.get(),
        price: yuan(order.price)?,
        at: order.created_at.millis(),
    })
}

/// The order asked for, or one's last ones.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum OrdersAnswer {
    One(OrderAnswer),
    Last(Vec<OrderAnswer>),
}

/// One's own order; what its provider says is asked when a notice is late.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_pay/order/", tag = "additions", params(OrderInput),
    security(("token" = [])),
    responses((status = 200, body = OrdersAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_order(
    state: Data<State>,
    Call(reader, input): Call<Reader, OrderInput>,
) -> Result<Json<OrdersAnswer>, ApiError> {
    let payments = &state.parts.payments;
    Ok(Json(match input.out_trade_no {
        Some(number) => OrdersAnswer::One(order(
            &payments
                .order_of(reader.0, &number, input.wait.unwrap_or(0))
                .await?,
        )?),
        None => {
            let orders = payments.orders_of(reader.0).await?;
            OrdersAnswer::Last(orders.iter().map(order).collect::<Result<_, _>>()?)
        }
    }))
}
