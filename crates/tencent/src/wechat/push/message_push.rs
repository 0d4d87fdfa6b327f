//! Verification and parsing of message pushes, and the reply to them.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::body_cipher::BodyCipher;
use super::event::PushEvent;
use super::xml::parse_xml;
use crate::crypto::{equals_in_constant_time, sha1_hex};
use crate::invalid_key::InvalidKey;
use crate::json_fields::text;
use crate::lenient_json::parse_json;
use crate::non_empty_secret::NonEmptySecret;

/// The message-push configuration of one mini-program. Contains secrets, hence no `Debug`.
pub struct MessagePush {
    token: NonEmptySecret,
    cipher: BodyCipher,
}

/// The mode in which a push was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushMode {
    /// The body was encrypted and signed, so it is from WeChat.
    Secure,
    /// The signature does not cover the body: anyone who saw one push can send another body.
    Plain,
}

/// The format of a push and of the reply to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushFormat {
    Json,
    Xml,
}

/// The query parameters of a push. A missing parameter is empty.
#[derive(Debug, Clone, Default)]
pub struct PushQuery {
    pub signature: String,
    pub msg_signature: String,
    pub timestamp: String,
    pub nonce: String,
    pub encrypt_type: String,
}

/// A push whose signature verified. Whether the signature covers the event depends on the mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedPush {
    pub event: PushEvent,
    pub mode: PushMode,
    pub format: PushFormat,
}

/// The reply to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReply {
    pub content_type: &'static str,
    pub body: String,
}

/// Why a push was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The signature is wrong, or the body was not encrypted with our key for our app.
    #[error("the signature does not verify")]
    InvalidSignature,
    /// The signature verifies, but the body is neither a JSON object nor XML.
    #[error("the body cannot be parsed")]
    MalformedBody,
}

impl MessagePush {
    /// Creates a configuration. `aes_key` is the EncodingAESKey of the console, 43 characters.
    ///
    /// # Errors
    /// Fails when `aes_key` is not 43 characters of base64.
    pub fn new(
        app_id: &str,
        token: NonEmptySecret,
        aes_key: &NonEmptySecret,
    ) -> Result<Self, InvalidKey> {
        let cipher = BodyCipher::new(app_id, aes_key)?;
        Ok(Self { token, cipher })
    }

    /// Returns whether `signature` verifies. It covers only the timestamp and the nonce. When
    /// WeChat verifies the server's URL by a GET, the reply to a valid signature is the `echostr`
    /// parameter.
    #[must_use]
    pub fn verify_query_signature(&self, query: &PushQuery) -> bool {
        let expected = self.sign(&[&query.timestamp, &query.nonce]);
        equals_in_constant_time(&expected, &query.signature)
    }

    /// Verifies, decrypts and parses a push.
    ///
    /// # Errors
    /// Fails when the signature does not verify, the body cannot be decrypted, or it cannot be
    /// parsed.
    pub fn verify_and_parse(
        &self,
        query: &PushQuery,
        body: &[u8],
    ) -> Result<ReceivedPush, PushError> {
        let Some((outer, format)) = parse_body(body) else {
            // Only a sender whose signature verifies learns that the body cannot be parsed.
            return Err(if self.verify_query_signature(query) {
                PushError::MalformedBody
            } else {
                PushError::InvalidSignature
            });
        };
        let encrypted = text(outer.get("Encrypt"));
        let (event, mode) = if query.encrypt_type == "aes" || !encrypted.is_empty() {
            (
                self.verify_and_decrypt(query, &encrypted)?,
                PushMode::Secure,
            )
        } else if self.verify_query_signature(query) {
            (PushEvent::parse(&outer), PushMode::Plain)
        } else {
            return Err(PushError::InvalidSignature);
        };
        Ok(ReceivedPush {
            event,
            mode,
            format,
        })
    }

    fn verify_and_decrypt(
        &self,
        query: &PushQuery,
        encrypted: &str,
    ) -> Result<PushEvent, PushError> {
        let expected = self.sign(&[&query.timestamp, &query.nonce, encrypted]);
        if !equals_in_constant_time(&expected, &query.msg_signature) {
            return Err(PushError::InvalidSignature);
        }
        let message = self
            .cipher
            .decrypt(encrypted)
            .ok_or(PushError::InvalidSignature)?;
        let (message, _) = parse_body(&message).ok_or(PushError::MalformedBody)?;
        Ok(PushEvent::parse(&message))
    }

    /// Returns the reply that confirms a push. Without it, WeChat repeats the push. Virtual payment
    /// gets it in the push's own mode and format, every other event the text `success`, which is
    /// not encrypted in secure mode either. `now` is Unix seconds; `random` has 16 characters.
    #[must_use]
    pub fn success_reply(
        &self,
        push: &ReceivedPush,
        now: i64,
        nonce: &str,
        random: &str,
    ) -> PushReply {
        if !push.event.is_virtual_payment() {
            return PushReply {
                content_type: "text/plain; charset=utf-8",
                body: "success".to_owned(),
            };
        }
        PushReply {
            content_type: match push.format {
                PushFormat::Json => "application/json",
                PushFormat::Xml => "text/xml; charset=utf-8",
            },
            body: self.virtual_payment_reply(push, now, nonce, random),
        }
    }

    fn virtual_payment_reply(
        &self,
        push: &ReceivedPush,
        now: i64,
        nonce: &str,
        random: &str,
    ) -> String {
        let plain = match push.format {
            PushFormat::Json => json!({"ErrCode": 0, "ErrMsg": "success"}).to_string(),
            PushFormat::Xml => "<xml><ErrCode>0</ErrCode><ErrMsg>success</ErrMsg></xml>".to_owned(),
        };
        if push.mode == PushMode::Plain {
            return plain;
        }
        let (encrypt, signature) = self.encrypt_and_sign(&plain, now, nonce, random);
        match push.format {
            PushFormat::Json => json!({
                "Encrypt": encrypt,
                "MsgSignature": signature,
                "TimeStamp": now,
                "Nonce": nonce,
            })
            .to_string(),
            PushFormat::Xml => format!(
                "<xml><Encrypt>{encrypt}</Encrypt><MsgSignature>{signature}</MsgSignature>\
                 <TimeStamp>{now}</TimeStamp><Nonce>{nonce}</Nonce></xml>"
            ),
        }
    }

    /// Returns the encrypted message and its signature.
    fn encrypt_and_sign(
        &self,
        message: &str,
        now: i64,
        nonce: &str,
        random: &str,
    ) -> (String, String) {
        let encrypt = self.cipher.encrypt(message, random);
        let signature = self.sign(&[&now.to_string(), nonce, &encrypt]);
        (encrypt, signature)
    }

    /// Computes SHA-1 of the token and the parts, sorted bytewise and concatenated.
    fn sign(&self, parts: &[&str]) -> String {
        let mut sorted: Vec<&str> = parts
            .iter()
            .copied()
            .chain([self.token.expose_secret()])
            .collect();
        sorted.sort_unstable();
        sha1_hex(&sorted)
    }
}

/// Parses a JSON object or XML. A message contains what users typed, so bytes that are not UTF-8
/// become U+FFFD.
fn parse_body(body: &[u8]) -> Option<(Value, PushFormat)> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if text.starts_with('<') {
        Some((parse_xml(text)?, PushFormat::Xml))
    } else {
        parse_json(text.as_bytes())
            .filter(Value::is_object)
            .map(|value| (value, PushFormat::Json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "wxba5fad812f8e6fb9";

    /// The configuration of the examples in WeChat's documentation.
    fn message_push(app_id: &str) -> MessagePush {
        let secret = |text: &str| NonEmptySecret::new(text).unwrap();
        MessagePush::new(app_id, secret("AAAAA"), &secret(&"A".repeat(43))).unwrap()
    }

    const ENCRYPT: &str = concat!(
        "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPx",
        "LKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMu",
        "FUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDr",
        "M1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=",
    );

    fn secure_query() -> PushQuery {
        PushQuery {
            msg_signature: "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3".into(),
            timestamp: "1714112445".into(),
            nonce: "415670741".into(),
            encrypt_type: "aes".into(),
            ..PushQuery::default()
        }
    }

    fn encrypted_body(encrypt: &str) -> Vec<u8> {
        json!({"ToUserName": "gh_97417a04a28d", "Encrypt": encrypt})
            .to_string()
            .into_bytes()
    }

    fn debug_push(mode: PushMode, format: PushFormat) -> ReceivedPush {
        ReceivedPush {
            event: PushEvent::Unhandled("debug_demo".into()),
            mode,
            format,
        }
    }

    #[test]
    fn official_url_verification_vector_verifies() {
        let query = PushQuery {
            signature: "f464b24fc39322e44b38aa78f5edd27bd1441696".into(),
            timestamp: "1714036504".into(),
            nonce: "1514711492".into(),
            ..PushQuery::default()
        };
        let push = message_push(APP);
        assert!(push.verify_query_signature(&query));
        assert!(!push.verify_query_signature(&PushQuery {
            nonce: "1514711493".into(),
            ..query
        }));
    }

    #[test]
    fn official_plain_push_is_parsed() {
        let query = PushQuery {
            signature: "899cf89e464efb63f54ddac96b0a0a235f53aa78".into(),
            timestamp: "1714037059".into(),
            nonce: "486452656".into(),
            ..PushQuery::default()
        };
        assert_eq!(
            message_push(APP).verify_and_parse(&query, br#"{"Event":"debug_demo"}"#),
            Ok(debug_push(PushMode::Plain, PushFormat::Json))
        );
    }

    #[test]
    fn official_secure_push_is_decrypted() {
        let push = message_push(APP);
        assert_eq!(
            push.verify_and_parse(&secure_query(), &encrypted_body(ENCRYPT)),
            Ok(debug_push(PushMode::Secure, PushFormat::Json))
        );
        let body = format!(
            "<xml><ToUserName><![CDATA[gh]]></ToUserName>\
             <Encrypt><![CDATA[{ENCRYPT}]]></Encrypt></xml>"
        );
        assert_eq!(
            push.verify_and_parse(&secure_query(), body.as_bytes()),
            Ok(debug_push(PushMode::Secure, PushFormat::Xml))
        );
        let plaintext = push.cipher.decrypt(ENCRYPT).unwrap();
        assert!(
            String::from_utf8(plaintext)
                .unwrap()
                .ends_with(r#""debug_str":"hello world"}"#)
        );
    }

    #[test]
    fn official_reply_is_reproduced() {
        let (encrypt, signature) = message_push(APP).encrypt_and_sign(
            r#"{"demo_resp":"good luck"}"#,
            1_713_424_427,
            "415670741",
            "707722b803182950",
        );
        assert_eq!(
            encrypt,
            concat!(
                "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L",
                "32tmxSQ=="
            )
        );
        assert_eq!(signature, "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
    }

    #[test]
    fn only_virtual_payment_is_confirmed_in_its_own_form() {
        let push = message_push(APP);
        for mode in [PushMode::Plain, PushMode::Secure] {
            for format in [PushFormat::Json, PushFormat::Xml] {
                let reply =
                    push.success_reply(&debug_push(mode, format), 1, "1", "0123456789abcdef");
                assert_eq!(reply.body, "success");
                let received = ReceivedPush {
                    event: PushEvent::Unhandled("xpay_coin_pay_notify".into()),
                    ..debug_push(mode, format)
                };
                let reply = push.success_reply(&received, 1, "1", "0123456789abcdef");
                let (plain, field) = match format {
                    PushFormat::Json => (r#"{"ErrCode":0,"#, "\"Encrypt\":"),
                    PushFormat::Xml => ("<xml><ErrCode>0</ErrCode>", "<Encrypt>"),
                };
                let is_plain = reply.body.starts_with(plain);
                assert_eq!(is_plain, mode == PushMode::Plain, "{}", reply.body);
                assert_eq!(reply.body.contains(field), !is_plain, "{}", reply.body);
            }
        }
    }

    #[test]
    fn body_with_unreadable_text_is_parsed() {
        let query = PushQuery {
            signature: "899cf89e464efb63f54ddac96b0a0a235f53aa78".into(),
            timestamp: "1714037059".into(),
            nonce: "486452656".into(),
            ..PushQuery::default()
        };
        for body in [
            &b"\xEF\xBB\xBF {\"MsgType\":\"event\",\"Event\":\"debug_demo\"}"[..],
            b"{\"Event\":\"debug_demo\",\"Content\":\"a\x01\xff\\ud83d\"}",
            b"\xEF\xBB\xBF<xml><Event>debug_demo</Event><Content>\x01\xff</Content></xml>",
        ] {
            let received = message_push(APP).verify_and_parse(&query, body).unwrap();
            let shown = String::from_utf8_lossy(body);
            assert_eq!(
                received.event,
                PushEvent::Unhandled("debug_demo".into()),
                "{shown}"
            );
        }
    }

    #[test]
    fn altered_push_has_an_invalid_signature() {
        let push = message_push(APP);
        let other_nonce = PushQuery {
            nonce: "1".into(),
            ..secure_query()
        };
        let without_encrypt_type = PushQuery {
            encrypt_type: String::new(),
            ..secure_query()
        };
        let other_ciphertext = encrypted_body(&ENCRYPT.replace("+qdx", "+qdy"));
        let unencrypted: &[u8] = br#"{"Event":"xpay_goods_deliver_notify"}"#;
        for (query, body) in [
            (&secure_query(), other_ciphertext.as_slice()),
            (&secure_query(), b"{}"),
            (&secure_query(), b"no json"),
            (&other_nonce, &encrypted_body(ENCRYPT)),
            (&without_encrypt_type, unencrypted),
        ] {
            let result = push.verify_and_parse(query, body);
            let body = String::from_utf8_lossy(body);
            assert_eq!(result, Err(PushError::InvalidSignature), "{body}");
        }
    }

    #[test]
    fn push_for_another_app_has_an_invalid_signature() {
        assert_eq!(
            message_push("wx0").verify_and_parse(&secure_query(), &encrypted_body(ENCRYPT)),
            Err(PushError::InvalidSignature)
        );
    }

    #[test]
    fn aes_key_of_42_characters_is_refused() {
        let secret = |text: &str| NonEmptySecret::new(text).unwrap();
        let result = MessagePush::new("wx0", secret("AAAAA"), &secret(&"A".repeat(42)));
        assert_eq!(result.err(), Some(InvalidKey::EncodingAesKey));
    }
}
