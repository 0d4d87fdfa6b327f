//! The router, made from the table of operations.

use actix_web::http::Method;
use actix_web::{Resource, web};
use qlive_app::BASE_PATH;

use super::endpoint::Endpoint;
use super::operation::{Operation, Verb};
use super::pages::configure_pages;
use super::routes::operations;
use crate::http::ApiError;

/// The operation that a request is for, if there is one.
pub(crate) fn find_operation(method: &Method, path: &str) -> Option<&'static Operation> {
    let path = path.strip_prefix(BASE_PATH)?;
    let path = path.strip_suffix('/').unwrap_or(path);
    operations().iter().find(|operation| {
        operation.path.strip_suffix('/') == Some(path)
            && operation.method.methods().contains(method)
    })
}

/// Whether HEAD on this path is answered as GET is, without the body. Not where GET changes state.
pub(crate) fn answers_head(path: &str) -> bool {
    find_operation(&Method::GET, path).is_none_or(|operation| operation.method == Verb::Get)
}

/// Registers every operation, with and without its trailing slash, and the other pages.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let mut paths: Vec<&str> = operations()
        .iter()
        .map(|operation| operation.path)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let with_slash = format!("{BASE_PATH}{path}");
        config.service(resource(with_slash.trim_end_matches('/'), path));
        config.service(resource(&with_slash, path));
    }
    configure_pages(config);
    config.default_service(web::to(not_found));
}

/// The operations with this path in the table, at one address. A resource of its own for each
/// address, since the router compares fixed addresses as strings, but alternatives as regular
/// expressions.
fn resource(address: &str, path: &str) -> Resource {
    let here = operations()
        .iter()
        .filter(|operation| operation.path == path);
    let mut resource = web::resource(address);
    for operation in here {
        for method in operation.method.methods() {
            let Endpoint { route, .. } = (operation.endpoint)();
            resource = resource.route(route.method(method.clone()));
        }
    }
    resource.default_service(web::to(method_not_allowed))
}

async fn method_not_allowed() -> Result<&'static str, ApiError> {
    Err(ApiError::METHOD_NOT_ALLOWED)
}

async fn not_found() -> Result<&'static str, ApiError> {
    Err(ApiError::NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_is_found_by_method_and_path_with_or_without_slash() {
        let name = |method: Method, path: &str| {
            let path = format!("{BASE_PATH}{path}");
            find_operation(&method, &path).map(|operation| operation.name)
        };
        assert_eq!(name(Method::GET, "qlive_like/"), Some("get_like"));
        assert_eq!(name(Method::POST, "qlive_like"), Some("set_like"));
        assert_eq!(name(Method::POST, "qlive_user/logout/"), Some("logout"));
        assert_eq!(name(Method::PUT, "qlive_like/"), None);
        assert_eq!(name(Method::GET, "qlive_like/x"), None);
        assert!(find_operation(&Method::GET, "/healthz").is_none());
    }

    #[test]
    fn head_is_answered_where_get_changes_nothing() {
        let answers = |path: &str| answers_head(&format!("{BASE_PATH}{path}"));
        assert!(answers("get_livelist/") && answers("qlive_like") && answers("wx_notify/"));
        for path in [
            "get_playurl/",
            "qlive_gift/push_gift/",
            "qlive_user/logout",
            "qlive_pay/order/",
        ] {
            assert!(!answers(path), "{path}");
        }
        assert!(answers_head("/healthz") && answers_head("/docs/"));
    }
}
