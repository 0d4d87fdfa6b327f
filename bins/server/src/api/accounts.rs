//! Operations 1–4, 22, 23: login, registration, profile, likes.

use actix_web::web::{Data, Json};
use qlive_ledger::LedgerError;
use qlive_types::UserId;
use qlive_users::{Draft, Profile, ProfileChange, Registration, UsersError};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::error::{ApiError, ErrorAnswer};
use crate::http::{Call, Caller, FromParams, Params, PresentedToken, Reader, State};

#[derive(ToSchema)]
pub(crate) struct LoginInput {
    #[schema(rename = "appId")]
    app_id: String,
    code: String,
}

/// A code of `wx.login`. WeChat's have 32 characters; something huge is none, and need not go there.
fn code(params: &Params) -> Result<String, ApiError> {
    optional_code(params)?.ok_or_else(|| ApiError::missing("code"))
}

/// The same where it may be left out.
pub(super) fn optional_code(params: &Params) -> Result<Option<String>, ApiError> {
    const LIMIT: usize = 128;
    match params.text("code")? {
        Some(code) if code.len() > LIMIT => Err(UsersError::InvalidCode.into()),
        other => Ok(other.map(str::to_owned)),
    }
}

impl FromParams for LoginInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            app_id: params.required("appId")?.to_owned(),
            code: code(params)?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LoginAnswer {
    Known(Box<LoginKnown>),
    Unknown(LoginUnknown),
}

/// `status` 1: nobody is registered under this openid.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginUnknown {
    status: i32,
}

/// `status` 0. `login_type` 1: the user is still in a live room, which the last four fields describe.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoginKnown {
    status: i32,
    #[serde(flatten)]
    credentials: CredentialsAnswer,
    login_type: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_type: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_room_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialsAnswer {
    token: String,
    user_id: String,
    /// Empty for a banned user.
    user_sign: String,
    sdk_app_id: u32,
}

impl From<qlive_users::Credentials> for CredentialsAnswer {
    fn from(credentials: qlive_users::Credentials) -> Self {
        Self {
            token: credentials.token.expose_secret().to_owned(),
            user_id: credentials.user.to_string(),
            user_sign: credentials.user_sig.expose_secret().to_owned(),
            sdk_app_id: credentials.sdk_app_id,
        }
    }
}

/// 1. Log in with a code of `wx.login`.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_user/login/", tag = "accounts", request_body = LoginInput,
    responses((status = 200, body = LoginAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn login(
    state: Data<State>,
    Call(token, input): Call<PresentedToken, LoginInput>,
) -> Result<Json<LoginAnswer>, ApiError> {
    let Some(credentials) = state
        .parts
        .users
        .login(input.app_id, input.code, token.0)
        .await?
    else {
        return Ok(Json(LoginAnswer::Unknown(LoginUnknown { status: 1 })));
    };
    let here = state.parts.rooms.whereabouts(credentials.user).await?;
    Ok(Json(LoginAnswer::Known(Box::new(LoginKnown {
        status: 0,
        credentials: credentials.into(),
        login_type: i32::from(here.is_some()),
        user_type: here.as_ref().map(|here| here.user_type),
        live_room_name: here.as_ref().map(|here| here.room_name.clone()),
        live_id: here.as_ref().map(|here| here.live.get()),
        group_id: here.map(|here| here.group.to_string()),
    }))))
}

#[derive(ToSchema)]
pub(crate) struct RegisterInput {
    #[schema(rename = "appId")]
    app_id: String,
    code: String,
    #[schema(rename = "encryptedData")]
    encrypted_data: Option<String>,
    iv: Option<String>,
}

impl FromParams for RegisterInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let (encrypted_data, iv) = (params.text("encryptedData")?, params.text("iv")?);
        match (encrypted_data, iv) {
            (Some(_), None) => return Err(ApiError::missing("iv")),
            (None, Some(_)) => return Err(ApiError::missing("encryptedData")),
            (Some(_), Some(_)) | (None, None) => {}
        }
        Ok(Self {
            app_id: params.required("appId")?.to_owned(),
            code: code(params)?,
            encrypted_data: encrypted_data.map(str::to_owned),
            iv: iv.map(str::to_owned),
        })
    }
}

/// 2. Register, or get the account that this openid already has.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_user/", tag = "accounts", request_body = RegisterInput,
    responses((status = 200, body = CredentialsAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn register(
    state: Data<State>,
    Call(token, input): Call<PresentedToken, RegisterInput>,
) -> Result<Json<CredentialsAnswer>, ApiError> {
    let registration = Registration {
        app_id: input.app_id,
        code: input.code,
        sealed: input.encrypted_data.zip(input.iv),
        token: token.0,
    };
    Ok(Json(state.parts.users.register(registration).await?.into()))
}

/// The whole profile. Of another user, what only he may know is empty.
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
    /// Whether name and gender are the person's own; without that there is no mic.
    profile_ready: bool,
}

impl ProfileAnswer {
    fn of_another(profile: Profile) -> Self {
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

    async fn of_oneself(state: &State, profile: Profile) -> Result<Self, ApiError> {
        let last_login_time = profile.last_login_at.map(qlive_types::Moment::shanghai);
        let purse = state.parts.users.purse(profile.user).await?;
        let gold = purse.gold().map_err(LedgerError::from)?.get();
        let (user, banned) = (profile.user, profile.banned_at.is_some());
        let answer = Self {
            last_login_time,
            gold,
            income: purse.income.get(),
            ..Self::of_another(profile)
        };
        if banned {
            return Ok(answer);
        }
        let (user_sig, expires_at) = state.parts.users.sign(user);
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

/// 3. Change one's profile. What is `""` or absent stays.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_user/update_userinfo/", tag = "accounts", request_body = ProfileInput,
    security(("token" = [])),
    responses((status = 200, body = ProfileAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn update_userinfo(
    state: Data<State>,
    Call(caller, input): Call<Caller, ProfileInput>,
) -> Result<Json<ProfileAnswer>, ApiError> {
    let change = ProfileChange::try_from(Draft {
        nickname: input.nickname,
        gender: input.gender,
        age: input.age,
        height: input.height,
        area: input.area,
        face_url: input.face_url,
    })?;
    state.parts.rooms.update_profile(caller.0, change).await?;
    let profile = state.parts.users.profile(caller.0).await?;
    Ok(Json(ProfileAnswer::of_oneself(&state, profile).await?))
}

#[derive(IntoParams)]
pub(crate) struct OptionalUserInput {
    /// Myself when empty.
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

/// 4. A profile.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_user/get_userinfo/", tag = "accounts", params(OptionalUserInput),
    security(("token" = [])),
    responses((status = 200, body = ProfileAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_userinfo(
    state: Data<State>,
    Call(caller, input): Call<Reader, OptionalUserInput>,
) -> Result<Json<ProfileAnswer>, ApiError> {
    let user = input.user_id.unwrap_or(caller.0);
    let profile = state.parts.users.profile(user).await?;
    let rate = state
        .parts
        .configs
        .snapshot()
        .await?
        .withdraw_rate()
        .to_string();
    let answer = if user == caller.0 {
        ProfileAnswer::of_oneself(&state, profile).await?
    } else {
        ProfileAnswer::of_another(profile)
    };
    Ok(Json(ProfileAnswer {
        rate: Some(rate),
        ..answer
    }))
}

#[derive(ToSchema)]
pub(crate) struct LikeInput {
    #[schema(value_type = String)]
    user_id: UserId,
    #[schema(value_type = i32)]
    like_state: bool,
}

impl FromParams for LikeInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: params.required_user_id()?,
            like_state: params.switch("like_state")?,
        })
    }
}

/// `{"detail": "ok"}`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LikeDone {
    detail: &'static str,
}

/// 22. Like somebody, or no longer.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_like/", tag = "accounts", request_body = LikeInput,
    security(("token" = [])),
    responses((status = 200, body = LikeDone), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn set_like(
    state: Data<State>,
    Call(caller, input): Call<Caller, LikeInput>,
) -> Result<Json<LikeDone>, ApiError> {
    state
        .parts
        .users
        .set_like(caller.0, input.user_id, input.like_state)
        .await?;
    Ok(Json(LikeDone { detail: "ok" }))
}

#[derive(IntoParams)]
pub(crate) struct UserInput {
    #[param(value_type = String)]
    user_id: UserId,
}

impl FromParams for UserInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: params.required_user_id()?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LikeAnswer {
    /// 1 likes, 0 does not.
    like_state: i32,
}

/// 23. Whether I like somebody.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_like/", tag = "accounts", params(UserInput), security(("token" = [])),
    responses((status = 200, body = LikeAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_like(
    state: Data<State>,
    Call(caller, input): Call<Reader, UserInput>,
) -> Result<Json<LikeAnswer>, ApiError> {
    let liked = state.parts.users.is_liked(caller.0, input.user_id).await?;
    Ok(Json(LikeAnswer {
        like_state: i32::from(liked),
    }))
}
