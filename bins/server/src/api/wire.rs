//! Answers that several operations share.

use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::header::ContentType;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use qlive_app::BASE_PATH;
use qlive_rooms::UserOnStage;
use qlive_types::{Page, Rendered};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::{ApiError, State};

/// A JSON array.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct JsonRows<T>(pub(crate) Vec<T>);

impl<T: Serialize> Responder for JsonRows<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self.0)
    }
}

/// A JSON object with keys that are not known in advance.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

/// An answer that many requests share, as the JSON of an `A`.
pub(crate) struct SharedJson<A> {
    body: Bytes,
    answer: PhantomData<A>,
}

impl<A: Serialize> SharedJson<A> {
    /// The answer that is rendered in `rendered`, or that of `make`.
    ///
    /// # Errors
    /// The error of `make`.
    pub(crate) fn of(
        rendered: &Rendered,
        make: impl FnOnce() -> Result<A, ApiError>,
    ) -> Result<Self, ApiError> {
        let render = || serde_json::to_vec(&make()?).ok().ok_or(ApiError::INTERNAL);
        Ok(Self {
            body: rendered.get_or_render(render)?,
            answer: PhantomData,
        })
    }
}

impl<A> Responder for SharedJson<A> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(ContentType::json())
            .body(self.body)
    }
}

/// A page of a listing, with absolute links to the pages before and after it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paged<T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    #[schema(inline)]
    results: Vec<T>,
}

impl<T> Paged<T> {
    /// A page of the listing at `path` below the base path. `count` is the number of all rows.
    pub(crate) fn new(state: &State, path: &str, page: Page, count: i64, results: Vec<T>) -> Self {
        let link = |number: i64| format!("{}{BASE_PATH}{path}?page={number}", state.public_url);
        let number = page.number();
        let has_next = page.offset() + Page::ROWS < count;
        Self {
            count,
            next: has_next.then(|| link(number + 1)),
            previous: (number > 1).then(|| link(number - 1)),
            results,
        }
    }
}

impl<T: Serialize> Responder for Paged<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self)
    }
}

/// `{"detail": "OK"}`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    detail: &'static str,
}

impl Done {
    pub(crate) const OK: Self = Self { detail: "OK" };
}

/// A user on the stage, or `{}` when there is none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SeatAnswer {
    Occupied(PersonAnswer),
    Empty(Empty),
}

/// `{}`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Empty {}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonAnswer {
    play_url: String,
    nickname: String,
    area: String,
    age: i32,
    user_id: String,
    face_url: String,
}

impl From<Option<UserOnStage>> for SeatAnswer {
    fn from(user: Option<UserOnStage>) -> Self {
        match user {
            None => Self::Empty(Empty {}),
            Some(user) => Self::Occupied(PersonAnswer {
                play_url: user.play_url,
                nickname: user.nickname,
                area: user.area,
                age: user.age,
                user_id: user.user.to_string(),
                face_url: user.face_url,
            }),
        }
    }
}
