//! Login and registration.

use actix_web::web::{Data, Json};
use qlive_users::{Credentials, Registration};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::inputs::required_code;
use crate::http::{ApiError, Call, FromParams, Params, PresentedToken, State};

#[derive(ToSchema)]
pub(crate) struct LoginInput {
    #[schema(rename = "appId")]
    app_id: String,
    code: String,
}

impl FromParams for LoginInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            app_id: params.required_text("appId")?.to_owned(),
            code: required_code(params)?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LoginAnswer {
    Known(Box<LoginKnown>),
    Unknown(LoginUnknown),
}

/// `status` 1: no user has this openid.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginUnknown {
    status: i32,
}

/// `status` 0. With `login_type` 1 the user is still in a live room, which the last four fields
/// describe.
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

impl From<Credentials> for CredentialsAnswer {
    fn from(credentials: Credentials) -> Self {
        Self {
            token: credentials.token.expose_secret().to_owned(),
            user_id: credentials.user.to_string(),
            user_sign: credentials.user_sig.expose_secret().to_owned(),
            sdk_app_id: credentials.sdk_app_id,
        }
    }
}

pub(crate) async fn login(
    state: Data<State>,
    Call(token, input): Call<PresentedToken, LoginInput>,
) -> Result<Json<LoginAnswer>, ApiError> {
    let Some(credentials) = state
        .services
        .users
        .login(input.app_id, input.code, token.0)
        .await?
    else {
        return Ok(Json(LoginAnswer::Unknown(LoginUnknown { status: 1 })));
    };
    let here = state.services.rooms.whereabouts(credentials.user).await?;
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
        let (encrypted_data, iv) = (params.base64("encryptedData")?, params.base64("iv")?);
        match (encrypted_data, iv) {
            (Some(_), None) => return Err(ApiError::missing("iv")),
            (None, Some(_)) => return Err(ApiError::missing("encryptedData")),
            (Some(_), Some(_)) | (None, None) => {}
        }
        Ok(Self {
            app_id: params.required_text("appId")?.to_owned(),
            code: required_code(params)?,
            encrypted_data: encrypted_data.map(str::to_owned),
            iv: iv.map(str::to_owned),
        })
    }
}

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
    Ok(Json(
        state.services.users.register(registration).await?.into(),
    ))
}
