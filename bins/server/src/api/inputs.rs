//! Inputs that several operations share.

use qlive_rooms::VisitNumber;
use qlive_types::{LiveId, Page, UserId};
use qlive_users::UsersError;
use utoipa::{IntoParams, ToSchema};

use crate::http::{ApiError, FromParams, Params};

/// The longest login code that is sent to WeChat, in bytes. WeChat's codes have 32 characters.
const CODE_LIMIT: usize = 128;

/// No parameters. A body that cannot be read is refused nevertheless.
pub(crate) struct NoInput;

impl FromParams for NoInput {
    fn from_params(_: &Params) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// A room, and the visit to it that the call is about.
#[derive(IntoParams, ToSchema)]
pub(crate) struct RoomInput {
    #[param(value_type = i64)]
    #[schema(value_type = i64)]
    pub(crate) live_id: LiveId,
    /// The number of the visit that this call is about; see `presence` in the answers.
    #[param(value_type = Option<i64>)]
    #[schema(value_type = Option<i64>)]
    pub(crate) presence: Option<VisitNumber>,
}

impl FromParams for RoomInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.required_live_id()?,
            presence: params.visit()?,
        })
    }
}

/// Another user.
#[derive(IntoParams)]
pub(crate) struct UserInput {
    #[param(value_type = String)]
    pub(crate) user_id: UserId,
}

impl FromParams for UserInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: params.required_user_id()?,
        })
    }
}

/// A page of a listing with links.
#[derive(IntoParams)]
pub(crate) struct PageInput {
    /// Counts from 1.
    #[param(value_type = Option<i64>)]
    pub(crate) page: Page,
}

impl FromParams for PageInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            page: params.page()?,
        })
    }
}

/// The required `code` of `wx.login`.
///
/// # Errors
/// 400 when it is missing or too long to be one.
pub(super) fn required_code(params: &Params) -> Result<String, ApiError> {
    optional_code(params)?.ok_or_else(|| ApiError::missing("code"))
}

/// The optional `code` of `wx.login`.
///
/// # Errors
/// 400 when it is too long to be one.
pub(super) fn optional_code(params: &Params) -> Result<Option<String>, ApiError> {
    match params.text("code")? {
        Some(code) if code.len() > CODE_LIMIT => Err(UsersError::InvalidCode.into()),
        code => Ok(code.map(str::to_owned)),
    }
}
