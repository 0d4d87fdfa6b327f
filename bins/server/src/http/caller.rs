//! Who calls: the right to call an operation stands in its handler's signature.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use qlive_rooms::Heard;
use qlive_types::UserId;
use secrecy::SecretString;

use super::error::ApiError;
use super::{FromParams, Params, State};

/// A user who may change something: logged in, not banned.
#[derive(Clone, Copy)]
pub(crate) struct Caller(pub(crate) UserId);

/// A user who may read: logged in, perhaps banned.
#[derive(Clone, Copy)]
pub(crate) struct Reader(pub(crate) UserId);

/// A user who pays, with the token that signs what he is answered: logged in, not banned.
pub(crate) struct Payer {
    pub(crate) user: UserId,
    pub(crate) token: SecretString,
}

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
        if self.banned {
            Err(ApiError::BANNED)
        } else {
            Ok(self.user)
        }
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

async fn identify(request: &HttpRequest, heard: Heard) -> Result<qlive_users::Caller, ApiError> {
    let state = request
        .app_data::<web::Data<State>>()
        .ok_or(ApiError::INTERNAL)?;
    let token = token(request).ok_or(ApiError::UNAUTHORIZED)?;
    let caller = state
        .parts
        .rooms
        .admit(token, heard)
        .await?
        .ok_or(ApiError::UNAUTHORIZED)?;
    request.extensions_mut().insert(LoggedUser(caller.user));
    if state.limits.allows_user(caller.user) {
        Ok(caller)
    } else {
        Err(ApiError::TOO_MANY)
    }
}

/// Somebody in particular who may call.
pub(crate) trait Who: Sized {
    /// Finds out from the request, or refuses it.
    async fn identify(request: &HttpRequest) -> Result<Self, ApiError>;
}

impl Who for Caller {
    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        let caller = identify(request, Heard::Yes).await?;
        if caller.banned {
            Err(ApiError::BANNED)
        } else {
            Ok(Self(caller.user))
        }
    }
}

impl Who for Payer {
    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        let caller = Caller::identify(request).await?;
        Ok(Self {
            user: caller.0,
            token: token(request).ok_or(ApiError::UNAUTHORIZED)?,
        })
    }
}

impl Who for Reader {
    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        Ok(Self(identify(request, Heard::Yes).await?.user))
    }
}

impl Who for Leaver {
    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        let caller = identify(request, Heard::No).await?;
        Ok(Self {
            user: caller.user,
            banned: caller.banned,
        })
    }
}

impl Who for PresentedToken {
    async fn identify(request: &HttpRequest) -> Result<Self, ApiError> {
        Ok(Self(token(request)))
    }
}

/// A call: who makes it, and what it asks. Strangers are turned away before anything of what they sent is read.
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
