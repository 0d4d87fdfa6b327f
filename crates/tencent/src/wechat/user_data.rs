//! The encrypted user data that `wx.getUserProfile` hands to a mini-program
//! (developers.weixin.qq.com, "signature"): AES-128-CBC under the session key.

use aes::cipher::{BlockDecryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// What the person allowed WeChat to tell. Clients of today get a nameless user of gender 0.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// Present in data of current clients; must then be the openid of the code.
    pub open_id: Option<String>,
    #[serde(default)]
    pub nick_name: String,
    /// 1 male, 2 female, anything else unknown.
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

/// The data does not open with this key, or is not for this app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the user data cannot be decrypted")]
pub struct Undecryptable;

/// Opens `encrypted` (base64) with `session_key` and `iv` (base64 of 16 bytes
/// each), and makes sure that it was made for `app_id`.
pub fn decrypt_user_info(
    session_key: &str,
    iv: &str,
    encrypted: &str,
    app_id: &str,
) -> Result<UserInfo, Undecryptable> {
    let decode = |text: &str| STANDARD.decode(text).ok();
    let plain = (|| {
        let cipher =
            cbc::Decryptor::<aes::Aes128>::new_from_slices(&decode(session_key)?, &decode(iv)?)
                .ok()?;
        cipher
            .decrypt_padded_vec_mut::<Pkcs7>(&decode(encrypted)?)
            .ok()
    })()
    .ok_or(Undecryptable)?;
    let info: UserInfo = serde_json::from_slice(&plain).ok().ok_or(Undecryptable)?;
    if info.watermark.appid == app_id {
        Ok(info)
    } else {
        Err(Undecryptable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
    const IV: &str = "ZmVkY2JhOTg3NjU0MzIxMA==";
    const APP: &str = "wx0000000000000001";
    const DATA: &str = "/AcSbUzNsqz9fSLEJFnRV4ekabgU0nJEZ78VR0aZJdgCSFYP8EjxpIbrqWsy4zE5gjhd5i2W0s4FtMdb38tphinK/l3VXS6NQoCc7QrYtN+V6nfuCZluA5EenoN3chTPnPUNmjAm+MU5CLLok+9SpgVpbmUHpjUO59KTKRPYgMDlSv1vkMW4jAxe1hT2B+IXJkPtSR7Pu9bP/2eBbpVJM3+H3SvtyggMIsZh5hIXaJRzWPMjm/HhHvBJlYPfTsnj2HNIR148mxFzrYHYCDViRKX/zzH4J36dxf6lZMoL2UZZDKagcrREfgaZzuwkJDwBHrXrxDQMBuSYx68zCA4XmA==";

    #[test]
    fn the_vector_opens() {
        let info = decrypt_user_info(KEY, IV, DATA, APP).unwrap();
        assert_eq!((info.nick_name.as_str(), info.gender), ("测试", 1));
        assert_eq!(info.open_id.as_deref(), Some("oTESTopenid0001"));
        assert_eq!(info.avatar_url, "https://example.com/a.png");
    }

    #[test]
    fn anything_else_stays_shut() {
        let wrong_key = "MDEyMzQ1Njc4OWFiY2RlZQ==";
        let flipped = DATA.replacen('/', "A", 1);
        for (key, iv, data, app) in [
            (wrong_key, IV, DATA, APP),
            (KEY, "", DATA, APP),
            (KEY, IV, "", APP),
            (KEY, IV, "not base64!", APP),
            (KEY, IV, &DATA[..64], APP),
            (KEY, IV, flipped.as_str(), APP),
            (KEY, IV, DATA, "wx0000000000000002"),
        ] {
            assert_eq!(
                decrypt_user_info(key, iv, data, app),
                Err(Undecryptable),
                "{data}"
            );
        }
    }
}
