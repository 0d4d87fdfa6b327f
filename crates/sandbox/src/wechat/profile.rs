//! Encrypted user data, as a mini-program gets it from WeChat's client.

use aes::cipher::{BlockEncryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use qlive_types::random;
use serde_json::{Value, json};

use crate::wechat::sessions::{openid_of_code, session_key};

/// What `wx.login` and `wx.getUserProfile` would give a mini-program: a login code, and the user's
/// profile encrypted with the session key of that code (AES-128-CBC).
pub(crate) fn encrypted_profile(
    app_id: &str,
    code: &str,
    nickname: &str,
    gender: i64,
    avatar_url: &str,
    now_secs: i64,
) -> Value {
    let plain = json!({
        "openId": openid_of_code(code),
        "nickName": nickname,
        "gender": gender,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "avatarUrl": avatar_url,
        "watermark": {"timestamp": now_secs, "appid": app_id},
    })
    .to_string();
    encrypted_user_data(app_id, code, plain.as_bytes())
}

/// The same with user data of any content.
pub(crate) fn encrypted_user_data(app_id: &str, code: &str, plain: &[u8]) -> Value {
    let iv: [u8; 16] = Md5::digest(random::hex(16)).into();
    let cipher = cbc::Encryptor::<aes::Aes128>::new(&session_key(code).into(), &iv.into());
    let encrypted = cipher.encrypt_padded_vec_mut::<Pkcs7>(plain);
    json!({"appId": app_id, "code": code, "encryptedData": STANDARD.encode(encrypted),
        "iv": STANDARD.encode(iv)})
}
