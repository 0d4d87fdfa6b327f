//! The history of a user's gold and income.

use actix_web::web::Data;
use qlive_ledger::{EntryKind, HistoryEntry};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::inputs::PageInput;
use crate::api::wire::Paged;
use crate::http::{ApiError, Call, Reader, State};

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MovementAnswer {
    id: i64,
    /// Epoch milliseconds.
    at: i64,
    kind: &'static str,
    /// The change of gold and income together.
    amount: i64,
    /// The gold afterwards.
    gold: i64,
    /// The income afterwards.
    income: i64,
}

impl From<HistoryEntry> for MovementAnswer {
    fn from(movement: HistoryEntry) -> Self {
        let kind = match movement.kind {
            EntryKind::Recharge => "recharge",
            EntryKind::Grant => "grant",
            EntryKind::Gift if movement.amount < 0 => "gift_sent",
            EntryKind::Gift => "gift_received",
            EntryKind::Refund => "refund",
            EntryKind::RefundReturned => "refund_returned",
            EntryKind::Hold | EntryKind::Payout => "withdraw",
            EntryKind::PayoutReturned => "withdraw_returned",
            EntryKind::Reversal => "correction",
        };
        let HistoryEntry {
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

pub(crate) async fn wallet(
    state: Data<State>,
    Call(reader, input): Call<Reader, PageInput>,
) -> Result<Paged<MovementAnswer>, ApiError> {
    let (count, movements) = state.services.users.wallet(reader.0, input.page).await?;
    let results = movements.into_iter().map(Into::into).collect();
    Ok(Paged::new(
        &state,
        "qlive_user/wallet/",
        input.page,
        count,
        results,
    ))
}
