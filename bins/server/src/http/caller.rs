//! Who calls: the right to call an operation stands in its handler's signature.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use qlive_rooms::Heard;
use qlive_types::UserId;
use secrecy::SecretString;

use super::State;
use super::error::ApiError;

/// A user who may change something: logged in, not banned.
#[derive(Clone, Copy)]
pub(crate) struct Caller(pub(crate) UserId);

/// A user who may read: logged in, perhaps banned.
#[derive(Clone, Copy)]
pub(crate) struct Reader(pub(crate) UserId);

/// A user on his way out: his call is no sign of life. A banned one may log out.
#[derive(Clone, Copy)]
pub(crate) struct Leaver {
    user: UserId,
    banned: bool,
}

impl Leaver {
    pub(crate) const fn user(self) -> UserId {
        self.user
    }

    pub(crate) fn unless_banned(self) -> Result<UserId, ApiError> {
        if self.banned { Err(ApiError::BANNED) } else { Ok(self.user) }
    }
}

/// A token that came with a call that needs none; a stale one is as good as none.
pub(crate) struct PresentedToken(pub(crate) Option<SecretString>);

/// The user of a request, for the access log.
#[derive(Clone, Copy)]
pub(crate) struct LoggedUser(pub(crate) UserId);

fn token(request: &HttpRequest) -> Option<SecretString> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let token = header.strip_prefix("QLiveToken ")?.trim();
    Some(token.to_owned().into())
}

async fn identify(request: HttpRequest, heard: Heard) -> Result<qlive_users::Caller, ApiError> {
    let state = request.app_data::<web::Data<State>>().ok_or(ApiError::INTERNAL)?;
    let token = token(&request).ok_or(ApiError::UNAUTHORIZED)?;
    let caller = state.parts.rooms.admit(token, heard).await?.ok_or(ApiError::UNAUTHORIZED)?;
    request.extensions_mut().insert(LoggedUser(caller.user));
    if state.limits.allows_user(caller.user) { Ok(caller) } else { Err(ApiError::TOO_MANY) }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = identify(request, Heard::Yes).await?;
            if caller.banned { Err(ApiError::BANNED) } else { Ok(Self(caller.user)) }
        })
    }
}

impl FromRequest for Reader {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(identify(request, Heard::Yes).await?.user)) })
    }
}

impl FromRequest for Leaver {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = identify(request, Heard::No).await?;
            Ok(Self { user: caller.user, banned: caller.banned })
        })
    }
}

impl FromRequest for PresentedToken {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(token(request))))
    }
}
