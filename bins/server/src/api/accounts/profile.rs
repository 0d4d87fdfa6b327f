//! Profiles: the caller's own in full, those of other users in part.

use actix_web::web::{Data, Json};
use qlive_ledger::{Balances, LedgerError};
use qlive_types::{Moment, UserId};
use qlive_users::{NameCheck, Profile, UnvalidatedProfileChange};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::{ApiError, Call, Caller, FromParams, Params, Reader, State};

/// A profile. In that of another user the fields that only they may read are empty or 0.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileAnswer {
    user_id: String,
    user_sig: String,
    user_sig_expired: Option<String>,
    nickname: String,
    gender: i32,
    age: i32,
    face_url: String,
    area: String,
    gold: i64,
    height: i32,
    is_matchmaker: bool,
    income: i64,
    last_login_time: Option<String>,
    create_time: String,
    /// Yuan for a coin of income; only in `get_userinfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    /// Whether the user has set name and gender. Without that they cannot take the mic.
    profile_ready: bool,
}

impl ProfileAnswer {
    fn of_other_user(profile: Profile) -> Self {
        Self {
            user_id: profile.user.to_string(),
            user_sig: String::new(),
            user_sig_expired: None,
            nickname: profile.nickname,
            gender: profile.gender.number(),
            age: profile.age,
            face_url: profile.face_url,
            area: profile.area,
            gold: 0,
            height: profile.height,
            is_matchmaker: profile.matchmaker,
            income: 0,
            last_login_time: None,
            create_time: profile.created_at.shanghai(),
            rate: None,
            profile_ready: profile.ready,
        }
    }

    fn of_caller(state: &State, profile: Profile, balances: &Balances) -> Result<Self, ApiError> {
        let last_login_time = profile.last_login_at.map(Moment::shanghai);
        let gold = balances.gold().map_err(LedgerError::from)?.get();
        let (user, banned) = (profile.user, profile.banned_at.is_some());
        let answer = Self {
            last_login_time,
            gold,
            income: balances.income.get(),
            ..Self::of_other_user(profile)
        };
        if banned {
            return Ok(answer);
        }
        let (user_sig, expires_at) = state.services.users.issue_user_sig(user);
        Ok(Self {
            user_sig: user_sig.expose_secret().to_owned(),
            user_sig_expired: Some(expires_at.shanghai()),
            ..answer
        })
    }
}

#[derive(ToSchema)]
pub(crate) struct ProfileInput {
    nickname: Option<String>,
    gender: Option<i64>,
    age: Option<i64>,
    area: Option<String>,
    face_url: Option<String>,
    height: Option<i64>,
}

impl FromParams for ProfileInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let text = |name| Ok::<_, ApiError>(params.text(name)?.map(str::to_owned));
        Ok(Self {
            nickname: text("nickname")?,
            gender: params.integer("gender")?,
            age: params.integer("age")?,
            area: text("area")?,
            face_url: text("face_url")?,
            height: params.integer("height")?,
        })
    }
}

pub(crate) async fn update_userinfo(
    state: Data<State>,
    Call(caller, input): Call<Caller, ProfileInput>,
) -> Result<Json<ProfileAnswer>, ApiError> {
    let input = UnvalidatedProfileChange {
        nickname: input.nickname,
        gender: input.gender,
        age: input.age,
        height: input.height,
        area: input.area,
        face_url: input.face_url,
    };
    let services = &state.services;
    let change = services.users.validate_profile_change(input)?;
    let check = services.rooms.update_profile(caller.0, change).await?;
    if check == Some(NameCheck::Unchecked) {
        state.metrics.count_unchecked_name();
    }
    let (profile, balances) = services.users.profile_with_balances(caller.0).await?;
    let answer = ProfileAnswer::of_caller(&state, profile, &balances)?;
    Ok(Json(answer))
}

#[derive(IntoParams)]
pub(crate) struct OptionalUserInput {
    /// Not given: the caller.
    #[param(value_type = Option<String>)]
    user_id: Option<UserId>,
}

impl FromParams for OptionalUserInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: params.user_id()?,
        })
    }
}

pub(crate) async fn get_userinfo(
    state: Data<State>,
    Call(caller, input): Call<Reader, OptionalUserInput>,
) -> Result<Json<ProfileAnswer>, ApiError> {
    let user = input.user_id.unwrap_or(caller.0);
    let users = &state.services.users;
    let answer = if user == caller.0 {
        let (profile, balances) = users.profile_with_balances(user).await?;
        ProfileAnswer::of_caller(&state, profile, &balances)?
    } else {
        ProfileAnswer::of_other_user(users.profile(user).await?)
    };
    let configs = state.services.configs.snapshot().await?;
    let rate = configs.withdraw_rate().to_string();
    Ok(Json(ProfileAnswer {
        rate: Some(rate),
        ..answer
    }))
}
