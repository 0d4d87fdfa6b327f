//! The client of the CSS cloud API, version 2018-08-01.

use serde_json::{Value, json};

use super::error::CssError;
use crate::http::{HttpClient, ResponseError};
use crate::json_fields::text;
use crate::tc3::{Credential, RequestToSign, SigningTime};

const API_VERSION: &str = "2018-08-01";

/// A client of `live.tencentcloudapi.com`, for the streams of one push domain and application.
#[derive(Clone)]
pub struct CssClient {
    http: HttpClient,
    url: String,
    host: String,
    credential: Credential,
    push_domain: String,
    app: String,
}

impl CssClient {
    /// Creates a client. `url` is `https://live.tencentcloudapi.com` or the sandbox's address.
    #[must_use]
    pub fn new(
        http: HttpClient,
        url: &str,
        credential: Credential,
        push_domain: &str,
        app: &str,
    ) -> Self {
        let url = url.trim_end_matches('/');
        let host = url
            .split_once("://")
            .map_or(url, |(_, rest)| rest)
            .split('/')
            .next()
            .unwrap_or_default();
        Self {
            http,
            url: format!("{url}/"),
            host: host.to_owned(),
            credential,
            push_domain: push_domain.to_owned(),
            app: app.to_owned(),
        }
    }

    /// Cuts a push (断开直播推流, DropLiveStream). The client can push again at once. A stream that
    /// is not being pushed is a success.
    ///
    /// # Errors
    /// Fails when Tencent Cloud refuses the request or no usable response is received.
    pub async fn drop_stream(&self, stream: &str, time: SigningTime<'_>) -> Result<(), CssError> {
        let body = self.stream_identity(stream);
        allow_missing_stream(self.call_action("DropLiveStream", body, time).await)
    }

    /// Cuts a push and blocks it until `until` (禁推直播流, ForbidLiveStream). `until` is UTC in
    /// ISO 8601 and at most 90 days ahead.
    ///
    /// # Errors
    /// Fails when Tencent Cloud refuses the request or no usable response is received.
    pub async fn forbid_stream(
        &self,
        stream: &str,
        until: &str,
        time: SigningTime<'_>,
    ) -> Result<(), CssError> {
        let mut body = self.stream_identity(stream);
        if let Value::Object(fields) = &mut body {
            fields.insert("ResumeTime".into(), until.into());
            fields.insert("Reason".into(), "banned".into());
        }
        self.call_action("ForbidLiveStream", body, time).await
    }

    /// Unblocks a stream (恢复直播推流, ResumeLiveStream). A stream that is not being pushed is a
    /// success.
    ///
    /// # Errors
    /// Fails when Tencent Cloud refuses the request or no usable response is received.
    pub async fn resume_stream(&self, stream: &str, time: SigningTime<'_>) -> Result<(), CssError> {
        let body = self.stream_identity(stream);
        allow_missing_stream(self.call_action("ResumeLiveStream", body, time).await)
    }

    fn stream_identity(&self, stream: &str) -> Value {
        json!({"AppName": self.app, "DomainName": self.push_domain, "StreamName": stream})
    }

    /// Signs and sends one action. The HTTP status is 200 for an error too.
    async fn call_action(
        &self,
        action: &str,
        body: Value,
        time: SigningTime<'_>,
    ) -> Result<(), CssError> {
        let body = body.to_string();
        let to_sign = RequestToSign {
            service: "live",
            headers: &[("content-type", "application/json"), ("host", &self.host)],
            body: &body,
            time,
        };
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("Authorization", to_sign.authorization(&self.credential)),
            ("X-TC-Action", action.to_owned()),
            ("X-TC-Version", API_VERSION.to_owned()),
            ("X-TC-Timestamp", time.unix_secs.to_string()),
        ];
        let reply = self
            .http
            .post_with_headers(&self.url, &headers, body)
            .await?;
        match (reply.pointer("/Response/Error"), reply.get("Response")) {
            (Some(error), _) => Err(CssError::Refused {
                code: text(error.get("Code")),
                message: text(error.get("Message")),
            }),
            (None, Some(_)) => Ok(()),
            (None, None) => Err(ResponseError::MissingField("Response").into()),
        }
    }
}

fn allow_missing_stream(result: Result<(), CssError>) -> Result<(), CssError> {
    match result {
        Err(error) if error.is_missing_stream() => Ok(()),
        other => other,
    }
}
