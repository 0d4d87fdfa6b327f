//! Input: the query string, and a JSON or form body. Every leniency towards clients is here, so
//! that all operations accept the same.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use qlive_rooms::VisitNumber;
use qlive_types::{Gender, LiveId, Page, UserId, text};
use qlive_users::UsersError;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::errors::ApiError;

/// The largest body, in bytes.
pub(crate) const BODY_LIMIT: usize = 65_536;

/// The parameters of a request, by name.
#[derive(Debug, Default)]
pub(crate) struct Params(BTreeMap<String, ParamValue>);

/// The value of a parameter, before its type is known.
#[derive(Debug)]
enum ParamValue {
    /// A text, or a number as it was written.
    Text(String),
    /// An array, an object or a boolean: no parameter has such a type.
    Unsupported,
}

/// The typed input of an operation.
pub(crate) trait FromParams: Sized {
    /// Reads the parameters that the operation knows; others are ignored.
    ///
    /// # Errors
    /// 400 that names the first parameter that is missing or invalid.
    fn from_params(params: &Params) -> Result<Self, ApiError>;
}

impl Params {
    /// Reads query and body. Where both have a parameter, a GET uses that of the query, a POST
    /// that of the body.
    ///
    /// # Errors
    /// 400 or 413 when one of them cannot be read.
    pub(super) fn read(request: &HttpRequest, body: &[u8]) -> Result<Self, ApiError> {
        let query = form_pairs(request.query_string()).ok_or(ApiError::BAD_QUERY)?;
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let body = body_pairs(content_type.unwrap_or_default(), body)?;
        let (first, second) = if request.method() == Method::GET {
            (body, query)
        } else {
            (query, body)
        };
        let mut params = Self::default();
        for source in [first, second] {
            params.0.extend(unique_params(source)?);
        }
        let mut keys = request.headers().get_all("Idempotency-Key");
        if let Some(key) = keys.next()
            && params.text("request_id")?.is_none()
        {
            // A header that cannot be read must not count as absent: a retry would then be
            // another request.
            let key = key.to_str().ok().filter(|_| keys.next().is_none());
            let key = key.map_or(ParamValue::Unsupported, |key| {
                ParamValue::Text(key.to_owned())
            });
            params.0.insert("request_id".into(), key);
        }
        Ok(params)
    }

    /// `request_id`, or the header `Idempotency-Key`: 1 to 64 of `[A-Za-z0-9_-]`.
    pub(crate) fn request_id(&self) -> Result<Option<&str>, ApiError> {
        let is_valid = |id: &str| {
            id.len() <= 64
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        match self.text("request_id")? {
            Some(id) if !is_valid(id) => Err(ApiError::invalid("request_id")),
            other => Ok(other),
        }
    }

    /// A text of one line, trimmed. None when it is absent, `""` or null.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.trimmed(name, text::is_displayable)
    }

    /// A text of one line or several, trimmed. None when it is absent, `""` or null.
    pub(crate) fn lines(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.trimmed(name, text::is_displayable_lines)
    }

    fn trimmed(
        &self,
        name: &str,
        is_displayable: fn(&str) -> bool,
    ) -> Result<Option<&str>, ApiError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(ParamValue::Unsupported) => Err(ApiError::invalid(name)),
            Some(ParamValue::Text(text)) => match text.trim() {
                "" => Ok(None),
                trimmed if !is_displayable(trimmed) => Err(ApiError::invalid(name)),
                trimmed => Ok(Some(trimmed)),
            },
        }
    }

    /// A text that is required.
    pub(crate) fn required_text(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// A text in base64, as it was sent: a form can have turned a `+` at its beginning or its end
    /// into a space, and it can have several lines. None when it is absent, blank or null.
    pub(crate) fn base64(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(ParamValue::Unsupported) => Err(ApiError::invalid(name)),
            Some(ParamValue::Text(text)) => {
                Ok(Some(text.as_str()).filter(|t| !t.trim().is_empty()))
            }
        }
    }

    /// An integer, as a number or as decimal text.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let is_decimal = |text: &str| {
            text.strip_prefix('-')
                .unwrap_or(text)
                .bytes()
                .all(|b| b.is_ascii_digit())
        };
        match self.text(name)? {
            None => Ok(None),
            Some(text) if is_decimal(text) => {
                text.parse().map(Some).ok().ok_or(ApiError::invalid(name))
            }
            Some(_) => Err(ApiError::invalid(name)),
        }
    }

    pub(crate) fn required_integer(&self, name: &str) -> Result<i64, ApiError> {
        self.integer(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// The required `live_id`. Whether there is such a room is checked later.
    pub(crate) fn required_live_id(&self) -> Result<LiveId, ApiError> {
        self.required_integer("live_id").map(LiveId::new)
    }

    /// The optional `user_id`. A number that no user can have is 404 `unknown_user`.
    pub(crate) fn user_id(&self) -> Result<Option<UserId>, ApiError> {
        let Some(number) = self.integer("user_id")? else {
            return Ok(None);
        };
        UserId::new(number)
            .map(Some)
            .ok_or_else(|| UsersError::UnknownUser.into())
    }

    pub(crate) fn required_user_id(&self) -> Result<UserId, ApiError> {
        self.user_id()?.ok_or_else(|| ApiError::missing("user_id"))
    }

    /// The required `gender`: 1 or 2.
    pub(crate) fn required_gender(&self) -> Result<Gender, ApiError> {
        Gender::from_number(self.required_integer("gender")?)
            .ok_or_else(|| ApiError::invalid("gender"))
    }

    /// The optional `page`; the first page when absent.
    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        match self.integer("page")? {
            None => Ok(Page::FIRST),
            Some(number) => Page::new(number).ok_or_else(|| ApiError::invalid("page")),
        }
    }

    /// The optional `presence`: the number of the visit that the call is about.
    pub(crate) fn visit(&self) -> Result<Option<VisitNumber>, ApiError> {
        Ok(self.integer("presence")?.map(VisitNumber::new))
    }

    /// A required switch: 0 or 1.
    pub(crate) fn required_switch(&self, name: &str) -> Result<bool, ApiError> {
        match self.required_integer(name)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(ApiError::invalid(name)),
        }
    }
}

type Pairs = Vec<(String, ParamValue)>;

/// The pairs of a query string or a form. None when one is not UTF-8.
fn form_pairs(encoded: &str) -> Option<Pairs> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8();
        decoded.map(String::from).ok()
    };
    encoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, ParamValue::Text(decode(value)?)))
        })
        .collect()
}

/// The pairs of a body. Without a known content type, a body that starts with `{` is JSON.
fn body_pairs(content_type: &str, body: &[u8]) -> Result<Pairs, ApiError> {
    if body.len() > BODY_LIMIT {
        return Err(ApiError::TOO_LARGE);
    }
    let text = std::str::from_utf8(body).ok().ok_or(ApiError::BAD_BODY)?;
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    match media_type.as_str() {
        "application/json" => json_pairs(text),
        "application/x-www-form-urlencoded" if !text.trim_start().starts_with('{') => {
            form_pairs(text.trim()).ok_or(ApiError::BAD_BODY)
        }
        _ if text.trim_start().starts_with('{') => json_pairs(text),
        _ => Err(ApiError::BAD_BODY),
    }
}

fn json_pairs(text: &str) -> Result<Pairs, ApiError> {
    serde_json::from_str::<Fields>(text)
        .map(|fields| fields.0)
        .ok()
        .ok_or(ApiError::BAD_BODY)
}

/// The fields of a JSON object, repeated ones included.
struct Fields(Pairs);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    fields.push((name, param_value(value)));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

fn param_value(value: Value) -> ParamValue {
    match value {
        Value::Null => ParamValue::Text(String::new()),
        Value::String(text) => ParamValue::Text(text),
        Value::Number(number) => ParamValue::Text(number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => ParamValue::Unsupported,
    }
}

/// The pairs by name. A name that occurs twice is refused: which value counts would be a guess.
fn unique_params(pairs: Pairs) -> Result<BTreeMap<String, ParamValue>, ApiError> {
    let mut params = BTreeMap::new();
    for (name, value) in pairs {
        if params.contains_key(&name) {
            return Err(ApiError::repeated(&name));
        }
        params.insert(name, value);
    }
    Ok(params)
}
