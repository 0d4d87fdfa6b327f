//! The HTTP client that all API clients of this crate share.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde_json::Value;

/// How long a provider may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a request may take in total. Tencent IM recommends more than 3 seconds.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may be idle and used again. Shorter than servers keep them: a request on
/// a connection that is closed just then fails.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// A pooled HTTP client. Clones share the pool.
#[derive(Clone)]
pub struct HttpClient(reqwest::Client);

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {0}")]
pub struct HttpSetupError(String);

/// No usable response was received. Whether the provider did what was requested is unknown.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// The request could not be built or signed.
    #[error("no usable response: the request was not sent: {0}")]
    Unsent(String),
    /// The connection failed, or the response did not arrive in time.
    #[error("no usable response: {0}")]
    Transport(String),
    /// The response has a status other than 2xx and no error code of the provider.
    #[error("no usable response: HTTP status {0}")]
    Status(u16),
    /// The body is not JSON.
    #[error("no usable response: not JSON: {0}")]
    NotJson(String),
    /// A field that the provider promises is missing or has the wrong type.
    #[error("no usable response: the field {0} is missing")]
    MissingField(&'static str),
    /// The response contradicts the request or an earlier response.
    #[error("no usable response: {0}")]
    Invalid(&'static str),
    /// The signature of the response does not verify.
    #[error("no usable response: the response is not from WeChat Pay: {0}")]
    Unverified(String),
}

impl HttpClient {
    /// Creates a client that has our time limits, uses no proxy and follows no redirects.
    ///
    /// # Errors
    /// Fails when the TLS backend cannot be initialized.
    pub fn new() -> Result<Self, HttpSetupError> {
        reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("qlive/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map(Self)
            .map_err(|error| HttpSetupError(with_causes(&error)))
    }

    /// Sends a GET and reads JSON, whatever content type the response declares.
    pub(crate) async fn get_json(
        &self,
        url: &str,
        query: &impl Serialize,
    ) -> Result<Value, ResponseError> {
        send_and_read_json(self.0.get(url).query(query)).await
    }

    /// Sends a POST with JSON and reads JSON.
    pub(crate) async fn post_json(
        &self,
        url: &str,
        query: &impl Serialize,
        body: &Value,
    ) -> Result<Value, ResponseError> {
        send_and_read_json(self.0.post(url).query(query).json(body)).await
    }

    /// Sends a POST with JSON text byte for byte, because the text was signed, and reads JSON.
    pub(crate) async fn post_json_text(
        &self,
        url: &str,
        query: &impl Serialize,
        body: String,
    ) -> Result<Value, ResponseError> {
        let request = self.0.post(url).query(query);
        let request = request.header("Content-Type", "application/json");
        send_and_read_json(request.body(body)).await
    }

    /// Sends a POST with these headers and this body byte for byte, because both were signed, and
    /// reads JSON.
    pub(crate) async fn post_with_headers(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> Result<Value, ResponseError> {
        let request = add_headers(self.0.post(url), headers);
        send_and_read_json(request.body(body)).await
    }

    /// Sends a request byte for byte, because it was signed, and returns the response whatever its
    /// status is. `timeout` covers the whole exchange.
    pub(crate) async fn send_raw(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, String)],
        body: &str,
        timeout: Duration,
    ) -> Result<RawResponse, ResponseError> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|error| ResponseError::Unsent(error.to_string()))?;
        let request = self.0.request(method, url).timeout(timeout);
        let request = add_headers(request, headers).body(body.to_owned());
        let response = request.send().await.map_err(transport_error)?;
        Ok(RawResponse {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.map_err(transport_error)?.to_vec(),
        })
    }
}

/// A response whose status and body have not been checked.
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl RawResponse {
    /// Returns a header's text, or an empty string when the header is missing.
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    }
}

fn add_headers(request: RequestBuilder, headers: &[(&str, String)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, value)
    })
}

async fn send_and_read_json(request: RequestBuilder) -> Result<Value, ResponseError> {
    let response = request.send().await.map_err(transport_error)?;
    let status = response.status();
    let body = response.bytes().await.map_err(transport_error)?;
    if !status.is_success() {
        return Err(ResponseError::Status(status.as_u16()));
    }
    parse_json(&body)
}

/// Parses a response body.
pub(crate) fn parse_json(body: &[u8]) -> Result<Value, ResponseError> {
    serde_json::from_slice(body).map_err(|error| ResponseError::NotJson(error.to_string()))
}

/// Removes the URL from the error, because it may contain a secret or a token.
fn transport_error(error: reqwest::Error) -> ResponseError {
    ResponseError::Transport(with_causes(&error.without_url()))
}

/// Joins an error and its sources: reqwest alone says only "error sending request".
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
