//! UserSig: whatever the account is called, an independent reader finds what was signed.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use proptest::prelude::*;
use qlive_tencent::NonEmptySecret;
use qlive_tencent::im::generate_user_sig;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

fn hmac(key: &str, text: &str) -> String {
    let key = PKey::hmac(key.as_bytes()).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    STANDARD.encode(signer.sign_oneshot_to_vec(text.as_bytes()).unwrap())
}

fn read(user_sig: &str) -> Value {
    let base64 = user_sig
        .replace('*', "+")
        .replace('-', "/")
        .replace('_', "=");
    let packed = STANDARD.decode(base64).unwrap();
    let mut text = String::new();
    let mut decoder = flate2::read::ZlibDecoder::new(packed.as_slice());
    decoder.read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

proptest! {
    #[test]
    fn generated_user_sig_is_read_and_verified(
        app_id: u32,
        key in "[0-9a-f]{64}",
        account: String,
        now: i64,
        lifetime: i64,
    ) {
        let secret = NonEmptySecret::new(&key).unwrap();
        let user_sig = generate_user_sig(app_id, &secret, &account, now, lifetime);
        let user_sig = user_sig.expose_secret();
        prop_assert!(user_sig.bytes().all(|b| b.is_ascii_alphanumeric() || b"*-_".contains(&b)));
        let signed = format!(
            "TLS.identifier:{account}\nTLS.sdkappid:{app_id}\nTLS.time:{now}\n\
             TLS.expire:{lifetime}\n"
        );
        prop_assert_eq!(read(user_sig), json!({
            "TLS.ver": "2.0",
            "TLS.identifier": account,
            "TLS.sdkappid": app_id,
            "TLS.time": now,
            "TLS.expire": lifetime,
            "TLS.sig": hmac(&key, &signed),
        }));
    }
}
