//! WeChat: login codes, the stable token, the content check, and sealed user data.

use actix_web::{HttpRequest, HttpResponse, web};
use aes::cipher::{BlockEncryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use qlive_types::random;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::server::answer;
use crate::world::{State, World};

/// Seconds for which the stable token is said to live.
const TOKEN_SECS: u64 = 7200;
/// What the content check finds risky.
const RISKY: &str = "违禁";

#[derive(Deserialize)]
pub(crate) struct CodeQuery {
    appid: String,
    secret: String,
    js_code: String,
    grant_type: String,
}

fn error(code: &Value) -> Value {
    json!({"errcode": code, "errmsg": "sandbox"})
}

pub(crate) async fn jscode2session(
    world: web::Data<World>,
    request: HttpRequest,
    query: web::Query<CodeQuery>,
) -> HttpResponse {
    let act = || {
        let accounts = &world.accounts;
        if query.grant_type != "authorization_code" {
            return error(&json!(40002));
        }
        if query.appid != accounts.app_id {
            return error(&json!(40013));
        }
        if query.secret != accounts.app_secret {
            return error(&json!(40125));
        }
        world.state().exchange(&query.js_code)
    };
    answer(&world, &request, error, act).await
}

impl State {
    /// `alice` works as often as one likes; `alice.` with anything behind it works once.
    fn exchange(&mut self, code: &str) -> Value {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let (name, once) = code
            .split_once('.')
            .map_or((code, None), |(name, rest)| (name, Some(rest)));
        if name.is_empty() || !code.chars().all(legal) {
            return error(&json!(40029));
        }
        if once.is_some() && !self.used_codes.insert(code.to_owned()) {
            return error(&json!(40163));
        }
        let openid = format!("sandbox-{name}");
        self.sessions.insert(openid.clone(), code.to_owned());
        json!({"openid": openid, "session_key": STANDARD.encode(session_key(code))})
    }
}

/// Every login changes the session key, as WeChat's does; a code that may be reused keeps its own.
fn session_key(code: &str) -> [u8; 16] {
    Md5::digest(format!("session key of {code}")).into()
}

/// The session key as our side has it, which signs virtual payments.
pub(crate) fn session_key_text(code: &str) -> String {
    STANDARD.encode(session_key(code))
}

#[derive(Deserialize)]
pub(crate) struct SessionQuery {
    access_token: String,
    openid: String,
    signature: String,
    sig_method: String,
}

pub(crate) async fn checksession(
    world: web::Data<World>,
    request: HttpRequest,
    query: web::Query<SessionQuery>,
) -> HttpResponse {
    let act = || {
        let state = world.state();
        if state.access_token.as_deref() != Some(&query.access_token) {
            return error(&json!(40001));
        }
        let expected = state.sessions.get(&query.openid).and_then(|code| {
            let mac = Hmac::<Sha256>::new_from_slice(session_key_text(code).as_bytes()).ok()?;
            Some(hex::encode(mac.finalize().into_bytes()))
        });
        if query.sig_method == "hmac_sha256" && expected.as_deref() == Some(&query.signature) {
            json!({"errcode": 0, "errmsg": "ok"})
        } else {
            error(&json!(87009))
        }
    };
    answer(&world, &request, error, act).await
}

pub(crate) async fn stable_token(
    world: web::Data<World>,
    request: HttpRequest,
    body: web::Json<Value>,
) -> HttpResponse {
    let act = || {
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("appid") != world.accounts.app_id || text("secret") != world.accounts.app_secret {
            return error(&json!(40125));
        }
        let mut state = world.state();
        if state.access_token.is_none() || body.get("force_refresh") == Some(&json!(true)) {
            state.access_token = Some(random::hex(32));
        }
        json!({"access_token": state.access_token, "expires_in": TOKEN_SECS})
    };
    answer(&world, &request, error, act).await
}

#[derive(Deserialize)]
pub(crate) struct TokenQuery {
    access_token: String,
}

pub(crate) async fn msg_sec_check(
    world: web::Data<World>,
    request: HttpRequest,
    query: web::Query<TokenQuery>,
    body: web::Json<Value>,
) -> HttpResponse {
    let act = || {
        if world.state().access_token.as_deref() != Some(&query.access_token) {
            return error(&json!(40001));
        }
        let content = body
            .get("content")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let suggest = if content.contains(RISKY) {
            "risky"
        } else {
            "pass"
        };
        json!({"errcode": 0, "errmsg": "ok", "result": {"suggest": suggest, "label": 100}, "trace_id": "sandbox"})
    };
    answer(&world, &request, error, act).await
}

/// What `wx.login` and `wx.getUserProfile` would have given a mini-program.
pub(crate) fn sealed_profile(
    app_id: &str,
    code: &str,
    nickname: &str,
    gender: i64,
    now_secs: i64,
) -> Value {
    let openid = format!("sandbox-{}", code.split('.').next().unwrap_or_default());
    let plain = json!({
        "openId": openid,
        "nickName": nickname,
        "gender": gender,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "avatarUrl": "https://example.com/face.png",
        "watermark": {"timestamp": now_secs, "appid": app_id},
    })
    .to_string();
    let iv: [u8; 16] = Md5::digest(random::hex(16)).into();
    let cipher = cbc::Encryptor::<aes::Aes128>::new(&session_key(code).into(), &iv.into());
    let sealed = cipher.encrypt_padded_vec_mut::<Pkcs7>(plain.as_bytes());
    json!({"appId": app_id, "code": code, "encryptedData": STANDARD.encode(sealed), "iv": STANDARD.encode(iv)})
}
