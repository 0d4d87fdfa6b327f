//! The encrypted user data that a mini-program receives from `wx.getUserProfile`.
//!
//! Vendor's page: 服务端获取开放数据, section 加密数据解密算法, developers.weixin.qq.com. The data
//! is JSON, encrypted with AES-128-CBC under the session key.

use aes::cipher::{BlockDecryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use serde_json::Value;

use crate::json_fields::{integer, text, text_or_number};
use crate::lenient_base64::decode_base64;
use crate::lenient_json::parse_json;

/// What the user allowed WeChat to share. Current WeChat clients send an anonymous nickname and
/// gender 0. A field that is missing or has an unexpected type is empty or 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// When present, it must equal the openid of the login code.
    pub open_id: Option<String>,
    /// Trimmed. U+FFFD stands for what could not be read and for control characters; empty when
    /// nothing else is left.
    pub nick_name: String,
    /// 1 male, 2 female, any other number unknown.
    pub gender: i64,
    pub avatar_url: String,
}

impl UserInfo {
    fn from_json(fields: &Value) -> Self {
        let open_id = text_or_number(fields.get("openId"));
        let nick_name = text_or_number(fields.get("nickName"));
        let nick_name = nick_name.trim().replace(char::is_control, "\u{FFFD}");
        let is_readable = |c: char| c != '\u{FFFD}' && !c.is_whitespace();
        Self {
            open_id: Some(open_id).filter(|open_id| !open_id.is_empty()),
            nick_name: Some(nick_name)
                .filter(|name| name.contains(is_readable))
                .unwrap_or_default(),
            gender: integer(fields.get("gender")).unwrap_or(0),
            avatar_url: text_or_number(fields.get("avatarUrl")),
        }
    }
}

/// Why encrypted user data was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserDataError {
    /// The session key, the IV or the data is not base64.
    #[error("the user data, its IV or the session key is not base64")]
    NotBase64,
    /// The key or the IV has a wrong length, or the session key is not the one of the data.
    #[error("the user data cannot be decrypted")]
    Undecryptable,
    /// The decrypted text is not the expected JSON, which is also possible with a wrong key.
    #[error("the decrypted user data cannot be parsed")]
    Malformed,
    /// The data was made for another mini-program.
    #[error("the user data is for another app id")]
    OtherApp,
}

/// Decrypts user data (base64) with the session key and the IV (base64 of 16 bytes each) and checks
/// that it was made for `app_id`. Base64 is read in every form in which clients send it. Names are
/// what users typed, so strings that are not proper JSON are read as far as possible.
///
/// # Errors
/// Fails when the data cannot be decrypted or parsed, or was made for another mini-program.
pub fn decrypt_user_info(
    session_key: &str,
    iv: &str,
    encrypted_data: &str,
    app_id: &str,
) -> Result<UserInfo, UserDataError> {
    let [key, iv, data] = [session_key, iv, encrypted_data].map(decode_base64);
    let (Some(key), Some(iv), Some(data)) = (key, iv, data) else {
        return Err(UserDataError::NotBase64);
    };
    let json = cbc::Decryptor::<aes::Aes128>::new_from_slices(&key, &iv)
        .ok()
        .and_then(|cipher| cipher.decrypt_padded_vec_mut::<Pkcs7>(&data).ok())
        .ok_or(UserDataError::Undecryptable)?;
    let fields = parse_json(&json).ok_or(UserDataError::Malformed)?;
    let watermark = fields.get("watermark").ok_or(UserDataError::Malformed)?;
    if text(watermark.get("appid")) == app_id {
        Ok(UserInfo::from_json(&fields))
    } else {
        Err(UserDataError::OtherApp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
    const IV: &str = "ZmVkY2JhOTg3NjU0MzIxMA==";
    const APP: &str = "wx0000000000000001";
    const DATA: &str = concat!(
        "/AcSbUzNsqz9fSLEJFnRV4ekabgU0nJEZ78VR0aZJdgCSFYP8EjxpIbrqWsy4zE5gjhd5i2W0s4FtMdb38tp",
        "hinK/l3VXS6NQoCc7QrYtN+V6nfuCZluA5EenoN3chTPnPUNmjAm+MU5CLLok+9SpgVpbmUHpjUO59KTKRPY",
        "gMDlSv1vkMW4jAxe1hT2B+IXJkPtSR7Pu9bP/2eBbpVJM3+H3SvtyggMIsZh5hIXaJRzWPMjm/HhHvBJlYPf",
        "Tsnj2HNIR148mxFzrYHYCDViRKX/zzH4J36dxf6lZMoL2UZZDKagcrREfgaZzuwkJDwBHrXrxDQMBuSYx68z",
        "CA4XmA==",
    );

    #[test]
    fn user_data_vector_is_decrypted() {
        let info = decrypt_user_info(KEY, IV, DATA, APP).unwrap();
        assert_eq!((info.nick_name.as_str(), info.gender), ("测试", 1));
        assert_eq!(info.open_id.as_deref(), Some("oTESTopenid0001"));
        assert_eq!(info.avatar_url, "https://example.com/a.png");
    }

    /// User data with these fields, written as JSON.
    fn encrypted(fields: &[u8]) -> String {
        use aes::cipher::BlockEncryptMut as _;
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let json = [
            b"{",
            fields,
            b",\"watermark\":{\"appid\":\"wx0000000000000001\"}}",
        ]
        .concat();
        let [key, iv] = [KEY, IV].map(|text| STANDARD.decode(text).unwrap());
        let cipher = cbc::Encryptor::<aes::Aes128>::new_from_slices(&key, &iv).unwrap();
        STANDARD.encode(cipher.encrypt_padded_vec_mut::<Pkcs7>(&json))
    }

    #[test]
    fn fields_are_read_as_far_as_possible() {
        for (fields, nick_name, gender, avatar_url) in [
            (
                &b"\"nickName\":\" a\x01b \",\"gender\":\"2\""[..],
                "a\u{FFFD}b",
                2,
                "",
            ),
            (
                b"\"nickName\":\"a\\u0000\\nb\"",
                "a\u{FFFD}\u{FFFD}b",
                0,
                "",
            ),
            (
                r#""nickName":"\ud83d小","gender":null,"avatarUrl":null"#.as_bytes(),
                "\u{FFFD}小",
                0,
                "",
            ),
            (
                br#""nickName":12345,"gender":"x","avatarUrl":7"#,
                "12345",
                0,
                "7",
            ),
            (br#""nickName":null,"gender":[2],"avatarUrl":{}"#, "", 0, ""),
            (b"\"nickName\":\"\xff \xfe\",\"city\":\"\x02\"", "", 0, ""),
        ] {
            let info = decrypt_user_info(KEY, IV, &encrypted(fields), APP).unwrap();
            let read = (
                info.nick_name.as_str(),
                info.gender,
                info.avatar_url.as_str(),
            );
            let shown = String::from_utf8_lossy(fields);
            assert_eq!(read, (nick_name, gender, avatar_url), "{shown}");
            assert_eq!(info.open_id, None);
        }
    }

    #[test]
    fn base64_as_a_form_delivers_it_is_decrypted() {
        let spaced = DATA.replace('+', " ");
        let url_safe = DATA.replace('+', "-").replace('/', "_");
        let (head, tail) = DATA.split_at(76);
        let folded = format!("{head}\r\n{tail}\n");
        for data in [
            spaced.as_str(),
            &url_safe,
            DATA.trim_end_matches('='),
            &folded,
        ] {
            let info = decrypt_user_info(KEY, IV, data, APP).unwrap();
            assert_eq!(info.nick_name, "测试", "{data}");
        }
        let [key, iv] = [KEY, IV].map(|text| text.trim_end_matches('='));
        assert!(decrypt_user_info(key, iv, DATA, APP).is_ok());
    }

    #[test]
    fn altered_key_data_or_app_id_is_refused() {
        let wrong_key = "MDEyMzQ1Njc4OWFiY2RlZQ==";
        let altered = DATA.replacen('/', "A", 1);
        for (key, iv, data, app, error) in [
            (wrong_key, IV, DATA, APP, UserDataError::Undecryptable),
            (KEY, "", DATA, APP, UserDataError::Undecryptable),
            (KEY, IV, "", APP, UserDataError::Undecryptable),
            (KEY, IV, "not base64!", APP, UserDataError::NotBase64),
            (KEY, IV, &DATA[..64], APP, UserDataError::Undecryptable),
            (KEY, IV, altered.as_str(), APP, UserDataError::Malformed),
            (KEY, IV, DATA, "wx0000000000000002", UserDataError::OtherApp),
        ] {
            assert_eq!(decrypt_user_info(key, iv, data, app), Err(error), "{data}");
        }
    }
}
