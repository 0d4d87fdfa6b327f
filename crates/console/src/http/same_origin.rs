//! The rule against requests that another site makes a browser send: a request that may change
//! something must come from a page of the console itself.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HOST, ORIGIN};

/// Whether the request only reads, or comes from a page of this origin.
///
/// A browser says in `Sec-Fetch-Site` where a request comes from ("Fetch Metadata Request
/// Headers"); one that does not names the origin of the page in `Origin`. A request with neither is
/// refused.
pub(crate) fn is_allowed(request: &HttpRequest) -> bool {
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return true;
    }
    let text = |name: &str| request.headers().get(name)?.to_str().ok();
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = text(HOST.as_str()).unwrap_or_default();
            let named = origin.split_once("://").map(|(_, named)| named);
            !host.is_empty() && named == Some(host)
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn allows(headers: &[(&str, &str)]) -> bool {
        let mut request = TestRequest::post().insert_header(("host", "127.0.0.1:8082"));
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        is_allowed(&request.to_http_request())
    }

    #[test]
    fn only_a_page_of_the_same_origin_changes_something() {
        assert!(allows(&[("sec-fetch-site", "same-origin")]));
        assert!(allows(&[("origin", "http://127.0.0.1:8082")]));
        assert!(!allows(&[]));
        assert!(!allows(&[("origin", "http://127.0.0.1:8083")]));
        assert!(!allows(&[("origin", "null")]));
        for site in ["cross-site", "same-site", "none", ""] {
            let headers = [
                ("sec-fetch-site", site),
                ("origin", "http://127.0.0.1:8082"),
            ];
            assert!(!allows(&headers), "{site}");
        }
    }

    #[test]
    fn anybody_may_send_a_reader_to_a_page() {
        let request = TestRequest::get().insert_header(("sec-fetch-site", "cross-site"));
        assert!(is_allowed(&request.to_http_request()));
    }
}
