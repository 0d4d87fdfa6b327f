//! Our additions: income paid out in yuan.

use actix_web::web::{Data, Json};
use qlive_payments::{Wish, Withdrawal, payout};
use qlive_types::{Coins, text};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::error::{ApiError, ErrorAnswer};
use crate::http::{Call, Caller, FromParams, Params, Reader, State};

/// The most characters of a name.
const NAME_LIMIT: usize = 64;

#[derive(ToSchema)]
pub(crate) struct WithdrawInput {
    /// Coins of income.
    #[schema(value_type = i64)]
    income: Coins,
    /// Chosen by the client before the first try: asked twice, it is withdrawn once.
    request_id: String,
    /// As on the identity card; required from 200,000 fen.
    real_name: Option<String>,
}

impl FromParams for WithdrawInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let income = Coins::new(params.required_integer("income")?)
            .ok()
            .filter(|income| !income.is_zero());
        let real_name = params.text("real_name")?;
        if real_name
            .is_some_and(|name| name.chars().count() > NAME_LIMIT || text::has_control(name))
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

/// A withdrawal. The last three fields are there while the user must confirm.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawalAnswer {
    id: i64,
    income: i64,
    fen: i64,
    /// `review`, `confirm`, `paying`, `paid`, `rejected`, `failed` or `expired`.
    state: &'static str,
    /// When it was asked for, in epoch milliseconds.
    at: i64,
    /// Until when it must be confirmed, in epoch milliseconds.
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mch_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    /// For `wx.requestMerchantTransfer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    package_info: Option<String>,
}

impl WithdrawalAnswer {
    fn of(state: &State, withdrawal: Withdrawal) -> Self {
        let confirms = withdrawal.state == payout::State::Confirm;
        let merchant = state.parts.payments.merchant().map(str::to_owned);
        Self {
            id: withdrawal.id,
            income: withdrawal.income.get(),
            fen: withdrawal.amount.get(),
            state: withdrawal.state.name(),
            at: withdrawal.created_at.millis(),
            expires_at: withdrawal.expires_at.map(qlive_types::Moment::millis),
            mch_id: merchant.filter(|_| confirms),
            app_id: confirms.then_some(withdrawal.app_id),
            package_info: withdrawal.package_info.filter(|_| confirms),
        }
    }
}

/// Ask for a payout. The income is held at once.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_user/withdraw/", tag = "additions", request_body = WithdrawInput,
    security(("token" = [])),
    responses((status = 200, body = WithdrawalAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
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
        .parts
        .payments
        .withdraw(Wish {
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
    /// Without one, one's last 20 withdrawals are answered.
    id: Option<i64>,
}

impl FromParams for WithdrawalsInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            id: params.integer("id")?,
        })
    }
}

/// The withdrawal asked for, or one's last ones.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum WithdrawalsAnswer {
    One(WithdrawalAnswer),
    Last(Vec<WithdrawalAnswer>),
}

/// One's own withdrawals.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_user/withdrawals/", tag = "additions", params(WithdrawalsInput),
    security(("token" = [])),
    responses((status = 200, body = WithdrawalsAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_withdrawals(
    state: Data<State>,
    Call(reader, input): Call<Reader, WithdrawalsInput>,
) -> Result<Json<WithdrawalsAnswer>, ApiError> {
    let payments = &state.parts.payments;
    Ok(Json(match input.id {
        Some(id) => WithdrawalsAnswer::One(WithdrawalAnswer::of(
            &state,
            payments.withdrawal_of(reader.0, id).await?,
        )),
        None => {
            let last = payments.withdrawals_of(reader.0).await?;
            WithdrawalsAnswer::Last(
                last.into_iter()
                    .map(|one| WithdrawalAnswer::of(&state, one))
                    .collect(),
            )
        }
    }))
}
