//! Message push (消息推送): how WeChat tells a mini-program's server things.
//!
//! In plain mode the signature does not cover the body, so nothing in it may be
//! believed; in secure mode the body is encrypted and signed.

use aes::cipher::{
    BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding,
};
use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;

use super::xml;
use crate::lenient::{integer, text};
use crate::pay::BadKey;

/// Padding goes to multiples of this, not of the cipher's own 16.
const BLOCK: usize = 32;
/// Random bytes before a message.
const RANDOM: usize = 16;

/// The console's settings. Hold secrets, hence no `Debug`.
pub struct Push {
    app_id: String,
    token: SecretString,
    key: [u8; 32],
}

/// Whether the body of a push can be believed as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It was encrypted and signed.
    Secure,
    /// Anybody who saw one push may have written this body.
    Plain,
}

/// How a push was written, and must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Xml,
}

/// The query of a push.
#[derive(Debug, Clone, Default)]
pub struct PushQuery {
    pub signature: String,
    pub msg_signature: String,
    pub timestamp: String,
    pub nonce: String,
    pub encrypt_type: String,
}

/// A push that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub event: PushEvent,
    pub trust: Trust,
    pub format: Format,
}

/// Why a push is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    #[error("the signature does not verify")]
    Forged,
    #[error("the body cannot be read")]
    Unreadable,
}

/// What a push tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushEvent {
    /// `xpay_goods_deliver_notify`: goods were paid for. Prices are fen.
    GoodsPaid {
        openid: String,
        out_trade_no: String,
        env: i64,
        product_id: String,
        quantity: i64,
        orig_price: i64,
        actual_price: i64,
        transaction_id: String,
        /// Unix seconds; 0 when not told.
        paid_time: i64,
    },
    /// `xpay_refund_notify`.
    Refunded {
        wx_refund_id: String,
        mch_refund_id: String,
        mch_order_id: String,
        refund_fee: i64,
        /// `None`: it does not say.
        succeeded: Option<bool>,
    },
    /// `xpay_complaint_notify`.
    Complained {
        request_id: String,
        openid: String,
        mch_order_id: String,
        complained_at: String,
    },
    /// An event we do not handle, by name.
    Other(String),
}

impl Push {
    /// `aes_key` is the console's EncodingAESKey: 43 characters.
    pub fn new(app_id: &str, token: SecretString, aes_key: &SecretString) -> Result<Self, BadKey> {
        // 43 characters are 258 bits: two more than the key has.
        let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
        let key = engine.decode(format!("{}=", aes_key.expose_secret())).ok();
        let key = key
            .and_then(|key| key.try_into().ok())
            .ok_or(BadKey("an EncodingAESKey has 43 characters of base64"))?;
        Ok(Self {
            app_id: app_id.to_owned(),
            token,
            key,
        })
    }

    /// Whether a GET is WeChat verifying the address; then `echostr` is to be answered.
    #[must_use]
    pub fn verifies_url(&self, query: &PushQuery) -> bool {
        self.is_signed(&query.signature, &[&query.timestamp, &query.nonce])
    }

    /// Verifies and reads a push.
    pub fn open(&self, query: &PushQuery, body: &[u8]) -> Result<Opened, NotOurs> {
        let (outer, format) = match read(body) {
            Some(read) => read,
            // Whose signature is good may learn that we cannot read him.
            None if self.verifies_url(query) => return Err(NotOurs::Unreadable),
            None => return Err(NotOurs::Forged),
        };
        let encrypted = text(&outer, "Encrypt");
        if query.encrypt_type == "aes" || !encrypted.is_empty() {
            if !self.is_signed(
                &query.msg_signature,
                &[&query.timestamp, &query.nonce, &encrypted],
            ) {
                return Err(NotOurs::Forged);
            }
            let message = self.decrypt(&encrypted).ok_or(NotOurs::Forged)?;
            let (inner, _) = read(&message).ok_or(NotOurs::Unreadable)?;
            return Ok(Opened {
                event: PushEvent::parse(&inner),
                trust: Trust::Secure,
                format,
            });
        }
        if !self.verifies_url(query) {
            return Err(NotOurs::Forged);
        }
        Ok(Opened {
            event: PushEvent::parse(&outer),
            trust: Trust::Plain,
            format,
        })
    }

    /// The answer that ends WeChat's repeating, in the push's own form. `random` has 16 characters.
    #[must_use]
    pub fn reply(&self, to: &Opened, now: i64, nonce: &str, random: &str) -> String {
        let plain = match to.format {
            Format::Json => json!({"ErrCode": 0, "ErrMsg": "success"}).to_string(),
            Format::Xml => "<xml><ErrCode>0</ErrCode><ErrMsg>success</ErrMsg></xml>".to_owned(),
        };
        if to.trust == Trust::Plain {
            return plain;
        }
        let (encrypt, signature) = self.encrypt(&plain, now, nonce, random);
        match to.format {
            Format::Json => {
                json!({"Encrypt": encrypt, "MsgSignature": signature, "TimeStamp": now, "Nonce": nonce}).to_string()
            }
            Format::Xml => format!(
                "<xml><Encrypt>{encrypt}</Encrypt><MsgSignature>{signature}</MsgSignature><TimeStamp>{now}</TimeStamp><Nonce>{nonce}</Nonce></xml>"
            ),
        }
    }

    fn is_signed(&self, signature: &str, parts: &[&str]) -> bool {
        self.sign(parts)
            .as_bytes()
            .ct_eq(signature.as_bytes())
            .into()
    }

    /// SHA-1 of the token and the parts, sorted and put together.
    fn sign(&self, parts: &[&str]) -> String {
        let mut all: Vec<&str> = parts
            .iter()
            .copied()
            .chain([self.token.expose_secret()])
            .collect();
        all.sort_unstable();
        hex::encode(Sha1::digest(all.concat()))
    }

    /// AES-256-CBC of 16 random bytes, the length, the message and the app id, which must be ours.
    fn decrypt(&self, encrypted: &str) -> Option<Vec<u8>> {
        let sealed = STANDARD.decode(encrypted).ok()?;
        let iv = self.key.first_chunk::<16>()?;
        let cipher = cbc::Decryptor::<aes::Aes256>::new(&self.key.into(), iv.into());
        let padded = cipher.decrypt_padded_vec_mut::<NoPadding>(&sealed).ok()?;
        let padding = usize::from(*padded.last()?);
        if !(1..=BLOCK).contains(&padding) {
            return None;
        }
        let plain = padded.get(..padded.len().checked_sub(padding)?)?;
        let (length, rest) = plain.get(RANDOM..)?.split_first_chunk::<4>()?;
        let (message, app_id) =
            rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        (app_id == self.app_id.as_bytes()).then(|| message.to_vec())
    }

    fn encrypt(&self, message: &str, now: i64, nonce: &str, random: &str) -> (String, String) {
        let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
        let mut plain = [
            random.as_bytes(),
            &length,
            message.as_bytes(),
            self.app_id.as_bytes(),
        ]
        .concat();
        let padding = BLOCK - plain.len() % BLOCK;
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or(0));
        let iv: [u8; 16] = self.key.first_chunk().copied().unwrap_or_default();
        let cipher = cbc::Encryptor::<aes::Aes256>::new(&self.key.into(), &iv.into());
        let encrypt = STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&plain));
        let signature = self.sign(&[&now.to_string(), nonce, &encrypt]);
        (encrypt, signature)
    }
}

/// A body in JSON or XML.
fn read(body: &[u8]) -> Option<(Value, Format)> {
    let text = std::str::from_utf8(body).ok()?;
    match text.trim_start().chars().next()? {
        '<' => Some((xml::read(text)?, Format::Xml)),
        _ => serde_json::from_str(text)
            .ok()
            .filter(Value::is_object)
            .map(|value| (value, Format::Json)),
    }
}

impl PushEvent {
    fn parse(message: &Value) -> Self {
        // The documents write some fields in two ways.
        let either = |one: &str, other: &str| match text(message, one) {
            found if found.is_empty() => text(message, other),
            found => found,
        };
        let within = |outer: [&str; 2], key: &str| {
            outer
                .iter()
                .find_map(|outer| message.get(*outer)?.get(key))
                .cloned()
        };
        let goods = |key: &str| within(["GoodsInfo", "goods_info"], key);
        let paid = |key: &str| within(["WeChatPayInfo", "WechatPayInfo"], key);
        let word = |value: Option<Value>| {
            value
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let number = |value: Option<Value>| integer(value.as_ref()).unwrap_or(-1);
        let openid = either("OpenId", "openid");
        match text(message, "Event").as_str() {
            "xpay_goods_deliver_notify" => Self::GoodsPaid {
                openid,
                out_trade_no: either("OutTradeNo", "out_trade_no"),
                env: number(message.get("Env").cloned()),
                product_id: word(goods("ProductId")),
                quantity: number(goods("Quantity")),
                orig_price: number(goods("OrigPrice")),
                actual_price: number(goods("ActualPrice")),
                transaction_id: word(paid("TransactionId")),
                paid_time: integer(paid("PaidTime").as_ref()).unwrap_or(0),
            },
            "xpay_refund_notify" => Self::Refunded {
                wx_refund_id: text(message, "WxRefundId"),
                mch_refund_id: text(message, "MchRefundId"),
                mch_order_id: text(message, "MchOrderId"),
                refund_fee: integer(message.get("RefundFee")).unwrap_or(-1),
                succeeded: integer(message.get("RetCode")).map(|code| code == 0),
            },
            "xpay_complaint_notify" => Self::Complained {
                request_id: text(message, "RequestId"),
                openid,
                mch_order_id: text(message, "MchOrderId"),
                complained_at: match message.get("ComplaintTime") {
                    Some(Value::String(time)) => time.clone(),
                    Some(Value::Number(time)) => time.to_string(),
                    _ => String::new(),
                },
            },
            other => Self::Other(other.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The official example of the documents.
    fn push() -> Push {
        Push::new(
            "wxba5fad812f8e6fb9",
            "AAAAA".to_owned().into(),
            &"A".repeat(43).into(),
        )
        .unwrap()
    }

    const ENCRYPT: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

    fn secure() -> PushQuery {
        PushQuery {
            msg_signature: "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3".into(),
            timestamp: "1714112445".into(),
            nonce: "415670741".into(),
            encrypt_type: "aes".into(),
            ..PushQuery::default()
        }
    }

    #[test]
    fn the_official_vectors_verify() {
        let get = PushQuery {
            signature: "f464b24fc39322e44b38aa78f5edd27bd1441696".into(),
            timestamp: "1714036504".into(),
            nonce: "1514711492".into(),
            ..PushQuery::default()
        };
        assert!(push().verifies_url(&get));
        assert!(!push().verifies_url(&PushQuery {
            nonce: "1514711493".into(),
            ..get
        }));
        let post = PushQuery {
            signature: "899cf89e464efb63f54ddac96b0a0a235f53aa78".into(),
            timestamp: "1714037059".into(),
            nonce: "486452656".into(),
            ..PushQuery::default()
        };
        let opened = push().open(&post, br#"{"Event":"debug_demo"}"#).unwrap();
        let event = PushEvent::Other("debug_demo".into());
        assert_eq!(
            opened,
            Opened {
                event: event.clone(),
                trust: Trust::Plain,
                format: Format::Json
            }
        );
        let body = json!({"ToUserName": "gh_97417a04a28d", "Encrypt": ENCRYPT}).to_string();
        let opened = push().open(&secure(), body.as_bytes()).unwrap();
        assert_eq!(
            opened,
            Opened {
                event: event.clone(),
                trust: Trust::Secure,
                format: Format::Json
            }
        );
        let body = format!(
            "<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{ENCRYPT}]]></Encrypt></xml>"
        );
        let opened = push().open(&secure(), body.as_bytes()).unwrap();
        assert_eq!(
            opened,
            Opened {
                event,
                trust: Trust::Secure,
                format: Format::Xml
            }
        );
        let plain = push().decrypt(ENCRYPT).unwrap();
        assert!(
            String::from_utf8(plain)
                .unwrap()
                .ends_with(r#""debug_str":"hello world"}"#)
        );
    }

    #[test]
    fn the_official_reply_is_reproduced() {
        let (encrypt, signature) = push().encrypt(
            r#"{"demo_resp":"good luck"}"#,
            1_713_424_427,
            "415670741",
            "707722b803182950",
        );
        assert_eq!(
            encrypt,
            "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
        );
        assert_eq!(signature, "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
    }

    #[test]
    fn what_was_touched_is_refused() {
        let body = |encrypt: &str| json!({"Encrypt": encrypt}).to_string().into_bytes();
        let push = push();
        assert_eq!(
            push.open(&secure(), &body(&ENCRYPT.replace("+qdx", "+qdy"))),
            Err(NotOurs::Forged)
        );
        assert_eq!(push.open(&secure(), b"{}"), Err(NotOurs::Forged));
        assert_eq!(push.open(&secure(), b"no json"), Err(NotOurs::Forged));
        assert_eq!(
            push.open(
                &PushQuery {
                    nonce: "1".into(),
                    ..secure()
                },
                &body(ENCRYPT)
            ),
            Err(NotOurs::Forged)
        );
        let plain = PushQuery {
            encrypt_type: String::new(),
            ..secure()
        };
        assert_eq!(
            push.open(&plain, br#"{"Event":"xpay_goods_deliver_notify"}"#),
            Err(NotOurs::Forged)
        );
        let other = Push::new("wx0", "AAAAA".to_owned().into(), &"A".repeat(43).into()).unwrap();
        assert_eq!(
            other.open(&secure(), &body(ENCRYPT)),
            Err(NotOurs::Forged),
            "it is for another app"
        );
        assert!(Push::new("wx0", "AAAAA".to_owned().into(), &"A".repeat(42).into()).is_err());
    }

    #[test]
    fn a_payment_is_read_from_json_and_xml() {
        let told = json!({"Event": "xpay_goods_deliver_notify", "OpenId": "o1", "OutTradeNo": "Q1", "Env": 1,
            "WeChatPayInfo": {"MchOrderNo": "m", "TransactionId": "42", "PaidTime": 1_700_000_000},
            "GoodsInfo": {"ProductId": "p", "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600, "Attach": "Q1"}});
        let paid = PushEvent::parse(&told);
        let xml = "<xml><Event><![CDATA[xpay_goods_deliver_notify]]></Event><openid>o1</openid><OutTradeNo>Q1</OutTradeNo>\
            <Env>1</Env><WechatPayInfo><TransactionId>42</TransactionId><PaidTime>1700000000</PaidTime></WechatPayInfo>\
            <GoodsInfo><ProductId>p</ProductId><Quantity>1</Quantity><OrigPrice>600</OrigPrice><ActualPrice>600</ActualPrice></GoodsInfo></xml>";
        assert_eq!(PushEvent::parse(&xml::read(xml).unwrap()), paid);
        let PushEvent::GoodsPaid {
            out_trade_no,
            env,
            quantity,
            orig_price,
            actual_price,
            transaction_id,
            ..
        } = paid
        else {
            panic!("{paid:?}")
        };
        assert_eq!(
            (
                out_trade_no.as_str(),
                env,
                quantity,
                orig_price,
                actual_price
            ),
            ("Q1", 1, 1, 600, 600)
        );
        assert_eq!(transaction_id, "42");
    }
}
