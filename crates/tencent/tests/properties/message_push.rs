//! Message pushes: JSON, XML, and the encryption of secure mode.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::sha::sha1;
use openssl::symm::{Cipher, Crypter, Mode};
use proptest::prelude::*;
use qlive_tencent::NonEmptySecret;
use qlive_tencent::wechat::push::{
    MessagePush, PushError, PushEvent, PushMode, PushQuery, ReceivedPush,
};
use qlive_types::testing::{
    BitFlip, JSON_PIECES, bit_flip, hostile_bytes, hostile_text, in_bounded_time, json_value,
};
use serde_json::{Value, json};

use crate::pieces::{BASE64_PIECES, PUSH_KEYS, XML_PIECES};

const APP: &str = "wx0000000000000001";
const TOKEN: &str = "made-up-token";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE";

fn secret(text: &str) -> NonEmptySecret {
    NonEmptySecret::new(text).unwrap()
}

fn parse(query: &PushQuery, body: &[u8]) -> Result<ReceivedPush, PushError> {
    let push = MessagePush::new(APP, secret(TOKEN), &secret(AES_KEY)).unwrap();
    in_bounded_time(|| push.verify_and_parse(query, body))
}

/// Signs as WeChat does: SHA-1 of the sorted parts and the token.
fn sign(parts: &[&str]) -> String {
    let mut parts = [parts, &[TOKEN]].concat();
    parts.sort_unstable();
    hex::encode(sha1(parts.concat().as_bytes()))
}

/// A query that is signed for plain mode, whatever the body is.
fn plain_query() -> PushQuery {
    PushQuery {
        signature: sign(&["1714112445", "415670741"]),
        timestamp: "1714112445".into(),
        nonce: "415670741".into(),
        ..PushQuery::default()
    }
}

/// Encrypts a message as WeChat does, for this app.
fn encrypt(message: &[u8], app: &str) -> String {
    let key = STANDARD.decode(format!("{AES_KEY}=")).unwrap();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let mut plaintext = [&[7; 16], length.as_slice(), message, app.as_bytes()].concat();
    let padding = 32 - plaintext.len() % 32;
    plaintext.extend(vec![u8::try_from(padding).unwrap(); padding]);
    let cipher = Cipher::aes_256_cbc();
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, &key, Some(&key[..16])).unwrap();
    crypter.pad(false);
    let mut encrypted = vec![0; plaintext.len() + cipher.block_size()];
    let length = crypter.update(&plaintext, &mut encrypted).unwrap();
    encrypted.truncate(length);
    STANDARD.encode(encrypted)
}

/// A body and a query of secure mode.
fn secure(encrypted: &str, xml: bool) -> (PushQuery, String) {
    let query = PushQuery {
        msg_signature: sign(&["1714112445", "415670741", encrypted]),
        encrypt_type: "aes".into(),
        ..plain_query()
    };
    let body = if xml {
        format!("<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>")
    } else {
        json!({"ToUserName": "gh", "Encrypt": encrypted}).to_string()
    };
    (query, body)
}

/// What a push about paid goods says.
#[derive(Debug, Clone)]
struct Paid {
    openid: String,
    out_trade_no: String,
    product_id: String,
    price: i64,
    transaction_id: String,
    paid_time: i64,
}

fn paid() -> impl Strategy<Value = Paid> {
    let id = || "[A-Za-z0-9_-]{1,32}";
    (id(), id(), id(), 0..i64::MAX, id(), 0..i64::MAX).prop_map(
        |(openid, out_trade_no, product_id, price, transaction_id, paid_time)| Paid {
            openid,
            out_trade_no,
            product_id,
            price,
            transaction_id,
            paid_time,
        },
    )
}

impl Paid {
    fn fields(&self) -> Value {
        json!({
            "Event": "xpay_goods_deliver_notify", "OpenId": self.openid,
            "OutTradeNo": self.out_trade_no, "Env": 0,
            "WeChatPayInfo": {"TransactionId": self.transaction_id, "PaidTime": self.paid_time},
            "GoodsInfo": {"ProductId": self.product_id, "Quantity": 1, "OrigPrice": self.price,
                "ActualPrice": self.price},
        })
    }

    fn is(&self, event: &PushEvent) -> bool {
        let PushEvent::GoodsPaid {
            openid,
            out_trade_no,
            product_id,
            quantity: 1,
            orig_price,
            actual_price,
            transaction_id,
            paid_time,
            ..
        } = event
        else {
            return false;
        };
        (openid, out_trade_no, product_id) == (&self.openid, &self.out_trade_no, &self.product_id)
            && (*orig_price, *actual_price) == (self.price, self.price)
            && (transaction_id, *paid_time) == (&self.transaction_id, self.paid_time)
    }
}

/// Writes fields as XML.
fn write_xml(name: &str, value: &Value, cdata: bool) -> String {
    let content = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| write_xml(name, value, cdata))
            .collect(),
        Value::String(text) if cdata => format!("<![CDATA[{text}]]>"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("<{name}>{content}</{name}>\n")
}

proptest! {
    #[test]
    fn any_body_without_a_signature_is_refused(
        body in prop_oneof![hostile_bytes(JSON_PIECES), hostile_bytes(XML_PIECES)],
        encrypt_type in prop_oneof![Just(""), Just("aes"), Just("x")],
        signature in hostile_text(JSON_PIECES),
    ) {
        let query = PushQuery {
            signature: signature.clone(),
            msg_signature: signature,
            encrypt_type: encrypt_type.into(),
            ..plain_query()
        };
        prop_assert_eq!(parse(&query, &body), Err(PushError::InvalidSignature));
    }

    #[test]
    fn any_signed_body_in_plain_mode_is_read_or_malformed(
        body in prop_oneof![hostile_bytes(JSON_PIECES), hostile_bytes(XML_PIECES)],
    ) {
        match parse(&plain_query(), &body) {
            Ok(push) => prop_assert_eq!(push.mode, PushMode::Plain),
            // A field named Encrypt makes it a push of secure mode, which is not signed.
            Err(PushError::MalformedBody | PushError::InvalidSignature) => {}
        }
    }

    #[test]
    fn any_signed_json_in_plain_mode_is_read_or_refused(body in json_value(PUSH_KEYS)) {
        drop(parse(&plain_query(), body.to_string().as_bytes()));
    }

    #[test]
    fn any_encrypted_message_is_read_or_malformed(
        message in prop_oneof![hostile_bytes(JSON_PIECES), hostile_bytes(XML_PIECES)],
        xml: bool,
    ) {
        let (query, body) = secure(&encrypt(&message, APP), xml);
        match parse(&query, body.as_bytes()) {
            Ok(push) => prop_assert_eq!(push.mode, PushMode::Secure),
            Err(error) => prop_assert_eq!(error, PushError::MalformedBody),
        }
    }

    #[test]
    fn any_signed_ciphertext_is_refused(encrypted in hostile_text(BASE64_PIECES), xml: bool) {
        let (query, body) = secure(&encrypted, xml);
        prop_assert!(parse(&query, body.as_bytes()).is_err());
    }

    #[test]
    fn written_push_is_read_unchanged(paid in paid(), xml: bool, cdata: bool) {
        let message = if xml {
            write_xml("xml", &paid.fields(), cdata)
        } else {
            paid.fields().to_string()
        };
        let push = parse(&plain_query(), message.as_bytes()).unwrap();
        prop_assert!(paid.is(&push.event), "{:?}", push);
        let (query, body) = secure(&encrypt(message.as_bytes(), APP), xml);
        let push = parse(&query, body.as_bytes()).unwrap();
        prop_assert!(paid.is(&push.event), "{:?}", push);
        prop_assert_eq!(push.mode, PushMode::Secure);
    }

    #[test]
    fn push_for_another_app_is_refused(paid in paid(), app in "wx[0-9a-f]{0,20}", xml: bool) {
        let (query, body) = secure(&encrypt(paid.fields().to_string().as_bytes(), &app), xml);
        prop_assert_eq!(parse(&query, body.as_bytes()), Err(PushError::InvalidSignature));
    }

    #[test]
    fn changed_push_is_never_genuine(
        paid in paid(),
        xml: bool,
        flip in bit_flip(),
        query_flip in bit_flip(),
    ) {
        let (query, body) = secure(&encrypt(paid.fields().to_string().as_bytes(), APP), xml);
        // What surrounds the encrypted message is not signed. A change there may be accepted, but
        // the message is the same.
        if let Ok(push) = parse(&query, &flip.apply(body.as_bytes())) {
            prop_assert!(paid.is(&push.event), "{:?}", push);
        }
        for query in changed_queries(&query, &query_flip) {
            prop_assert_eq!(parse(&query, body.as_bytes()), Err(PushError::InvalidSignature));
        }
    }
}

/// The query with each signed parameter changed.
fn changed_queries(query: &PushQuery, flip: &BitFlip) -> [PushQuery; 3] {
    let change = |text: &str| String::from_utf8_lossy(&flip.apply(text.as_bytes())).into_owned();
    [
        PushQuery {
            msg_signature: change(&query.msg_signature),
            ..query.clone()
        },
        PushQuery {
            timestamp: change(&query.timestamp),
            ..query.clone()
        },
        PushQuery {
            nonce: change(&query.nonce),
            ..query.clone()
        },
    ]
}
