//! [`Failure`]: why there is no page.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, ResponseError};
use qlive_store::StoreError;

/// Why a request was not answered as asked. `finish` makes the page of it, in the language of the
/// request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// Nobody is logged in, or not completely; holds where to go then.
    #[error("a login is needed")]
    LoginNeeded(String),
    /// The role may not do this.
    #[error("the role may not do this")]
    Forbidden,
    /// The request comes from another site.
    #[error("the request comes from another site")]
    OtherOrigin,
    #[error("there is no such page")]
    NotFound,
    #[error("the request cannot be read")]
    BadRequest,
    #[error("the database is busy")]
    Unavailable,
    #[error("something failed")]
    Internal,
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::LoginNeeded(_) => StatusCode::SEE_OTHER,
            Self::Forbidden | Self::OtherOrigin => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::LoginNeeded(to) = self {
            response.insert_header((LOCATION, to.as_str()));
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database failed");
        match error {
            StoreError::Unavailable(_) | StoreError::Busy => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page cannot be rendered");
        Self::Internal
    }
}
