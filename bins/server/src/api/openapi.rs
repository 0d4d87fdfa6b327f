//! The OpenAPI document, made from the table of operations.

use qlive_app::BASE_PATH;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, RefOr,
    Required, Response, ResponseBuilder, ResponsesBuilder, Schema,
};

use super::endpoint::{Answer, Endpoint, Input, NamedSchemas, named};
use super::operation::Operation;
use super::routes::operations;
use crate::http::{Access, ErrorAnswer};

const JSON: &str = "application/json";
/// The name of the security scheme.
const TOKEN: &str = "token";

/// The document that `/openapi.json` serves.
pub(crate) fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas = NamedSchemas::new();
    let error = named::<ErrorAnswer>(&mut schemas);
    for operation in operations() {
        let mut endpoint = (operation.endpoint)();
        schemas.append(&mut endpoint.schemas);
        let path = format!("{BASE_PATH}{}", operation.path);
        paths = paths.path(path, path_item(operation, endpoint, &error));
    }
    let header = ApiKeyValue::with_description("Authorization", "`QLiveToken` and 40 hex digits");
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(TOKEN, SecurityScheme::ApiKey(ApiKey::Header(header)));
    let mut info = InfoBuilder::new()
        .title("qlive")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Live video matchmaking: the operations of the mini-program and the callbacks.",
        ))
        .build();
    info.license = Some(Default::default());
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

fn path_item(operation: &Operation, endpoint: Endpoint, error: &RefOr<Schema>) -> PathItem {
    let method = if operation.method.is_post() {
        HttpMethod::Post
    } else {
        HttpMethod::Get
    };
    let mut described = OperationBuilder::new()
        .tag(operation.tag.name())
        .operation_id(Some(operation.name))
        .summary(Some(operation.summary));
    described = match endpoint.input {
        Input::Nothing => described,
        Input::Parameters(parameters) => described.parameters(Some(parameters)),
        Input::Body(schema) => described.request_body(Some(request_body(*schema))),
    };
    if endpoint.access == Access::Token {
        described = described.security(SecurityRequirement::new(TOKEN, Vec::<String>::new()));
    }
    let (status, answer) = success(endpoint.answer);
    let mut responses = ResponsesBuilder::new()
        .response(status, answer)
        .response("4XX", json_response(error.clone()));
    if endpoint.can_fail {
        responses = responses.response("5XX", json_response(error.clone()));
    }
    PathItem::new(method, described.responses(responses.build()))
}

fn request_body(schema: RefOr<Schema>) -> RequestBody {
    RequestBodyBuilder::new()
        .content(JSON, Content::new(Some(schema)))
        .required(Some(Required::True))
        .build()
}

/// The status and the description of a successful answer.
fn success(answer: Answer) -> (&'static str, Response) {
    match answer {
        Answer::Json(schema) => ("200", json_response(*schema)),
        Answer::PlainText => {
            let text = Content::new(None::<RefOr<Schema>>);
            let response = ResponseBuilder::new().content("text/plain", text);
            ("200", response.build())
        }
        Answer::NoContent => ("204", Response::new("")),
    }
}

fn json_response(schema: RefOr<Schema>) -> Response {
    let content = Content::new(Some(schema));
    ResponseBuilder::new().content(JSON, content).build()
}
