//! What is around every answer: request id, limits, the client's language, the access log, metrics.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use qlive_types::random;
use tracing::Instrument as _;

use super::State;
use super::caller::LoggedUser;
use super::error::ApiError;
use super::routes::{self, Access};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over from a proxy.
const REQUEST_ID_LIMIT: usize = 64;

/// Wraps every request of the application.
pub(crate) async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = request
        .app_data::<web::Data<State>>()
        .cloned()
        .ok_or(ApiError::INTERNAL)?;
    let started = tokio::time::Instant::now();
    let id = request_id(&request);
    let english = prefers_english(&request);
    let operation = routes::matched(request.method(), request.path());
    let name = operation.map_or("other", |operation| operation.name);
    let callback = operation.is_some_and(|operation| operation.access == Access::Callback);

    let mut response = if callback || state.limits.allows_address(request.request()) {
        next.call(request)
            .instrument(tracing::info_span!("request", id))
            .await?
            .map_into_boxed_body()
    } else {
        request.error_response(ApiError::TOO_MANY)
    };
    let error = response
        .response()
        .error()
        .and_then(|error| error.as_error::<ApiError>())
        .cloned();
    if let Some(error) = &error {
        if let Some(system) = error.blames() {
            state.metrics.upstream_error(system);
        }
        response = localized(response, error, english, name == "accept_micro");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if operation.is_some_and(|operation| operation.uncached()) {
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    let user = response
        .request()
        .extensions()
        .get::<LoggedUser>()
        .map(|user| user.0.get());
    state.metrics.request(name, status, took);
    tracing::info!(target: "access", operation = name, user, status, ms = took.as_millis(), id, "answered");
    Ok(response)
}

/// The same error in the client's language.
fn localized(
    response: ServiceResponse<BoxBody>,
    error: &ApiError,
    english: bool,
    with_error_msg: bool,
) -> ServiceResponse<BoxBody> {
    let Ok(body) = serde_json::to_vec(&error.body(english, with_error_msg)) else {
        return response;
    };
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The id that a proxy gave, when it is a sane one, else one of our own.
fn request_id(request: &ServiceRequest) -> String {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        (1..=REQUEST_ID_LIMIT).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    given
        .filter(sane)
        .map_or_else(|| random::hex(8), str::to_owned)
}

/// Whether the client likes English better than Chinese.
fn prefers_english(request: &ServiceRequest) -> bool {
    let header = request
        .headers()
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let weight = |language: &str| {
        header
            .split(',')
            .filter(|part| part.trim().to_ascii_lowercase().starts_with(language))
            .map(quality)
            .max()
            .unwrap_or(0)
    };
    weight("en") > weight("zh")
}

/// The `q` of a language in thousandths.
fn quality(part: &str) -> u32 {
    let Some((_, q)) = part.split_once("q=") else {
        return 1000;
    };
    let (whole, fraction) = q.trim().split_once('.').unwrap_or((q.trim(), "0"));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u32>().unwrap_or(0).min(1) * 1000 + digits.parse::<u32>().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn english(header: &str) -> bool {
        prefers_english(
            &TestRequest::get()
                .insert_header((ACCEPT_LANGUAGE, header))
                .to_srv_request(),
        )
    }

    #[test]
    fn the_better_liked_language_wins() {
        assert!(english("en"));
        assert!(english("en-US,en;q=0.9"));
        assert!(english("zh;q=0.5, en;q=0.8"));
        for chinese in ["", "zh-CN", "zh-CN,en;q=0.9", "fr", "en;q=0", "*"] {
            assert!(!english(chinese), "{chinese}");
        }
    }
}
