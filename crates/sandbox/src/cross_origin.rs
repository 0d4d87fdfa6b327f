//! Which pages of a browser may call the sandbox: those of the server under development, and of
//! the origins that the configuration names. Requests of other pages are refused; what is no
//! browser sends no origin.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;

use crate::config::SandboxConfig;

/// How long a browser may remember what it was allowed, in seconds.
const MAX_AGE: usize = 600;

/// The middleware that decides by the `Origin` of a request.
pub(crate) fn cross_origin(config: &SandboxConfig) -> Cors {
    let mut origins = own_origins(&config.callback_base);
    origins.extend(config.origins.iter().cloned());
    let is_allowed = move |origin: &HeaderValue| origins.iter().any(|allowed| allowed == origin);
    Cors::default()
        .allowed_origin_fn(move |origin, _request| is_allowed(origin))
        .allowed_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_any_header()
        .max_age(MAX_AGE)
        .block_on_origin_mismatch(true)
}

/// The origins of a server on this machine, by its address and by the name of the machine.
fn own_origins(callback_base: &str) -> Vec<String> {
    let Some((scheme, rest)) = callback_base.split_once("://") else {
        return Vec::new();
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let mut origins = vec![format!("{scheme}://{authority}")];
    if let Some((_, port)) = authority.rsplit_once(':') {
        origins.push(format!("{scheme}://localhost:{port}"));
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_known_by_its_address_and_by_localhost() {
        let origins = own_origins("http://127.0.0.1:8080/wx/api/qlive/");
        assert_eq!(origins, ["http://127.0.0.1:8080", "http://localhost:8080"]);
        assert!(own_origins("").is_empty());
    }
}
