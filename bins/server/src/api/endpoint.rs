//! A handler as the router and the OpenAPI document need it. What the document says about
//! parameters and answer comes from the handler's signature, so the two cannot differ.

use actix_web::web::{self, Data, Json};
use actix_web::{Handler, Responder, Route};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, Schema, Type};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr};
use utoipa::{IntoParams, PartialSchema as _, ToSchema};

use super::inputs::NoInput;
use super::wire::{JsonObject, JsonRows, Paged, SharedJson};
use crate::http::{Access, ApiError, Call, FromParams, State, Who};

/// The schemas that the document lists, by name.
pub(crate) type NamedSchemas = Vec<(String, RefOr<Schema>)>;

/// A handler, and what the document says about it.
pub(crate) struct Endpoint {
    pub(crate) route: Route,
    /// Who may call, as the handler's signature says.
    pub(crate) access: Access,
    pub(crate) input: Input,
    pub(crate) answer: Answer,
    pub(crate) schemas: NamedSchemas,
    /// Whether the server itself can fail: the answers 5xx are described.
    pub(crate) can_fail: bool,
}

/// What a request carries.
pub(crate) enum Input {
    Nothing,
    Parameters(Vec<Parameter>),
    /// A JSON object or a form.
    Body(Box<RefOr<Schema>>),
}

/// The successful answer.
pub(crate) enum Answer {
    Json(Box<RefOr<Schema>>),
    PlainText,
    /// Status 204, without a body.
    NoContent,
}

/// A successful answer whose type says how it is described.
pub(crate) trait DescribedAnswer {
    /// The schema; those that it refers to are added to `schemas`.
    fn describe(schemas: &mut NamedSchemas) -> RefOr<Schema>;
}

impl<T: ToSchema> DescribedAnswer for Json<T> {
    fn describe(schemas: &mut NamedSchemas) -> RefOr<Schema> {
        named::<T>(schemas)
    }
}

impl<T: ToSchema> DescribedAnswer for JsonRows<T> {
    fn describe(schemas: &mut NamedSchemas) -> RefOr<Schema> {
        let row = named::<T>(schemas);
        Schema::from(ArrayBuilder::new().items(row)).into()
    }
}

impl<T: ToSchema> DescribedAnswer for Paged<T>
where
    Self: ToSchema,
{
    fn describe(schemas: &mut NamedSchemas) -> RefOr<Schema> {
        named::<T>(schemas);
        let name = format!("Paged_{}", T::name());
        schemas.push((name.clone(), Self::schema()));
        Ref::from_schema_name(name).into()
    }
}

impl<A: DescribedAnswer> DescribedAnswer for SharedJson<A> {
    fn describe(schemas: &mut NamedSchemas) -> RefOr<Schema> {
        A::describe(schemas)
    }
}

impl DescribedAnswer for JsonObject {
    fn describe(_schemas: &mut NamedSchemas) -> RefOr<Schema> {
        any_object()
    }
}

/// An operation that takes parameters from the query.
pub(crate) fn query<F, W, T, A>(handler: F) -> Endpoint
where
    F: Handler<(Data<State>, Call<W, T>), Output = Result<A, ApiError>>,
    W: Who + 'static,
    T: FromParams + IntoParams + 'static,
    A: Responder + DescribedAnswer + 'static,
{
    let parameters = T::into_params(|| Some(ParameterIn::Query));
    operation(handler, Input::Parameters(parameters), NamedSchemas::new())
}

/// An operation that takes parameters from the body.
pub(crate) fn body<F, W, T, A>(handler: F) -> Endpoint
where
    F: Handler<(Data<State>, Call<W, T>), Output = Result<A, ApiError>>,
    W: Who + 'static,
    T: FromParams + ToSchema + 'static,
    A: Responder + DescribedAnswer + 'static,
{
    let mut schemas = NamedSchemas::new();
    let body = named::<T>(&mut schemas);
    operation(handler, Input::Body(Box::new(body)), schemas)
}

/// An operation without parameters.
pub(crate) fn no_input<F, W, A>(handler: F) -> Endpoint
where
    F: Handler<(Data<State>, Call<W, NoInput>), Output = Result<A, ApiError>>,
    W: Who + 'static,
    A: Responder + DescribedAnswer + 'static,
{
    operation(handler, Input::Nothing, NamedSchemas::new())
}

fn operation<F, W, T, A>(handler: F, input: Input, mut schemas: NamedSchemas) -> Endpoint
where
    F: Handler<(Data<State>, Call<W, T>), Output = Result<A, ApiError>>,
    W: Who + 'static,
    T: FromParams + 'static,
    A: Responder + DescribedAnswer + 'static,
{
    let answer = Answer::Json(Box::new(A::describe(&mut schemas)));
    Endpoint {
        route: web::route().to(handler),
        access: W::ACCESS,
        input,
        answer,
        schemas,
        can_fail: true,
    }
}

/// A callback of an external system, which sends a body in that system's own format.
pub(crate) fn callback(route: Route, answer: CallbackAnswer) -> Endpoint {
    Endpoint {
        route,
        access: Access::Callback,
        input: Input::Body(Box::new(any_object())),
        answer: answer.answer,
        schemas: answer.schemas,
        can_fail: true,
    }
}

/// The check of a callback's address: a GET that is answered with a text of the query.
pub(crate) fn address_check(route: Route) -> Endpoint {
    Endpoint {
        route,
        access: Access::Callback,
        input: Input::Nothing,
        answer: Answer::PlainText,
        schemas: NamedSchemas::new(),
        can_fail: false,
    }
}

/// How a callback is answered.
pub(crate) struct CallbackAnswer {
    answer: Answer,
    schemas: NamedSchemas,
}

impl CallbackAnswer {
    /// JSON of this type.
    pub(crate) fn json<T: ToSchema>() -> Self {
        let mut schemas = NamedSchemas::new();
        let answer = Answer::Json(Box::new(named::<T>(&mut schemas)));
        Self { answer, schemas }
    }

    /// An object in the external system's own format.
    pub(crate) fn any_object() -> Self {
        Self {
            answer: Answer::Json(Box::new(any_object())),
            schemas: NamedSchemas::new(),
        }
    }

    pub(crate) fn no_content() -> Self {
        Self {
            answer: Answer::NoContent,
            schemas: NamedSchemas::new(),
        }
    }
}

/// A reference to the schema of `T`, which is added to `schemas` with all that it refers to.
pub(crate) fn named<T: ToSchema>(schemas: &mut NamedSchemas) -> RefOr<Schema> {
    schemas.push((T::name().into(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(T::name()).into()
}

fn any_object() -> RefOr<Schema> {
    Schema::from(ObjectBuilder::new().schema_type(Type::Object)).into()
}
