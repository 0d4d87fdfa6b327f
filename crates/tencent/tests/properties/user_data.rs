//! Encrypted user data.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::symm::{Cipher, encrypt};
use proptest::prelude::*;
use qlive_tencent::wechat::{UserDataError, UserInfo, decrypt_user_info};
use qlive_types::testing::{JSON_PIECES, bit_flip, hostile_bytes, hostile_text};
use qlive_types::testing::{in_bounded_time, json_value};
use serde_json::json;

use crate::pieces::{BASE64_PIECES, USER_DATA_KEYS};

const APP: &str = "wx0000000000000001";

/// Encrypts as WeChat does.
fn encrypt_data(key: [u8; 16], iv: [u8; 16], plaintext: &[u8]) -> Vec<u8> {
    encrypt(Cipher::aes_128_cbc(), &key, Some(&iv), plaintext).unwrap()
}

fn decrypt(key: [u8; 16], iv: [u8; 16], data: &[u8]) -> Result<UserInfo, UserDataError> {
    let [key, iv] = [key, iv].map(|bytes| STANDARD.encode(bytes));
    let data = STANDARD.encode(data);
    in_bounded_time(|| decrypt_user_info(&key, &iv, &data, APP))
}

/// A text that is read as it is written.
const PLAIN_TEXT: &str = "[A-Za-z0-9小红明🙂é][A-Za-z0-9小红明🙂é ]{0,10}[A-Za-z0-9小红明🙂é]";

proptest! {
    #[test]
    fn any_texts_are_an_error(
        key in hostile_text(BASE64_PIECES),
        iv in hostile_text(BASE64_PIECES),
        data in hostile_text(BASE64_PIECES),
    ) {
        let result = in_bounded_time(|| decrypt_user_info(&key, &iv, &data, APP));
        prop_assert!(result.is_err());
    }

    #[test]
    fn any_ciphertext_is_an_error(key: [u8; 16], iv: [u8; 16], data in hostile_bytes(JSON_PIECES)) {
        prop_assert!(decrypt(key, iv, &data).is_err());
    }

    #[test]
    fn encrypted_text_that_is_no_user_data_is_an_error(
        key: [u8; 16],
        iv: [u8; 16],
        plaintext in hostile_bytes(JSON_PIECES),
    ) {
        let data = encrypt_data(key, iv, &plaintext);
        prop_assert!(decrypt(key, iv, &data).is_err());
    }

    #[test]
    fn data_of_another_app_is_never_accepted(
        key: [u8; 16],
        iv: [u8; 16],
        mut fields in json_value(USER_DATA_KEYS),
        app in "wx[0-9a-f]{16}",
    ) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("watermark".into(), json!({"appid": app}));
        }
        let data = encrypt_data(key, iv, fields.to_string().as_bytes());
        prop_assert!(decrypt(key, iv, &data).is_err());
    }

    #[test]
    fn any_fields_under_the_right_watermark_do_not_panic(
        key: [u8; 16],
        iv: [u8; 16],
        nickname in json_value(USER_DATA_KEYS),
        gender in json_value(USER_DATA_KEYS),
        avatar in json_value(USER_DATA_KEYS),
    ) {
        let fields = json!({
            "nickName": nickname, "gender": gender, "avatarUrl": avatar,
            "watermark": {"appid": APP},
        });
        let data = encrypt_data(key, iv, fields.to_string().as_bytes());
        drop(decrypt(key, iv, &data));
    }

    #[test]
    fn written_data_is_read_unchanged(
        key: [u8; 16],
        iv: [u8; 16],
        nickname in PLAIN_TEXT,
        gender in 0..=2_i64,
        open_id in "o[A-Za-z0-9_-]{27}",
    ) {
        let avatar = format!("https://thirdwx.qlogo.cn/mmopen/{open_id}/132");
        let fields = json!({
            "openId": open_id, "nickName": nickname, "gender": gender, "avatarUrl": avatar,
            "watermark": {"appid": APP, "timestamp": 1_700_000_000},
        });
        let data = encrypt_data(key, iv, fields.to_string().as_bytes());
        let info = decrypt(key, iv, &data).unwrap();
        prop_assert_eq!(&info.nick_name, &nickname);
        prop_assert_eq!(info.gender, gender);
        prop_assert_eq!(info.avatar_url, avatar);
        prop_assert_eq!(info.open_id, Some(open_id));
    }

    #[test]
    fn data_under_another_key_is_never_accepted(
        key: [u8; 16],
        iv: [u8; 16],
        flip in bit_flip(),
        nickname in PLAIN_TEXT,
    ) {
        let fields = json!({"nickName": nickname, "watermark": {"appid": APP}});
        let data = encrypt_data(key, iv, fields.to_string().as_bytes());
        let other_key = flip.apply(&key).try_into().unwrap();
        prop_assert!(decrypt(other_key, iv, &data).is_err());
    }

    /// The data is not signed, so one that was changed may be read; it must not do harm.
    #[test]
    fn changed_data_does_not_panic(
        key: [u8; 16],
        iv: [u8; 16],
        flip in bit_flip(),
        nickname in PLAIN_TEXT,
    ) {
        let fields = json!({"nickName": nickname, "watermark": {"appid": APP}});
        let data = encrypt_data(key, iv, fields.to_string().as_bytes());
        drop(decrypt(key, iv, &flip.apply(&data)));
    }
}
