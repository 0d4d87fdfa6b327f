//! Notices of WeChat Pay: the signature, and the encrypted resource.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::symm::{Cipher, encrypt_aead};
use proptest::prelude::*;
use qlive_tencent::NonEmptySecret;
use qlive_tencent::pay::{
    Merchant, Notice, NoticeError, PlatformKeys, SignatureError, SignatureHeaders, TradeState,
    decrypt_notice,
};
use qlive_types::testing::{
    BitFlip, JSON_PIECES, bit_flip, hostile_bytes, hostile_text, in_bounded_time, json_value,
};
use serde_json::{Value, json};

use crate::pieces::{BASE64_PIECES, NOTICE_KEYS};

const NOW: i64 = 1_700_000_000;
const V3_KEY: &str = "made-up-apiv3-key-0123456789abcd";
const KEY_ID: &str = "PUB_KEY_ID_1";

static KEY: LazyLock<PKey<Private>> =
    LazyLock::new(|| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap());
static PLATFORM_KEYS: LazyLock<PlatformKeys> = LazyLock::new(|| {
    let keys = PlatformKeys::default();
    let pem = String::from_utf8(KEY.public_key_to_pem().unwrap()).unwrap();
    keys.add(KEY_ID, &pem).unwrap();
    keys
});
static MERCHANT: LazyLock<Merchant> = LazyLock::new(|| {
    let pem = String::from_utf8(KEY.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let v3_key = NonEmptySecret::new(V3_KEY).unwrap();
    Merchant::new("1900000001", "5157F09E", &pem.into(), v3_key).unwrap()
});

/// A resource, encrypted as WeChat Pay does.
#[derive(Debug, Clone)]
struct Resource {
    nonce: String,
    associated_data: String,
    ciphertext: Vec<u8>,
}

impl Resource {
    fn encrypt(content: &[u8]) -> Self {
        let (nonce, associated_data) = ("abcdefghijkl", "transaction");
        let mut tag = [0; 16];
        let data = encrypt_aead(
            Cipher::aes_256_gcm(),
            V3_KEY.as_bytes(),
            Some(nonce.as_bytes()),
            associated_data.as_bytes(),
            content,
            &mut tag,
        );
        Self {
            nonce: nonce.into(),
            associated_data: associated_data.into(),
            ciphertext: [data.unwrap(), tag.to_vec()].concat(),
        }
    }

    fn notice(&self, event_type: &str) -> Value {
        json!({"event_type": event_type, "resource": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": self.nonce,
            "associated_data": self.associated_data,
            "ciphertext": STANDARD.encode(&self.ciphertext),
        }})
    }

    /// The resource with each of its parts changed.
    fn changed(&self, flip: &BitFlip) -> [Self; 3] {
        let text = |text: &str| String::from_utf8_lossy(&flip.apply(text.as_bytes())).into_owned();
        [
            Self {
                nonce: text(&self.nonce),
                ..self.clone()
            },
            Self {
                associated_data: text(&self.associated_data),
                ..self.clone()
            },
            Self {
                ciphertext: flip.apply(&self.ciphertext),
                ..self.clone()
            },
        ]
    }
}

fn decrypt(body: &[u8]) -> Result<Notice, NoticeError> {
    in_bounded_time(|| decrypt_notice(&MERCHANT, body))
}

fn verify(headers: &SignatureHeaders, body: &[u8]) -> Result<(), SignatureError> {
    in_bounded_time(|| PLATFORM_KEYS.verify(headers, body, NOW))
}

fn sign(body: &[u8], nonce: &str) -> SignatureHeaders {
    let message = [format!("{NOW}\n{nonce}\n").as_bytes(), body, b"\n"].concat();
    let mut signer = Signer::new(MessageDigest::sha256(), &KEY).unwrap();
    SignatureHeaders {
        timestamp: NOW.to_string(),
        nonce: nonce.into(),
        signature: STANDARD.encode(signer.sign_oneshot_to_vec(&message).unwrap()),
        serial: KEY_ID.into(),
    }
}

/// The headers with each of them changed.
fn changed_headers(headers: &SignatureHeaders, flip: &BitFlip) -> [SignatureHeaders; 4] {
    let text = |text: &str| String::from_utf8_lossy(&flip.apply(text.as_bytes())).into_owned();
    let signature = STANDARD.decode(&headers.signature).unwrap();
    [
        SignatureHeaders {
            timestamp: text(&headers.timestamp),
            ..headers.clone()
        },
        SignatureHeaders {
            nonce: text(&headers.nonce),
            ..headers.clone()
        },
        SignatureHeaders {
            serial: text(&headers.serial),
            ..headers.clone()
        },
        SignatureHeaders {
            signature: STANDARD.encode(flip.apply(&signature)),
            ..headers.clone()
        },
    ]
}

fn event_type() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("TRANSACTION.SUCCESS"),
        Just("REFUND.SUCCESS"),
        Just("MCHTRANSFER.BILL.FINISHED"),
    ]
}

proptest! {
    #[test]
    fn made_up_signature_is_refused(
        timestamp in prop_oneof![Just(NOW.to_string()), hostile_text(JSON_PIECES)],
        nonce in hostile_text(JSON_PIECES),
        signature in hostile_text(BASE64_PIECES),
        serial in prop_oneof![Just(KEY_ID.to_owned()), hostile_text(JSON_PIECES)],
        body in hostile_bytes(JSON_PIECES),
    ) {
        let headers = SignatureHeaders { timestamp, nonce, signature, serial };
        prop_assert!(verify(&headers, &body).is_err());
    }

    #[test]
    fn signature_covers_every_bit_of_body_and_headers(
        body in hostile_bytes(JSON_PIECES),
        nonce in "[0-9A-Za-z]{1,32}",
        flip in bit_flip(),
    ) {
        let headers = sign(&body, &nonce);
        prop_assert_eq!(verify(&headers, &body), Ok(()));
        if !body.is_empty() {
            prop_assert!(verify(&headers, &flip.apply(&body)).is_err());
        }
        for headers in changed_headers(&headers, &flip) {
            prop_assert!(verify(&headers, &body).is_err());
        }
    }

    #[test]
    fn any_notice_is_unhandled_or_an_error(body in hostile_bytes(JSON_PIECES)) {
        prop_assert!(matches!(decrypt(&body), Err(_) | Ok(Notice::Unhandled(_))));
    }

    #[test]
    fn any_json_is_unhandled_or_an_error(body in json_value(NOTICE_KEYS)) {
        let notice = decrypt(body.to_string().as_bytes());
        prop_assert!(matches!(notice, Err(_) | Ok(Notice::Unhandled(_))));
    }

    #[test]
    fn any_encrypted_content_is_read_or_an_error(
        event_type in event_type(),
        content in hostile_bytes(JSON_PIECES),
        fields in json_value(NOTICE_KEYS),
    ) {
        for content in [content, fields.to_string().into_bytes()] {
            let notice = Resource::encrypt(&content).notice(event_type);
            let is_expected = matches!(
                (event_type, decrypt(notice.to_string().as_bytes())),
                ("TRANSACTION.SUCCESS", Ok(Notice::Payment(_)))
                    | ("REFUND.SUCCESS", Ok(Notice::Refund(_)))
                    | ("MCHTRANSFER.BILL.FINISHED", Ok(Notice::Transfer(_)))
                    | (_, Err(NoticeError::ResourceNotJson))
            );
            prop_assert!(is_expected, "{}", event_type);
        }
    }

    #[test]
    fn changed_resource_is_never_genuine(
        event_type in event_type(),
        content in json_value(NOTICE_KEYS),
        flip in bit_flip(),
    ) {
        let resource = Resource::encrypt(content.to_string().as_bytes());
        for changed in resource.changed(&flip) {
            let result = decrypt(changed.notice(event_type).to_string().as_bytes());
            prop_assert_eq!(result.err(), Some(NoticeError::Undecryptable));
        }
    }

    #[test]
    fn written_notices_are_read_unchanged(
        number in "[A-Za-z0-9_-]{1,32}",
        other in "[A-Za-z0-9_-]{1,32}",
        fen in 0..i64::MAX,
    ) {
        let payment = json!({
            "appid": "wx1", "mchid": "1900000001", "out_trade_no": number,
            "transaction_id": other, "trade_state": "SUCCESS",
            "amount": {"total": fen, "currency": "CNY"},
        });
        let refund = json!({
            "mchid": "1900000001", "out_refund_no": number, "out_trade_no": other,
            "refund_status": "SUCCESS", "amount": {"refund": fen, "total": fen},
        });
        let transfer = json!({
            "mch_id": "1900000001", "out_bill_no": number, "state": "SUCCESS",
            "transfer_amount": fen,
        });
        for (event_type, content) in [
            ("TRANSACTION.SUCCESS", payment),
            ("REFUND.SUCCESS", refund),
            ("MCHTRANSFER.BILL.FINISHED", transfer),
        ] {
            let notice = Resource::encrypt(content.to_string().as_bytes()).notice(event_type);
            match decrypt(notice.to_string().as_bytes()) {
                Ok(Notice::Payment(read)) => {
                    prop_assert_eq!(read.state, TradeState::Success);
                    prop_assert_eq!((&read.out_trade_no, &read.transaction_id), (&number, &other));
                    prop_assert_eq!(read.total_fen, fen);
                }
                Ok(Notice::Refund(read)) => {
                    prop_assert_eq!((&read.out_refund_no, &read.out_trade_no), (&number, &other));
                    prop_assert_eq!((read.refund_fen, read.total_fen), (fen, fen));
                }
                Ok(Notice::Transfer(read)) => {
                    prop_assert_eq!((&read.out_bill_no, read.amount_fen), (&number, Some(fen)));
                }
                _ => prop_assert!(false, "{} is not read", event_type),
            }
        }
    }
}
