//! Login codes and session keys. No I/O.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

/// `invalid code`.
const INVALID_CODE: i64 = 40029;
/// `code been used`.
const CODE_USED: i64 = 40163;
/// `invalid credential, access_token is invalid or not latest`.
pub(crate) const INVALID_ACCESS_TOKEN: i64 = 40001;

/// Who logged in.
#[derive(Default)]
pub(crate) struct Sessions {
    /// Single-use login codes that were used.
    used_codes: BTreeSet<String>,
    /// The code of each openid's latest login, from which the session key is derived.
    code_by_openid: BTreeMap<String, String>,
}

/// WeChat's error body.
pub(crate) fn wechat_error_body(code: &Value) -> Value {
    json!({"errcode": code, "errmsg": "sandbox"})
}

/// WeChat's error body for a numeric code.
pub(crate) fn wechat_error(code: i64) -> Value {
    wechat_error_body(&json!(code))
}

/// WeChat's body for success without a result.
pub(crate) fn wechat_success() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

impl Sessions {
    /// Exchanges a login code for an openid and a session key, and starts a session.
    /// `alice` may be used any number of times; `alice.` followed by anything may be used once.
    pub(crate) fn exchange_code(&mut self, code: &str) -> Value {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name = name_of_code(code);
        if name.is_empty() || !code.chars().all(allowed) {
            return wechat_error(INVALID_CODE);
        }
        let single_use = code.contains('.');
        if single_use && !self.used_codes.insert(code.to_owned()) {
            return wechat_error(CODE_USED);
        }
        let openid = openid_of_code(code);
        self.code_by_openid.insert(openid.clone(), code.to_owned());
        json!({"openid": openid, "session_key": session_key_text(code)})
    }

    /// The session key of a user's present session, in Base64.
    pub(crate) fn session_key(&self, openid: &str) -> Option<String> {
        self.code_by_openid
            .get(openid)
            .map(|code| session_key_text(code))
    }

    /// The openid whose present session key satisfies `matches`.
    pub(crate) fn find_openid(&self, matches: impl Fn(&str) -> bool) -> Option<String> {
        self.code_by_openid
            .iter()
            .find(|(_, code)| matches(&session_key_text(code)))
            .map(|(openid, _)| openid.clone())
    }
}

fn name_of_code(code: &str) -> &str {
    code.split_once('.').map_or(code, |(name, _)| name)
}

/// The openid that a login code stands for.
pub(crate) fn openid_of_code(code: &str) -> String {
    format!("sandbox-{}", name_of_code(code))
}

/// The session key that a login code gives. A login with another code changes the session key, as
/// WeChat does at every login; a login with the same reusable code does not.
pub(crate) fn session_key(code: &str) -> [u8; 16] {
    Md5::digest(format!("session key of {code}")).into()
}

fn session_key_text(code: &str) -> String {
    STANDARD.encode(session_key(code))
}
