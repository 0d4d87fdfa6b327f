//! Who calls. A handler names the caller that it needs in its signature: `Call<Caller, Input>`.
//! Authentication comes first: nothing of a request without a valid token is read.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use qlive_rooms::Activity;
use qlive_types::UserId;
use qlive_users::AuthenticatedUser;
use secrecy::SecretString;

use super::access::Access;
use super::errors::ApiError;
use super::params::{FromParams, Params};
use super::state::State;

/// A user who may change something: logged in and not banned.
#[derive(Clone, Copy)]
pub(crate) struct Caller(pub(crate) UserId);

/// A user who may read: logged in, perhaps banned.
#[derive(Clone, Copy)]
pub(crate) struct Reader(pub(crate) UserId);

/// A user who pays: logged in and not banned. Their token signs the answer.
pub(crate) struct Payer {
    pub(crate) user: UserId,
    pub(crate) token: SecretString,
}

/// A user who leaves: the call does not count as activity. A banned user may log out.
#[derive(Clone, Copy)]
pub(crate) struct Leaver {
    user: UserId,
    banned: bool,
}

impl Leaver {
    pub(crate) const fn user(self) -> UserId {
        self.user
    }

    /// The user, unless they are banned.
    ///
    /// # Errors
    /// 403 `banned`.
    pub(crate) fn unless_banned(self) -> Result<UserId, ApiError> {
        if self.banned {
            Err(ApiError::BANNED)
        } else {
            Ok(self.user)
        }
    }
}

/// The token of a call that needs none, not yet checked. One that is not valid is ignored.
pub(crate) struct PresentedToken(pub(crate) Option<SecretString>);

/// The user that the token of a request belongs to, for the access log.
#[derive(Clone, Copy)]
pub(super) struct AuthenticatedCaller(pub(super) UserId);

/// Who makes a call.
pub(crate) trait Who: Sized {
    /// The access that the table of operations must state for this caller.
    const ACCESS: Access;

    /// Identifies the caller of a request.
    ///
    /// # Errors
    /// 401, 403 or 429 when they may not call.
    async fn identify(request: &HttpRequest) -> Result<Self, ApiError>;
}

impl Who for Caller {
    const ACCESS: Access = Access::Token;

    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        let user = authenticate(request, Activity::Record).await?;
        if user.banned {
            Err(ApiError::BANNED)
        } else {
            Ok(Self(user.user))
        }
    }
}

impl Who for Payer {
    const ACCESS: Access = Access::Token;

    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        let caller = Caller::identify(request).await?;
        Ok(Self {
            user: caller.0,
            token: presented_token(request).ok_or(ApiError::UNAUTHORIZED)?,
        })
    }
}

impl Who for Reader {
    const ACCESS: Access = Access::Token;

    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        let user = authenticate(request, Activity::Record).await?;
        Ok(Self(user.user))
    }
}

impl Who for Leaver {
    const ACCESS: Access = Access::Token;

    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        let user = authenticate(request, Activity::Ignore).await?;
        Ok(Self {
            user: user.user,
            banned: user.banned,
        })
    }
}

impl Who for PresentedToken {
    const ACCESS: Access = Access::Open;

    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        Ok(Self(presented_token(request)))
    }
}

fn presented_token(request: &HttpRequest) -> Option<SecretString> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let token = header.strip_prefix("QLiveToken ")?.trim();
    Some(token.to_owned().into())
}

/// Checks the token of a request and the rate limit of its user.
async fn authenticate(
    request: &HttpRequest,
    activity: Activity,
) -> Result<AuthenticatedUser, ApiError> {
    let state = request.app_data::<web::Data<State>>();
    let state = state.ok_or(ApiError::INTERNAL)?;
    let token = presented_token(request).ok_or(ApiError::UNAUTHORIZED)?;
    let rooms = &state.services.rooms;
    let user = rooms
        .authenticate(token, activity)
        .await?
        .ok_or(ApiError::UNAUTHORIZED)?;
    let mut extensions = request.extensions_mut();
    extensions.insert(AuthenticatedCaller(user.user));
    if state.rate_limits.allows_user(user.user) {
        Ok(user)
    } else {
        Err(ApiError::TOO_MANY)
    }
}

/// A call: who makes it, and the typed input.
pub(crate) struct Call<W, T>(pub(crate) W, pub(crate) T);

impl<W: Who + 'static, T: FromParams + 'static> FromRequest for Call<W, T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let who = W::identify(&request).await?;
            let body = body.await.ok().ok_or(ApiError::TOO_LARGE)?;
            let params = Params::read(&request, &body)?;
            Ok(Self(who, T::from_params(&params)?))
        })
    }
}
