//! Withdrawals: income paid out in yuan.

use actix_web::web::{Data, Json};
use qlive_payments::{Withdrawal, WithdrawalRequest, WithdrawalState};
use qlive_types::{Coins, Moment, text};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::{ApiError, Call, Caller, FromParams, Params, Reader, State};

/// The longest name, in characters.
const NAME_LIMIT: usize = 64;

#[derive(ToSchema)]
pub(crate) struct WithdrawInput {
    /// Coins of income.
    #[schema(value_type = i64)]
    income: Coins,
    /// An idempotency key, chosen by the client: repeated calls withdraw once.
    request_id: String,
    /// The name on the identity card; required from 200,000 fen.
    real_name: Option<String>,
}

impl FromParams for WithdrawInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let income = Coins::new(params.required_integer("income")?)
            .ok()
            .filter(|income| !income.is_zero());
        let real_name = params.text("real_name")?;
        if real_name
            .is_some_and(|name| name.chars().count() > NAME_LIMIT || !text::is_displayable(name))
        {
            return Err(ApiError::invalid("real_name"));
        }
        Ok(Self {
            income: income.ok_or_else(|| ApiError::invalid("income"))?,
            request_id: params
                .request_id()?
                .ok_or_else(|| ApiError::missing("request_id"))?
                .to_owned(),
            real_name: real_name.map(str::to_owned),
        })
    }
}

/// A withdrawal. It has the last three fields only while the user must confirm it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawalAnswer {
    id: i64,
    income: i64,
    fen: i64,
    /// `review`, `confirm`, `paying`, `paid`, `rejected`, `failed` or `expired`.
    state: &'static str,
    /// When it was requested, in epoch milliseconds.
    at: i64,
    /// When the confirmation expires, in epoch milliseconds.
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mch_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    /// A parameter of `wx.requestMerchantTransfer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    package_info: Option<String>,
}

impl WithdrawalAnswer {
    fn of(state: &State, withdrawal: Withdrawal) -> Self {
        let is_to_confirm = withdrawal.state == WithdrawalState::AwaitingConfirmation;
        let merchant = state.services.payments.merchant_id().map(str::to_owned);
        Self {
            id: withdrawal.id,
            income: withdrawal.income.get(),
            fen: withdrawal.amount.get(),
            state: withdrawal.state.name(),
            at: withdrawal.created_at.millis(),
            expires_at: withdrawal.expires_at.map(Moment::millis),
            mch_id: merchant.filter(|_| is_to_confirm),
            app_id: is_to_confirm.then_some(withdrawal.app_id),
            package_info: withdrawal.package_info.filter(|_| is_to_confirm),
        }
    }
}

pub(crate) async fn withdraw(
    state: Data<State>,
    Call(caller, input): Call<Caller, WithdrawInput>,
) -> Result<Json<WithdrawalAnswer>, ApiError> {
    let WithdrawInput {
        income,
        request_id,
        real_name,
    } = input;
    let withdrawal = state
        .services
        .payments
        .request_withdrawal(WithdrawalRequest {
            user: caller.0,
            income,
            request_id,
            real_name,
        })
        .await?;
    Ok(Json(WithdrawalAnswer::of(&state, withdrawal)))
}

#[derive(IntoParams)]
pub(crate) struct WithdrawalsInput {
    /// Not given: the caller's last 20 withdrawals.
    id: Option<i64>,
}

impl FromParams for WithdrawalsInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            id: params.integer("id")?,
        })
    }
}

/// One withdrawal, or the caller's last ones.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum WithdrawalsAnswer {
    One(WithdrawalAnswer),
    Last(Vec<WithdrawalAnswer>),
}

pub(crate) async fn get_withdrawals(
    state: Data<State>,
    Call(reader, input): Call<Reader, WithdrawalsInput>,
) -> Result<Json<WithdrawalsAnswer>, ApiError> {
    let payments = &state.services.payments;
    Ok(Json(match input.id {
        Some(id) => WithdrawalsAnswer::One(WithdrawalAnswer::of(
            &state,
            payments.withdrawal_of(reader.0, id).await?,
        )),
        None => {
            let last = payments.withdrawals_of(reader.0).await?;
            WithdrawalsAnswer::Last(
                last.into_iter()
                    .map(|withdrawal| WithdrawalAnswer::of(&state, withdrawal))
                    .collect(),
            )
        }
    }))
}
