//! UserSig: what lets a client, or the admin of the REST API, speak as an account (TLSSigAPIv2).

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::ZlibEncoder};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::tc3::mac;

/// A UserSig for `account`, issued at `now` (Unix seconds), valid for `lifetime_secs`.
#[must_use]
pub fn user_sig(
    sdk_app_id: u32,
    key: &SecretString,
    account: &str,
    now: i64,
    lifetime_secs: i64,
) -> SecretString {
    let document = json!({
        "TLS.ver": "2.0",
        "TLS.identifier": account,
        "TLS.sdkappid": sdk_app_id,
        "TLS.time": now,
        "TLS.expire": lifetime_secs,
        "TLS.sig": signature(sdk_app_id, key, account, now, lifetime_secs),
    });
    let packed = STANDARD.encode(deflate(document.to_string().as_bytes()));
    packed
        .replace('+', "*")
        .replace('/', "-")
        .replace('=', "_")
        .into()
}

fn signature(
    sdk_app_id: u32,
    key: &SecretString,
    account: &str,
    now: i64,
    lifetime_secs: i64,
) -> String {
    let content = format!(
        "TLS.identifier:{account}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{now}\nTLS.expire:{lifetime_secs}\n"
    );
    STANDARD.encode(mac(key.expose_secret().as_bytes(), &content))
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec cannot fail.
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::io::Read as _;

    const APP: u32 = 1_400_000_001;
    const NOW: i64 = 1_700_000_000;

    fn key() -> SecretString {
        "0123456789abcdef".repeat(4).into()
    }

    fn decoded(sig: &str) -> Value {
        let packed = STANDARD
            .decode(sig.replace('*', "+").replace('-', "/").replace('_', "="))
            .unwrap();
        let mut text = String::new();
        flate2::read::ZlibDecoder::new(packed.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_vectors() {
        let sig = user_sig(APP, &key(), "user_10086", NOW, 604_800);
        assert_eq!(
            decoded(sig.expose_secret()),
            json!({
                "TLS.ver": "2.0", "TLS.identifier": "user_10086", "TLS.sdkappid": 1_400_000_001, "TLS.time": 1_700_000_000,
                "TLS.expire": 604_800, "TLS.sig": "UO3F1QaHaBJ6hWptconASWkxof/WWEYNg/mSEVhrKdg="
            })
        );
        let npm = "eJw1yVELgjAUhuH-cq5Dz0pMBl0UGFFRhNXoSkab8yDqmCuE6L8Hat-d97wfuB6z4K0dcJgHCLPhk9KNp4IGfnXa5QwxiafaqUpaSwo4i3AcG4unWgNny0lxVN1bchp4jFHyt44McLidF1t2kTu52celsP7ZNutMVH1bhEKkj5MJ6yy9l*6gzAq*P3yWMh8_";
        assert_eq!(decoded(sig.expose_secret()), decoded(npm));
        let admin = user_sig(APP, &key(), "administrator", NOW, 86_400);
        assert_eq!(
            decoded(admin.expose_secret())["TLS.sig"],
            "UQsxgFcjt6F0GDhE80028yjWl0uoj5X0cNHs1UdRqlc="
        );
    }

    #[test]
    fn it_is_safe_in_a_url() {
        let sig = user_sig(APP, &key(), "user_10086", NOW, 604_800);
        assert!(
            sig.expose_secret()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"*-_".contains(&b))
        );
    }
}
