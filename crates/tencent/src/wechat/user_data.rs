//! The encrypted user data that a mini-program receives from `wx.getUserProfile`.
//!
//! Vendor's page: 服务端获取开放数据, section 加密数据解密算法, developers.weixin.qq.com. The data
//! is JSON, encrypted with AES-128-CBC under the session key.

use aes::cipher::{BlockDecryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// What the user allowed WeChat to share. Current WeChat clients send an anonymous nickname and
/// gender 0.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// When present, it must equal the openid of the login code.
    pub open_id: Option<String>,
    #[serde(default)]
    pub nick_name: String,
    /// 1 male, 2 female, any other number unknown.
    #[serde(default)]
    pub gender: i64,
    #[serde(default)]
    pub avatar_url: String,
    watermark: Watermark,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Watermark {
    appid: String,
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
/// that it was made for `app_id`.
///
/// # Errors
/// Fails when the data cannot be decrypted or parsed, or was made for another mini-program.
pub fn decrypt_user_info(
    session_key: &str,
    iv: &str,
    encrypted_data: &str,
    app_id: &str,
) -> Result<UserInfo, UserDataError> {
    let [key, iv, data] = [session_key, iv, encrypted_data].map(|text| STANDARD.decode(text));
    let (Ok(key), Ok(iv), Ok(data)) = (key, iv, data) else {
        return Err(UserDataError::NotBase64);
    };
    let json = cbc::Decryptor::<aes::Aes128>::new_from_slices(&key, &iv)
        .ok()
        .and_then(|cipher| cipher.decrypt_padded_vec_mut::<Pkcs7>(&data).ok())
        .ok_or(UserDataError::Undecryptable)?;
    let info: UserInfo = serde_json::from_slice(&json)
        .ok()
        .ok_or(UserDataError::Malformed)?;
    if info.watermark.appid == app_id {
        Ok(info)
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
