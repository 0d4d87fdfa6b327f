//! The catalogue of gifts, and giving.

use actix_web::web::{Data, Json};
use qlive_gifts::{CatalogueGift, SendGift, SendGiftOutcome};
use qlive_types::{LiveId, UserId};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::inputs::PageInput;
use crate::api::wire::{Paged, SharedJson};
use crate::http::{ApiError, Call, Caller, FromParams, Params, Reader, State};

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiftAnswer {
    id: i64,
    name: String,
    image: String,
    /// Its price in coins.
    gold: i64,
    effect: String,
}

impl From<CatalogueGift> for GiftAnswer {
    fn from(gift: CatalogueGift) -> Self {
        Self {
            id: gift.id,
            name: gift.name,
            image: gift.image,
            gold: gift.price.get(),
            effect: gift.effect,
        }
    }
}

pub(crate) async fn get_gifts(
    state: Data<State>,
    Call(_reader, input): Call<Reader, PageInput>,
) -> Result<SharedJson<Paged<GiftAnswer>>, ApiError> {
    let page = state.services.gifts.catalogue(input.page).await?;
    SharedJson::of(&page.rendered, || {
        let results = page.gifts.iter().cloned().map(Into::into).collect();
        let path = "qlive_gift/";
        Ok(Paged::new(&state, path, input.page, page.count, results))
    })
}

#[derive(IntoParams)]
pub(crate) struct PushGiftInput {
    /// Who receives it.
    #[param(value_type = String)]
    user_id: UserId,
    gift_id: i64,
    /// How many, 1 to 9999.
    num: i64,
    /// An idempotency key, chosen by the client: repeated calls give the gift once.
    request_id: Option<String>,
    /// The room both must be in.
    #[param(value_type = Option<i64>)]
    live_id: Option<LiveId>,
}

impl FromParams for PushGiftInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: params.required_user_id()?,
            gift_id: params.required_integer("gift_id")?,
            num: params.required_integer("num")?,
            request_id: params.request_id()?.map(str::to_owned),
            live_id: params.integer("live_id")?.map(LiveId::new),
        })
    }
}

/// Given, or refused because there is not enough gold; with the giver's balances afterwards.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushGiftAnswer {
    /// `success` or `failed`.
    status: &'static str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    gold: i64,
    income: i64,
}

pub(crate) async fn push_gift(
    state: Data<State>,
    Call(caller, input): Call<Caller, PushGiftInput>,
) -> Result<Json<PushGiftAnswer>, ApiError> {
    let giving = SendGift {
        giver: caller.0,
        receiver: input.user_id,
        gift: input.gift_id,
        num: input.num,
        live: input.live_id,
        request_id: input.request_id,
    };
    let (status, detail, gold, income) = match state.services.gifts.send(giving).await? {
        SendGiftOutcome::Sent { gold, income } => ("success", None, gold, income),
        SendGiftOutcome::InsufficientGold { gold, income } => {
            ("failed", Some("账户余额不足"), gold, income)
        }
    };
    Ok(Json(PushGiftAnswer {
        status,
        code: status,
        detail,
        gold: gold.get(),
        income: income.get(),
    }))
}
