//! The HTTP client under all clients.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// How long a provider may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a provider may take in all. Tencent IM asks for more than 3 s.
pub(crate) const WHOLE: Duration = Duration::from_secs(5);

/// A pooled HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Http(reqwest::Client);

/// The provider gave no usable answer: whether it did what was asked is unknown.
#[derive(Debug, thiserror::Error)]
#[error("no usable answer: {0}")]
pub struct Unanswered(String);

impl Unanswered {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl Http {
    /// A client with our time limits and no proxy magic.
    pub fn new() -> Result<Self, Unanswered> {
        reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .user_agent(concat!("qlive/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map(Self)
            .map_err(|error| Unanswered::new(error.to_string()))
    }

    /// GETs JSON, whatever content type it is served as.
    pub(crate) async fn get(&self, url: &str, query: &impl Serialize) -> Result<Value, Unanswered> {
        self.answer(self.0.get(url).query(query)).await
    }

    /// POSTs JSON and reads JSON.
    pub(crate) async fn post(
        &self,
        url: &str,
        query: &impl Serialize,
        body: &Value,
    ) -> Result<Value, Unanswered> {
        self.answer(self.0.post(url).query(query).json(body)).await
    }

    /// POSTs bytes exactly as given, since they are what was signed.
    pub(crate) async fn post_signed(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> Result<Value, Unanswered> {
        let request = headers
            .iter()
            .fold(self.0.post(url), |request, (name, value)| {
                request.header(*name, value)
            });
        self.answer(request.body(body)).await
    }

    /// POSTs JSON text exactly as given, since it is what was signed.
    pub(crate) async fn post_text(
        &self,
        url: &str,
        query: &impl Serialize,
        body: String,
    ) -> Result<Value, Unanswered> {
        self.answer(
            self.0
                .post(url)
                .query(query)
                .header("Content-Type", "application/json")
                .body(body),
        )
        .await
    }

    /// Sends bytes exactly as given, since they are what was signed; answers whatever came back in time.
    pub(crate) async fn exchange(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, String)],
        body: &str,
        within: Duration,
    ) -> Result<Reply, Unanswered> {
        let method = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|error| Unanswered::new(error.to_string()))?;
        let request = self.0.request(method, url).timeout(within);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, value)
        });
        let response = request.body(body.to_owned()).send().await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply {
            status,
            headers,
            body: response.bytes().await.map_err(failed)?.to_vec(),
        })
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, Unanswered> {
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let body = response.bytes().await.map_err(failed)?;
        if !status.is_success() {
            return Err(Unanswered::new(format!("HTTP status {}", status.as_u16())));
        }
        serde_json::from_slice(&body).map_err(|error| Unanswered::new(format!("not JSON: {error}")))
    }
}

/// An answer as it came.
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A header's text, `""` when it is missing.
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    }
}

/// The URL may carry a secret or a token, so it must not get into the error's text.
fn failed(error: reqwest::Error) -> Unanswered {
    Unanswered::new(cause(&error.without_url()))
}

/// The error with what lies beneath it: reqwest alone says only "error sending request".
fn cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
