//! Message push: how WeChat reports events to the server of a mini-program, in plain text or
//! encrypted, in JSON or XML.

use qlive_types::random;
use serde_json::{Value, json};

use crate::config::SandboxConfig;
use crate::state::SandboxState;
use crate::wechat::push_crypto::{decrypt_push, encrypt_push, push_signature};

/// The address of message push, as it would be set in the console.
pub(crate) fn push_url(config: &SandboxConfig) -> String {
    format!("{}wx_notify/", config.callback_base)
}

/// Verifies the address as the console does when it is saved: whether the server echoes a text.
pub(crate) async fn verify_push_url(sandbox: &SandboxState) -> bool {
    let (time, nonce) = time_and_nonce(sandbox);
    let echo = random::hex(8);
    let signature = push_signature(&[&sandbox.config.push_token, &time, &nonce]);
    let query = [
        ("signature", signature),
        ("timestamp", time),
        ("nonce", nonce),
        ("echostr", echo.clone()),
    ];
    let url = push_url(&sandbox.config);
    match sandbox.http.get(url).query(&query).send().await {
        Ok(response) => response.text().await.unwrap_or_default() == echo,
        Err(_) => false,
    }
}

/// The HTTP request that delivers a message in the form set in the console.
pub(crate) fn push_request(
    sandbox: &SandboxState,
    url: &str,
    message: &Value,
) -> reqwest::RequestBuilder {
    let is_xml = sandbox.records().push_mode.xml;
    push_text_request(sandbox, url, serialize(message, is_xml))
}

/// The same with a message that is text already.
pub(crate) fn push_text_request(
    sandbox: &SandboxState,
    url: &str,
    message: String,
) -> reqwest::RequestBuilder {
    let mode = sandbox.records().push_mode;
    let (time, nonce) = time_and_nonce(sandbox);
    let token = &sandbox.config.push_token;
    let mut body = message;
    let mut query = vec![
        ("signature", push_signature(&[token, &time, &nonce])),
        ("timestamp", time.clone()),
        ("nonce", nonce.clone()),
    ];
    if mode.secure {
        let encrypted = encrypt_push(&sandbox.config, &body);
        let signature = push_signature(&[token, &time, &nonce, &encrypted]);
        query.push(("encrypt_type", "aes".to_owned()));
        query.push(("msg_signature", signature));
        let envelope = json!({"ToUserName": "gh_sandbox", "Encrypt": encrypted});
        body = serialize(&envelope, mode.xml);
    }
    let content_type = if mode.xml {
        "text/xml"
    } else {
        "application/json"
    };
    sandbox
        .http
        .post(url)
        .query(&query)
        .header("Content-Type", content_type)
        .body(body)
}

/// Whether the body of an answer accepts a message, so that it is not sent again: empty,
/// `success`, or `ErrCode` 0, in plain text or encrypted and signed.
pub(crate) fn is_accepted(config: &SandboxConfig, body: &str) -> bool {
    is_accepted_in_plain_text(body)
        || decrypt_answer(config, body).is_some_and(|plain| is_accepted_in_plain_text(&plain))
}

fn is_accepted_in_plain_text(body: &str) -> bool {
    body.is_empty()
        || body == "success"
        || body.contains("\"ErrCode\":0")
        || body.contains("<ErrCode>0</ErrCode>")
}

/// Decrypts an answer in JSON or XML; `None` when it is not encrypted or its signature is wrong.
fn decrypt_answer(config: &SandboxConfig, body: &str) -> Option<String> {
    let field = |name: &str| json_field(body, name).or_else(|| xml_field(body, name));
    let (encrypted, time, nonce) = (field("Encrypt")?, field("TimeStamp")?, field("Nonce")?);
    let expected = push_signature(&[&config.push_token, &time, &nonce, &encrypted]);
    if field("MsgSignature")? != expected {
        return None;
    }
    decrypt_push(config, &encrypted)
}

fn json_field(body: &str, name: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    match body.get(name)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn xml_field(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    Some(value.to_owned())
}

fn time_and_nonce(sandbox: &SandboxState) -> (String, String) {
    (
        sandbox.clock.now().secs().to_string(),
        random::within(100_000_000..=999_999_999).to_string(),
    )
}

fn serialize(message: &Value, xml: bool) -> String {
    if xml {
        format!("<xml>{}</xml>", xml_elements(message))
    } else {
        message.to_string()
    }
}

/// The fields of an object as XML elements.
fn xml_elements(value: &Value) -> String {
    value
        .as_object()
        .map(|fields| {
            let elements = fields.iter().map(|(name, value)| xml_element(name, value));
            elements.collect()
        })
        .unwrap_or_default()
}

/// A field as an XML element; an array is one element for each value.
fn xml_element(name: &str, value: &Value) -> String {
    match value {
        Value::Array(values) => values
            .iter()
            .map(|value| xml_element(name, value))
            .collect(),
        Value::Object(_) => format!("<{name}>{}</{name}>", xml_elements(value)),
        Value::String(text) => format!("<{name}><![CDATA[{text}]]></{name}>"),
        other => format!("<{name}>{other}</{name}>"),
    }
}
