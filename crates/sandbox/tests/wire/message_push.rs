//! The forms of message push, plain and encrypted, in JSON and XML.

use aes::cipher::{
    BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding,
};
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::support::TestSandbox;
use crate::support::receiver::Callback;

fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

fn aes_key(sandbox: &TestSandbox) -> [u8; 32] {
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let key = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient)
        .decode(format!("{}=", sandbox.config.push_aes_key))
        .unwrap();
    key.try_into().unwrap()
}

/// The text of an encrypted message. Fails the test when it is another app's.
fn decrypt(sandbox: &TestSandbox, encrypted: &str) -> String {
    let key = aes_key(sandbox);
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let plain = cbc::Decryptor::<aes::Aes256>::new(&key.into(), &iv.into())
        .decrypt_padded_vec_mut::<NoPadding>(&STANDARD.decode(encrypted).unwrap())
        .unwrap();
    let padding = usize::from(*plain.last().unwrap());
    let plain = &plain[16..plain.len() - padding];
    let (length, rest) = plain.split_at(4);
    let length = u32::from_be_bytes(length.try_into().unwrap());
    let (message, app_id) = rest.split_at(usize::try_from(length).unwrap());
    assert_eq!(app_id, sandbox.config.app_id.as_bytes());
    String::from_utf8(message.to_vec()).unwrap()
}

fn encrypt(sandbox: &TestSandbox, message: &str) -> String {
    let key = aes_key(sandbox);
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let mut plain = b"0123456789abcdef".to_vec();
    plain.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    plain.extend(message.as_bytes());
    plain.extend(sandbox.config.app_id.as_bytes());
    let padding = 32 - plain.len() % 32;
    plain.extend(vec![u8::try_from(padding).unwrap(); padding]);
    let encrypted = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into())
        .encrypt_padded_vec_mut::<NoPadding>(&plain);
    STANDARD.encode(encrypted)
}

/// Sends a push in this form and returns it as it arrived, and whether it was accepted.
async fn push(sandbox: &TestSandbox, secure: bool, xml: bool) -> (Callback, Value) {
    let mode = json!({"secure": secure, "xml": xml});
    sandbox.control("push", mode).await;
    let message = json!({"Event": "test", "Number": 7, "Inner": {"Key": "value"}});
    let answer = sandbox.control("pushes", message).await;
    let callback = sandbox.receiver.callbacks().last().unwrap().clone();
    let (time, nonce) = (&callback.query["timestamp"], &callback.query["nonce"]);
    let expected = signature(&[&sandbox.config.push_token, time, nonce]);
    assert_eq!(callback.query["signature"], expected);
    (callback, answer)
}

const XML: &str = "<xml><Event><![CDATA[test]]></Event><Number>7</Number>\
    <Inner><Key><![CDATA[value]]></Key></Inner></xml>";

#[tokio::test]
async fn plain_push_is_json_or_xml() {
    let sandbox = TestSandbox::start();
    let (callback, answer) = push(&sandbox, false, false).await;
    assert_eq!(answer, json!({"status": 200, "accepted": true}));
    assert_eq!(callback.headers["content-type"], "application/json");
    let expected = json!({"Event": "test", "Number": 7, "Inner": {"Key": "value"}});
    assert_eq!(callback.json(), expected);
    let (callback, _) = push(&sandbox, false, true).await;
    assert_eq!(callback.headers["content-type"], "text/xml");
    assert_eq!(callback.body, XML);
}

#[tokio::test]
async fn secure_push_is_encrypted_and_signed() {
    let sandbox = TestSandbox::start();
    for xml in [false, true] {
        let (callback, _) = push(&sandbox, true, xml).await;
        let encrypted = if xml {
            let start = callback.body.find("<Encrypt><![CDATA[").unwrap() + 18;
            let end = callback.body.find("]]></Encrypt>").unwrap();
            callback.body[start..end].to_owned()
        } else {
            callback.json()["Encrypt"].as_str().unwrap().to_owned()
        };
        let (time, nonce) = (&callback.query["timestamp"], &callback.query["nonce"]);
        let expected = signature(&[&sandbox.config.push_token, time, nonce, &encrypted]);
        assert_eq!(callback.query["msg_signature"], expected);
        assert_eq!(callback.query["encrypt_type"], "aes");
        let plain = decrypt(&sandbox, &encrypted);
        if xml {
            assert_eq!(plain, XML);
        } else {
            let plain: Value = serde_json::from_str(&plain).unwrap();
            assert_eq!(plain["Number"], 7);
        }
    }
}

#[tokio::test]
async fn push_is_accepted_by_certain_answers_only() {
    let sandbox = TestSandbox::start();
    let encrypted = encrypt(&sandbox, "{\"ErrCode\":0,\"ErrMsg\":\"\"}");
    let signed = signature(&[&sandbox.config.push_token, "1", "nonce", &encrypted]);
    let envelope = |signature: &str| {
        json!({"Encrypt": encrypted, "TimeStamp": 1, "Nonce": "nonce", "MsgSignature": signature})
            .to_string()
    };
    for (status, body, accepted) in [
        (200, "success", true),
        (200, "{\"ErrCode\":0}", true),
        (200, "<xml><ErrCode>0</ErrCode></xml>", true),
        (200, envelope(&signed).as_str(), true),
        (200, envelope("00").as_str(), false),
        (200, "{\"ErrCode\":1}", false),
        (200, "fail", false),
        (500, "success", false),
    ] {
        sandbox.receiver.answer_next(status, body);
        let (_, answer) = push(&sandbox, true, false).await;
        let expected = json!({"status": status, "accepted": accepted});
        assert_eq!(answer, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn address_is_verified_by_its_echo() {
    let sandbox = TestSandbox::start();
    let verified = sandbox.control("push/verify", json!({})).await;
    assert_eq!(verified, json!({"verified": true}));
    let callback = &sandbox.receiver.callbacks()[0];
    assert_eq!(callback.path, "/callbacks/wx_notify/");
    let (time, nonce) = (&callback.query["timestamp"], &callback.query["nonce"]);
    let expected = signature(&[&sandbox.config.push_token, time, nonce]);
    assert_eq!(callback.query["signature"], expected);
    sandbox.receiver.answer_next(200, "something else");
    let verified = sandbox.control("push/verify", json!({})).await;
    assert_eq!(verified, json!({"verified": false}));
}

#[tokio::test]
async fn malformed_push_mode_is_400() {
    let sandbox = TestSandbox::start();
    let answer = sandbox.post("/sandbox/push", json!({"secure": true})).await;
    assert_eq!(answer.status, 400);
}
