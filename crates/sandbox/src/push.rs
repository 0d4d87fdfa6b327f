//! Message push: how WeChat tells a mini-program's server things, plain or
//! encrypted, in JSON or XML.

use actix_web::{HttpResponse, web};
use aes::cipher::{
    BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding,
};
use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use qlive_types::random;
use serde::Deserialize;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::world::World;

/// The console's settings of the push.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Mode {
    pub(crate) secure: bool,
    pub(crate) xml: bool,
}

impl Default for Mode {
    fn default() -> Self {
        Self {
            secure: true,
            xml: false,
        }
    }
}

/// Changes the console's settings: `{"secure": false, "xml": true}`.
pub(crate) async fn set_mode(world: web::Data<World>, mode: web::Json<Mode>) -> HttpResponse {
    world.state().push_mode = mode.into_inner();
    HttpResponse::NoContent().finish()
}

/// Verifies the address, as the console does when it is saved.
pub(crate) async fn verify_url(world: web::Data<World>) -> HttpResponse {
    let (time, nonce, echo) = stamps(&world);
    let signature = sign(&[&world.accounts.push_token, &time, &nonce]);
    let url = format!("{}wx_notify/", world.accounts.callback_base);
    let query = [
        ("signature", signature),
        ("timestamp", time),
        ("nonce", nonce),
        ("echostr", echo.clone()),
    ];
    let answer = world.http.get(url).query(&query).send().await;
    let echoed = match answer {
        Ok(response) => response.text().await.unwrap_or_default() == echo,
        Err(_) => false,
    };
    HttpResponse::Ok().json(json!({"verified": echoed}))
}

/// A push as it goes over the wire.
pub(crate) fn request(world: &World, url: &str, message: &Value) -> reqwest::RequestBuilder {
    let mode = world.state().push_mode;
    let (time, nonce, _) = stamps(world);
    let token = &world.accounts.push_token;
    let body = if mode.xml {
        format!("<xml>{}</xml>", xml(message))
    } else {
        message.to_string()
    };
    let mut query = vec![
        ("signature", sign(&[token, &time, &nonce])),
        ("timestamp", time.clone()),
        ("nonce", nonce.clone()),
    ];
    let body = if mode.secure {
        let encrypted = encrypt(world, &body);
        query.push(("encrypt_type", "aes".to_owned()));
        query.push(("msg_signature", sign(&[token, &time, &nonce, &encrypted])));
        let outer = json!({"ToUserName": "gh_sandbox", "Encrypt": encrypted});
        if mode.xml {
            format!("<xml>{}</xml>", xml(&outer))
        } else {
            outer.to_string()
        }
    } else {
        body
    };
    let kind = if mode.xml {
        "text/xml"
    } else {
        "application/json"
    };
    world
        .http
        .post(url)
        .query(&query)
        .header("Content-Type", kind)
        .body(body)
}

/// Whether an answer ends the repeating.
pub(crate) fn accepts(world: &World, body: &str) -> bool {
    let zero = |body: &str| {
        body.is_empty()
            || body == "success"
            || body.contains("\"ErrCode\":0")
            || body.contains("<ErrCode>0</ErrCode>")
    };
    if zero(body) {
        return true;
    }
    let field = |name: &str| {
        let json: Option<Value> = serde_json::from_str(body).ok();
        let found = json.and_then(|json| match json.get(name)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        });
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        found.or_else(|| Some(body.split_once(&open)?.1.split_once(&close)?.0.to_owned()))
    };
    let opened = || {
        let (encrypted, time, nonce) = (field("Encrypt")?, field("TimeStamp")?, field("Nonce")?);
        let signed = sign(&[&world.accounts.push_token, &time, &nonce, &encrypted])
            == field("MsgSignature")?;
        decrypt(world, &encrypted).filter(|_| signed)
    };
    opened().is_some_and(|plain| zero(&plain))
}

/// A time, a nonce, and something to echo.
fn stamps(world: &World) -> (String, String, String) {
    (
        world.clock.now().secs().to_string(),
        random::within(100_000_000..=999_999_999).to_string(),
        random::hex(8),
    )
}

fn sign(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

fn key(world: &World) -> [u8; 32] {
    // 43 characters are two bits more than the key has.
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let decoded = engine
        .decode(format!("{}=", world.accounts.push_aes_key))
        .unwrap_or_default();
    decoded.try_into().unwrap_or_default()
}

fn encrypt(world: &World, message: &str) -> String {
    let key = key(world);
    let iv: [u8; 16] = key.first_chunk().copied().unwrap_or_default();
    let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
    let mut plain = random::hex(8).into_bytes();
    plain.extend_from_slice(&length);
    plain.extend_from_slice(message.as_bytes());
    plain.extend_from_slice(world.accounts.app_id.as_bytes());
    let padding = 32 - plain.len() % 32;
    plain.extend(std::iter::repeat_n(
        u8::try_from(padding).unwrap_or(32),
        padding,
    ));
    STANDARD.encode(
        cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into())
            .encrypt_padded_vec_mut::<NoPadding>(&plain),
    )
}

fn decrypt(world: &World, encrypted: &str) -> Option<String> {
    let key = key(world);
    let iv: [u8; 16] = key.first_chunk().copied()?;
    let sealed = STANDARD.decode(encrypted).ok()?;
    let plain = cbc::Decryptor::<aes::Aes256>::new(&key.into(), &iv.into())
        .decrypt_padded_vec_mut::<NoPadding>(&sealed)
        .ok()?;
    let length = u32::from_be_bytes(plain.get(16..20)?.try_into().ok()?);
    let message = plain.get(20..20 + usize::try_from(length).ok()?)?;
    String::from_utf8(message.to_vec()).ok()
}

/// An object's fields as elements.
fn xml(value: &Value) -> String {
    let element = |(name, value): (&String, &Value)| match value {
        Value::Object(_) => format!("<{name}>{}</{name}>", xml(value)),
        Value::String(text) => format!("<{name}><![CDATA[{text}]]></{name}>"),
        other => format!("<{name}>{other}</{name}>"),
    };
    value
        .as_object()
        .map(|fields| fields.iter().map(element).collect())
        .unwrap_or_default()
}
