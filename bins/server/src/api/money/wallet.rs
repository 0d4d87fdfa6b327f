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
    kind: MovementKind,
    /// The change of gold and income together.
    amount: i64,
    /// The gold afterwards.
    gold: i64,
    /// The income afterwards.
    income: i64,
}

/// Why gold or income moved.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MovementKind {
    Recharge,
    Grant,
    GiftSent,
    GiftReceived,
    Refund,
    RefundReturned,
    Withdraw,
    WithdrawReturned,
    Correction,
}

impl From<HistoryEntry> for MovementAnswer {
    fn from(movement: HistoryEntry) -> Self {
        let kind = match movement.kind {
            EntryKind::Recharge => MovementKind::Recharge,
            EntryKind::Grant => MovementKind::Grant,
            EntryKind::Gift if movement.amount < 0 => MovementKind::GiftSent,
            EntryKind::Gift => MovementKind::GiftReceived,
            EntryKind::Refund => MovementKind::Refund,
            EntryKind::RefundReturned => MovementKind::RefundReturned,
            EntryKind::Hold | EntryKind::Payout => MovementKind::Withdraw,
            EntryKind::PayoutReturned => MovementKind::WithdrawReturned,
            EntryKind::Reversal => MovementKind::Correction,
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
