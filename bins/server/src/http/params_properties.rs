//! Any query, form and JSON is read or refused with 400 or 413, and what an independent writer has
//! written is read unchanged.

use std::collections::BTreeMap;

use actix_web::ResponseError as _;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use qlive_types::testing::{JSON_PIECES, hostile_bytes, hostile_text, in_bounded_time, json_value};
use qlive_types::text::is_displayable;
use serde_json::{Map, Value};

use super::errors::ApiError;
use super::params::{BODY_LIMIT, Params};

/// Parameters that have a type of their own, and some that have none.
const NAMES: &[&str] = &[
    "live_id",
    "user_id",
    "gender",
    "page",
    "presence",
    "request_id",
    "nickname",
    "a",
];
/// Pieces of a form.
const FORM_PIECES: &[&str] = &[
    "&",
    "=",
    "+",
    "%",
    "%2",
    "%ff",
    "%00",
    "%E4%B8%AD",
    "%u1234",
    "live_id",
    "live_id=1",
    "a",
    "1",
    ";",
    "[]",
    "?",
    "#",
    "{",
    "中",
];
const CONTENT_TYPES: &[&str] = &[
    "",
    "application/json",
    "APPLICATION/JSON ; charset=utf-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];
/// What may stand in a query as it is.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'%')
    .remove(b';');

fn read(get: bool, query: &str, content_type: &str, body: &[u8]) -> Result<Params, ApiError> {
    let request = if get {
        TestRequest::get()
    } else {
        TestRequest::post()
    };
    let mut request = request.uri(&format!("/x?{query}"));
    if !content_type.is_empty() {
        request = request.insert_header(("Content-Type", content_type));
    }
    let request = request.to_http_request();
    in_bounded_time(|| Params::read(&request, body))
}

fn is_refusal_of_input(error: &ApiError) -> bool {
    let status = error.status_code();
    status == StatusCode::BAD_REQUEST || status == StatusCode::PAYLOAD_TOO_LARGE
}

/// Reads every parameter as every type.
fn read_all(params: &Params) -> Vec<ApiError> {
    let mut errors = vec![
        params.request_id().err(),
        params.required_live_id().err(),
        params.user_id().err(),
        params.required_gender().err(),
        params.page().err(),
        params.visit().err(),
    ];
    for name in NAMES {
        errors.push(params.required_text(name).err());
        errors.push(params.required_integer(name).err());
        errors.push(params.required_switch(name).err());
    }
    errors.into_iter().flatten().collect()
}

/// Names of parameters and texts that are read as they are written.
fn fields() -> impl Strategy<Value = BTreeMap<String, String>> {
    let text = "[^\\pC\\pZ]{1,20}".prop_filter("not displayable", |text| is_displayable(text));
    btree_map("[A-Za-z_中&=+%]{1,8}", text, 0..12)
}

proptest! {
    #[test]
    fn any_input_is_read_or_refused(
        get: bool,
        query in hostile_bytes(FORM_PIECES),
        content_type in select(CONTENT_TYPES),
        body in prop_oneof![hostile_bytes(JSON_PIECES), hostile_bytes(FORM_PIECES)],
    ) {
        // A longer head never reaches the handler.
        let query = percent_encode(query.get(..8_000).unwrap_or(&query), QUERY).to_string();
        match read(get, &query, content_type, &body) {
            Ok(params) => drop(in_bounded_time(|| read_all(&params))),
            Err(error) => prop_assert!(is_refusal_of_input(&error), "{:?}", error),
        }
    }

    #[test]
    fn any_value_is_read_or_refused(
        name in select(NAMES),
        value in json_value(NAMES),
        request_id in hostile_text(JSON_PIECES),
    ) {
        let mut fields = Map::new();
        fields.insert("request_id".into(), request_id.into());
        fields.insert(name.into(), value);
        let body = Value::from(fields).to_string();
        match read(false, "", "application/json", body.as_bytes()) {
            Ok(params) => {
                for error in read_all(&params) {
                    // A number that no user can have is an unknown user.
                    let is_unknown = error.status_code() == StatusCode::NOT_FOUND;
                    prop_assert!(is_unknown || is_refusal_of_input(&error), "{:?}", error);
                }
            }
            Err(error) => {
                prop_assert!(body.len() > BODY_LIMIT, "{:?}", error);
                prop_assert!(is_refusal_of_input(&error), "{:?}", error);
            }
        }
    }

    #[test]
    fn written_fields_are_read_unchanged(fields in fields(), get: bool, spaced: bool) {
        let form = serde_urlencoded::to_string(&fields).unwrap();
        let json = if spaced {
            serde_json::to_string_pretty(&fields).unwrap()
        } else {
            serde_json::to_string(&fields).unwrap()
        };
        for (query, content_type, body) in [
            (form.as_str(), "", ""),
            ("", "application/x-www-form-urlencoded", form.as_str()),
            ("", "application/json", json.as_str()),
            ("", "", json.as_str()),
        ] {
            let params = read(get, query, content_type, body.as_bytes()).unwrap();
            for (name, value) in &fields {
                prop_assert_eq!(params.text(name).unwrap(), Some(value.as_str()));
            }
        }
    }

    #[test]
    fn parameter_that_is_given_twice_is_refused(
        fields in fields(),
        name in "[a-z]{1,8}",
        values in vec("[0-9]{1,5}", 2),
    ) {
        let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let twice = values.iter().map(|value| (name.as_str(), value.as_str()));
        let pairs: Vec<(&str, &str)> = pairs.chain(twice).collect();
        let form = serde_urlencoded::to_string(&pairs).unwrap();
        let json: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}:{}", Value::from(*name), Value::from(*value)))
            .collect();
        let json = format!("{{{}}}", json.join(","));
        for (query, body) in [(form.as_str(), ""), ("", json.as_str())] {
            let refused = read(false, query, "", body.as_bytes()).unwrap_err();
            prop_assert_eq!(refused.status_code(), StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn body_above_the_limit_is_413(length in BODY_LIMIT + 1..BODY_LIMIT * 2, byte: u8) {
        let refused = read(false, "", "application/json", &vec![byte; length]).unwrap_err();
        prop_assert_eq!(refused.status_code(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

/// Sixty-four kilobytes of each shape that makes careless parsers slow or deep.
#[test]
fn largest_inputs_of_every_shape_are_read_or_refused() {
    let nested = |open: &str, close: &str| {
        let times = BODY_LIMIT / (open.len() + close.len());
        format!("{}{}", open.repeat(times), close.repeat(times))
    };
    let numbered = |pair: fn(usize) -> String, between: &str| {
        let pairs: Vec<String> = (0..6_000).map(pair).collect();
        pairs.join(between)
    };
    let many_fields = numbered(|at| format!("\"k{at}\":1"), ",");
    for (content_type, body) in [
        ("application/json", nested("[", "]")),
        ("application/json", nested("{\"a\":", "}")),
        ("application/json", format!("{{{many_fields}}}")),
        (
            "application/json",
            format!("{{\"a\":{}}}", "1".repeat(60_000)),
        ),
        (
            "application/json",
            format!("{{\"a\":\"{}\"}}", "\\u4e2d".repeat(10_000)),
        ),
        (
            "application/x-www-form-urlencoded",
            numbered(|at| format!("k{at}=1"), "&"),
        ),
        ("application/x-www-form-urlencoded", "&".repeat(BODY_LIMIT)),
        ("application/x-www-form-urlencoded", "=".repeat(BODY_LIMIT)),
        ("application/x-www-form-urlencoded", "%".repeat(BODY_LIMIT)),
        (
            "application/x-www-form-urlencoded",
            "a=%41+".repeat(BODY_LIMIT / 6),
        ),
    ] {
        match read(false, "", content_type, body.as_bytes()) {
            Ok(params) => drop(in_bounded_time(|| read_all(&params))),
            Err(error) => assert!(is_refusal_of_input(&error), "{error:?}"),
        }
    }
}
