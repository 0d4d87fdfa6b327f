//! The cloud API for streams (version 2018-08-01): drop, forbid, resume.

use serde_json::{Value, json};

use crate::lenient::text;
use crate::tc3::{Credential, Request};
use crate::{Http, Unanswered};

/// What a call may come to besides success.
#[derive(Debug, thiserror::Error)]
pub enum CssError {
    /// Tencent answered with an error. Codes are open-ended; see [`CssError::is_permanent`].
    #[error("CSS refused with {code}: {message}")]
    Refused { code: String, message: String },
    /// No answer, or none that could be read.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

impl CssError {
    /// Whether trying again is no use.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Unanswered(_) => false,
            Self::Refused { code, .. } => {
                let later = [
                    "InternalError",
                    "RequestLimitExceeded",
                    "FailedOperation.CallOtherSvrFailed",
                ];
                !later.iter().any(|prefix| code.starts_with(prefix))
            }
        }
    }
}

/// A client of `live.tencentcloudapi.com`.
#[derive(Clone)]
pub struct CssApi {
    http: Http,
    url: String,
    host: String,
    credential: Credential,
    push_domain: String,
    app: String,
}

impl CssApi {
    /// `url` is `https://live.tencentcloudapi.com` or the sandbox's address.
    #[must_use]
    pub fn new(
        http: Http,
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

    /// Cuts a push. The client can push again at once. `now` in Unix seconds.
    pub async fn drop_stream(&self, stream: &str, now: (i64, &str)) -> Result<(), CssError> {
        match self.call("DropLiveStream", self.subject(stream), now).await {
            Err(CssError::Refused { code, .. }) if gone(&code) => Ok(()),
            other => other,
        }
    }

    /// Cuts a push and refuses it until `until` (UTC, ISO 8601; at most 90 days ahead).
    pub async fn forbid_stream(
        &self,
        stream: &str,
        until: &str,
        now: (i64, &str),
    ) -> Result<(), CssError> {
        let mut body = self.subject(stream);
        if let Value::Object(fields) = &mut body {
            fields.insert("ResumeTime".into(), until.into());
            fields.insert("Reason".into(), "banned".into());
        }
        self.call("ForbidLiveStream", body, now).await
    }

    /// Lifts a refusal.
    pub async fn resume_stream(&self, stream: &str, now: (i64, &str)) -> Result<(), CssError> {
        match self
            .call("ResumeLiveStream", self.subject(stream), now)
            .await
        {
            Err(CssError::Refused { code, .. }) if gone(&code) => Ok(()),
            other => other,
        }
    }

    fn subject(&self, stream: &str) -> Value {
        json!({"AppName": self.app, "DomainName": self.push_domain, "StreamName": stream})
    }

    /// `now` is the Unix second and the UTC date it falls on.
    async fn call(
        &self,
        action: &str,
        body: Value,
        (timestamp, date): (i64, &str),
    ) -> Result<(), CssError> {
        let body = body.to_string();
        let signed = Request {
            service: "live",
            headers: &[("content-type", "application/json"), ("host", &self.host)],
            body: &body,
            timestamp,
            date,
        };
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("Authorization", signed.authorization(&self.credential)),
            ("X-TC-Action", action.to_owned()),
            ("X-TC-Version", "2018-08-01".to_owned()),
            ("X-TC-Timestamp", timestamp.to_string()),
        ];
        let answer = self.http.post_signed(&self.url, &headers, body).await?;
        match (answer.pointer("/Response/Error"), answer.get("Response")) {
            (Some(error), _) => Err(CssError::Refused {
                code: text(error, "Code"),
                message: text(error, "Message"),
            }),
            (None, Some(_)) => Ok(()),
            (None, None) => Err(Unanswered::new("no Response in the answer").into()),
        }
    }
}

/// The stream is not there: what was asked for is already so.
fn gone(code: &str) -> bool {
    [
        "FailedOperation.StreamNotExist",
        "FailedOperation.HasNotLivingStream",
    ]
    .contains(&code)
}
