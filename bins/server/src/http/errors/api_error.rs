//! [`ApiError`]: an answer that is not a success, and the errors that belong to no domain.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use qlive_types::random;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::language::Language;

/// The longest wait of `Retry-After`, in seconds, where nothing says how long it lasts. Each wait
/// is random, so that clients do not all return at once.
const MAX_RETRY_SECS: i64 = 5;

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: u16,
    slug: &'static str,
    chinese: &'static str,
    english: &'static str,
    /// The parameter at fault, or the part of the server that is not ready.
    field: Option<String>,
    /// The external system at fault.
    upstream: Option<Upstream>,
    /// The seconds after which a request may succeed, if that is known.
    retry_secs: Option<u64>,
}

/// An external system whose failures are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstream {
    Wechat,
    /// WeChat Pay or virtual payment.
    PaymentProvider,
}

impl Upstream {
    /// The label in the metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Wechat => "wechat",
            Self::PaymentProvider => "pay",
        }
    }
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorAnswer {
    /// One sentence that may be shown to the user.
    detail: String,
    /// A stable name of the error.
    code: String,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The same as `detail`; only in answers of `accept_micro`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
}

/// One row of a table of errors: status, slug, and the text in Chinese and English.
pub(super) const fn row(
    status: u16,
    slug: &'static str,
    chinese: &'static str,
    english: &'static str,
) -> ApiError {
    ApiError {
        status,
        slug,
        chinese,
        english,
        field: None,
        upstream: None,
        retry_secs: None,
    }
}

#[rustfmt::skip] // One row for each error.
impl ApiError {
    pub(crate) const UNAUTHORIZED: Self =
        row(401, "unauthorized", "请先登录", "Please log in first.");
    pub(crate) const BANNED: Self =
        row(403, "banned", "账号已被封禁", "This account is banned.");
    pub(crate) const NOT_FOUND: Self =
        row(404, "not_found", "没有这个接口", "There is no such operation.");
    pub(crate) const METHOD_NOT_ALLOWED: Self =
        row(405, "method_not_allowed", "请求方法不正确", "This method is not allowed here.");
    pub(crate) const TOO_LARGE: Self =
        row(413, "too_large", "请求内容过大", "The request is too large.");
    pub(crate) const BAD_BODY: Self =
        row(400, "bad_body", "请求内容无法识别", "The request body cannot be read.");
    pub(crate) const BAD_QUERY: Self =
        row(400, "bad_query", "请求参数无法识别", "The query cannot be read.");
    pub(crate) const TOO_MANY: Self =
        row(429, "too_many_requests", "操作过于频繁，请稍后再试", "Too many requests, please wait a moment.");
    pub(crate) const FORGED: Self =
        row(401, "bad_signature", "签名验证失败", "The signature does not verify.");
    /// The slug is part of the contract.
    pub(crate) const MISMATCH: Self =
        row(400, "unfit", "通知内容与记录不符", "The notice does not fit what it is about.");
    pub(crate) const NOT_SETTLED: Self =
        row(503, "not_settled", "暂未确认，请稍后重试", "Not settled yet, please come again.");
    pub(crate) const INTERNAL: Self =
        row(500, "internal", "服务器开小差了，请稍后再试", "Something went wrong, please try again.");
    const NOT_READY: Self =
        row(503, "not_ready", "服务暂不可用", "The service is not ready.");
    const INVALID: Self = row(400, "invalid", "参数不正确", "A parameter is not right.");
    const REPEATED: Self = row(400, "repeated", "参数重复", "A parameter is given twice.");
    const MISSING: Self = row(400, "missing", "缺少参数", "A parameter is missing.");
}

impl ApiError {
    /// This instance cannot serve, because of this part of it.
    pub(crate) fn not_ready(part: &str) -> Self {
        Self::NOT_READY.of_field(part)
    }

    /// A parameter has a value that it cannot have.
    pub(crate) fn invalid(field: &str) -> Self {
        Self::INVALID.of_field(field)
    }

    /// A parameter is given twice in one place.
    pub(crate) fn repeated(field: &str) -> Self {
        Self::REPEATED.of_field(field)
    }

    /// A required parameter is not given.
    pub(crate) fn missing(field: &str) -> Self {
        Self::MISSING.of_field(field)
    }

    /// The same error with the parameter at fault.
    pub(super) fn of_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// The same error with the external system at fault. Logs the cause: as an error when the
    /// system refused (502), as a warning when it did not answer (503).
    pub(super) fn caused_by(mut self, upstream: Upstream, cause: &str) -> Self {
        let system = upstream.label();
        if self.status == StatusCode::BAD_GATEWAY {
            tracing::error!(system, cause, "an external system refused a request");
        } else {
            tracing::warn!(system, cause, "an external system did not answer");
        }
        self.upstream = Some(upstream);
        self
    }

    /// The same error, of a request that may succeed after this time.
    pub(super) fn retried_after(mut self, wait: Duration) -> Self {
        self.retry_secs = Some(wait.as_secs().saturating_add(1));
        self
    }

    pub(crate) const fn upstream(&self) -> Option<Upstream> {
        self.upstream
    }

    /// The body in this language.
    pub(crate) fn body(&self, language: Language, with_error_msg: bool) -> ErrorAnswer {
        let detail = match language {
            Language::Chinese => self.chinese,
            Language::English => self.english,
        };
        ErrorAnswer {
            detail: detail.to_owned(),
            code: self.slug.to_owned(),
            field: self.field.clone(),
            error_msg: with_error_msg.then(|| detail.to_owned()),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.english)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer in Chinese. The middleware in `http/response.rs` writes the body again in the
    /// client's language.
    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "QLiveToken"));
        }
        let is_temporary = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ]
        .contains(&status);
        if is_temporary {
            let secs = self.retry_secs.map_or_else(
                || random::within(1..=MAX_RETRY_SECS).to_string(),
                |secs| secs.to_string(),
            );
            response.insert_header((RETRY_AFTER, secs));
        }
        response.json(self.body(Language::Chinese, false))
    }
}
