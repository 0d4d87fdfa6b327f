//! Recharges: the blocks of gold that can be bought, and orders of them.

use actix_web::web::{Data, Json};
use qlive_payments::{Block, Order, PaymentsError};
use qlive_tencent::hmac_sha256_hex;
use qlive_types::Fen;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::api::inputs::{NoInput, optional_code};
use crate::api::wire::{JsonRows, SharedJson};
use crate::http::{ApiError, Call, FromParams, Params, Payer, Reader, State};

/// The longest order number, in bytes.
const NUMBER_LIMIT: usize = 64;

/// An amount as a JSON number of yuan, without rounding.
fn yuan(price: Fen) -> Result<Box<RawValue>, ApiError> {
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

fn block_answer(block: &Block) -> Result<BlockAnswer, ApiError> {
    Ok(BlockAnswer {
        id: block.id,
        gold: block.gold.get(),
        price: yuan(block.price)?,
    })
}

pub(crate) async fn get_blocks(
    state: Data<State>,
    Call(_reader, NoInput): Call<Reader, NoInput>,
) -> Result<SharedJson<JsonRows<BlockAnswer>>, ApiError> {
    let list = state.services.payments.blocks().await?;
    SharedJson::of(&list.rendered, || {
        let rows = list.blocks.iter().map(block_answer);
        Ok(JsonRows(rows.collect::<Result<_, _>>()?))
    })
}

#[derive(ToSchema)]
pub(crate) struct RechargeInput {
    block_id: i64,
    /// A new code of `wx.login`, whose session key signs a virtual payment.
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
    /// HMAC-SHA256, in hexadecimal, of `timestamp`, a line feed and `content`; the key is the
    /// caller's token.
    sign: String,
    /// The parameters of `wx.requestPayment` or `wx.requestVirtualPayment`, as a JSON text.
    content: String,
}

pub(crate) async fn recharge(
    state: Data<State>,
    Call(payer, input): Call<Payer, RechargeInput>,
) -> Result<Json<RechargeAnswer>, ApiError> {
    let params = state
        .services
        .payments
        .create_order(payer.user, input.block_id, input.code.as_deref())
        .await?;
    let (timestamp, content) = (
        params.created_at.shanghai().replace('T', " "),
        params.content.to_string(),
    );
    let sign = hmac_sha256_hex(&payer.token, &format!("{timestamp}\n{content}"));
    Ok(Json(RechargeAnswer {
        success: "success",
        timestamp,
        sign,
        content,
    }))
}

#[derive(IntoParams)]
pub(crate) struct OrderInput {
    /// The number of an order. Not given: the caller's last 20 orders.
    out_trade_no: Option<String>,
    /// How long to wait until the order is settled, 1 to 5 seconds.
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
    /// When it was created, in epoch milliseconds.
    at: i64,
}

fn order_answer(order: &Order) -> Result<OrderAnswer, ApiError> {
    Ok(OrderAnswer {
        out_trade_no: order.out_trade_no.clone(),
        state: order.state_name(),
        gold: order.gold.get(),
        price: yuan(order.price)?,
        at: order.created_at.millis(),
    })
}

/// One order, or the caller's last ones.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum OrdersAnswer {
    One(OrderAnswer),
    Last(Vec<OrderAnswer>),
}

pub(crate) async fn get_order(
    state: Data<State>,
    Call(reader, input): Call<Reader, OrderInput>,
) -> Result<Json<OrdersAnswer>, ApiError> {
    let payments = &state.services.payments;
    Ok(Json(match input.out_trade_no {
        Some(number) => OrdersAnswer::One(order_answer(
            &payments
                .wait_for_order(reader.0, &number, input.wait.unwrap_or(0))
                .await?,
        )?),
        None => {
            let orders = payments.orders_of(reader.0).await?;
            OrdersAnswer::Last(orders.iter().map(order_answer).collect::<Result<_, _>>()?)
        }
    }))
}
