//! Our addition: what happened to one's coins.

use actix_web::web::{Data, Json};
use qlive_ledger::{Kind, Movement};
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::{PageInput, Paged};
use crate::http::error::{ApiError, ErrorAnswer};
use crate::http::{Call, Reader, State};

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MovementAnswer {
    id: i64,
    /// Epoch milliseconds.
    at: i64,
    kind: &'static str,
    /// What gold and income together became more by; less, when negative.
    amount: i64,
    /// Gold afterwards.
    gold: i64,
    /// Income afterwards.
    income: i64,
}

impl From<Movement> for MovementAnswer {
    fn from(movement: Movement) -> Self {
        let kind = match movement.kind {
            Kind::Recharge => "recharge",
            Kind::Grant => "grant",
            Kind::Gift if movement.amount < 0 => "gift_sent",
            Kind::Gift => "gift_received",
            Kind::Refund => "refund",
            Kind::RefundReturned => "refund_returned",
            Kind::Hold | Kind::Payout => "withdraw",
            Kind::PayoutReturned => "withdraw_returned",
            Kind::Reversal => "correction",
        };
        let Movement {
            id,
            at,
            amount,
            gold,
            income,
            ..
        } = movement;
        Self {
            id: id.get(),
            at: at.millis(),
            kind,
            amount,
            gold,
            income,
        }
    }
}

/// What happened to my coins, the latest first.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_user/wallet/", tag = "additions", params(PageInput),
    security(("token" = [])),
    responses((status = 200, body = Paged<MovementAnswer>), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn wallet(
    state: Data<State>,
    Call(reader, input): Call<Reader, PageInput>,
) -> Result<Json<Paged<MovementAnswer>>, ApiError> {
    let (count, movements) = state.parts.users.wallet(reader.0, input.page).await?;
    let results = movements.into_iter().map(Into::into).collect();
    Ok(Json(Paged::new(
        &state,
        "qlive_user/wallet/",
        input.page,
        count,
        results,
    )))
}
