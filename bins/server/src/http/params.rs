//! Input: the query string, and a JSON or form body. What is lenient is lenient
//! here, so that every operation is lenient in the same way.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use qlive_rooms::Presence;
use qlive_types::{Gender, LiveId, Page, UserId, text};
use qlive_users::UsersError;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::error::ApiError;

/// The most bytes of a body.
pub(crate) const BODY_LIMIT: usize = 65_536;

/// The parameters of a call, by name.
#[derive(Debug, Default)]
pub(crate) struct Params(BTreeMap<String, Given>);

/// A parameter as it came.
#[derive(Debug)]
enum Given {
    /// Text, or a number as it was written.
    Text(String),
    /// Something that no parameter of ours can be: an array, an object, a truth value.
    Misshapen,
}

/// An input that an operation understands.
pub(crate) trait FromParams: Sized {
    fn from_params(params: &Params) -> Result<Self, ApiError>;
}

impl Params {
    /// Reads query and body. In a GET the query wins, in a POST the body.
    pub(super) fn read(request: &HttpRequest, body: &[u8]) -> Result<Self, ApiError> {
        let query = pairs(request.query_string()).map_err(|fault| fault.in_query())?;
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
            params.0.extend(unique(source)?);
        }
        let mut keys = request.headers().get_all("Idempotency-Key");
        if let Some(key) = keys.next()
            && params.text("request_id")?.is_none()
        {
            // What cannot be read must not pass for 'not given': a retry would then be another request.
            let key = key.to_str().ok().filter(|_| keys.next().is_none());
            let key = key.map_or(Given::Misshapen, |key| Given::Text(key.to_owned()));
            params.0.insert("request_id".into(), key);
        }
        Ok(params)
    }

    /// `request_id`, or the header `Idempotency-Key`: 1 to 64 of `[A-Za-z0-9_-]`.
    pub(crate) fn request_id(&self) -> Result<Option<&str>, ApiError> {
        let legal = |id: &str| {
            id.len() <= 64
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        match self.text("request_id")? {
            Some(id) if !legal(id) => Err(ApiError::invalid("request_id")),
            other => Ok(other),
        }
    }

    /// A text, trimmed. `""` and null are 'not given'.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Given::Misshapen) => Err(ApiError::invalid(name)),
            Some(Given::Text(given)) => match given.trim() {
                "" => Ok(None),
                trimmed if text::has_control(trimmed) => Err(ApiError::invalid(name)),
                trimmed => Ok(Some(trimmed)),
            },
        }
    }

    /// A text that must be given.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// An integer, as a number or as decimal text.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let plain = |text: &str| {
            text.strip_prefix('-')
                .unwrap_or(text)
                .bytes()
                .all(|b| b.is_ascii_digit())
        };
        match self.text(name)? {
            None => Ok(None),
            Some(text) if plain(text) => text.parse().map(Some).ok().ok_or(ApiError::invalid(name)),
            Some(_) => Err(ApiError::invalid(name)),
        }
    }

    pub(crate) fn required_integer(&self, name: &str) -> Result<i64, ApiError> {
        self.integer(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// `live_id`. A number that no room has is the domain's matter.
    pub(crate) fn live_id(&self) -> Result<LiveId, ApiError> {
        self.required_integer("live_id").map(LiveId::new)
    }

    /// `user_id`, when given. A number that no user can have is an unknown user.
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

    pub(crate) fn gender(&self) -> Result<Gender, ApiError> {
        Gender::from_number(self.required_integer("gender")?)
            .ok_or_else(|| ApiError::invalid("gender"))
    }

    /// `page`, the first when not given.
    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        match self.integer("page")? {
            None => Ok(Page::FIRST),
            Some(number) => Page::new(number).ok_or_else(|| ApiError::invalid("page")),
        }
    }

    pub(crate) fn presence(&self) -> Result<Option<Presence>, ApiError> {
        Ok(self.integer("presence")?.map(Presence::new))
    }

    /// 0 or 1.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, ApiError> {
        match self.required_integer(name)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(ApiError::invalid(name)),
        }
    }
}

/// Why pairs cannot be read.
enum Unreadable {
    NotUtf8,
}

impl Unreadable {
    const fn in_query(self) -> ApiError {
        match self {
            Self::NotUtf8 => ApiError::BAD_QUERY,
        }
    }
}

type Pairs = Vec<(String, Given)>;

/// The pairs of a query string or a form.
fn pairs(encoded: &str) -> Result<Pairs, Unreadable> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(String::from)
            .ok()
            .ok_or(Unreadable::NotUtf8)
    };
    encoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, Given::Text(decode(value)?)))
        })
        .collect()
}

fn body_pairs(content_type: &str, body: &[u8]) -> Result<Pairs, ApiError> {
    if body.len() > BODY_LIMIT {
        return Err(ApiError::TOO_LARGE);
    }
    let text = std::str::from_utf8(body).ok().ok_or(ApiError::BAD_BODY)?;
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    match kind.as_str() {
        "application/json" => json_pairs(text),
        "application/x-www-form-urlencoded" if !text.trim_start().starts_with('{') => {
            pairs(text.trim()).ok().ok_or(ApiError::BAD_BODY)
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

/// A JSON object's fields as they came, repeated ones included.
struct Fields(Pairs);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    fields.push((name, given(value)));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

fn given(value: Value) -> Given {
    match value {
        Value::Null => Given::Text(String::new()),
        Value::String(text) => Given::Text(text),
        Value::Number(number) => Given::Text(number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Given::Misshapen,
    }
}

/// A parameter given twice in one place is nobody's intention.
fn unique(pairs: Pairs) -> Result<BTreeMap<String, Given>, ApiError> {
    let mut params = BTreeMap::new();
    for (name, value) in pairs {
        if params.contains_key(&name) {
            return Err(ApiError::repeated(&name));
        }
        params.insert(name, value);
    }
    Ok(params)
}
