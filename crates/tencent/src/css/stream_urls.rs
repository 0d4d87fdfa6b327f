//! Push and play URLs of CSS.
//!
//! Vendor's page: 防盗链计算 ("Hotlink protection"), cloud.tencent.com. The signature is
//! `txSecret = md5(key + stream + txTime)`. `txTime` is the expiry in Unix seconds as hexadecimal
//! text, hashed with the letter case that it has in the URL; we write upper case.

use secrecy::{ExposeSecret as _, SecretString};

use crate::crypto::md5_hex;
use crate::non_empty_secret::NonEmptySecret;

/// The domains and keys from which the URLs of all streams are built.
#[derive(Clone)]
pub struct StreamUrls {
    pub push_domain: String,
    pub play_domain: String,
    /// The first segment of the path (AppName), `live` by default.
    pub app: String,
    pub push_key: NonEmptySecret,
    /// The key for play URLs. Without it, play URLs are not signed.
    pub play_key: Option<NonEmptySecret>,
}

impl StreamUrls {
    /// Returns the URL that allows anyone who has it to start pushing `stream` until `expires_at`
    /// (Unix seconds).
    #[must_use]
    pub fn push_url(&self, stream: &str, expires_at: i64) -> SecretString {
        let query = signed_query(&self.push_key, stream, expires_at);
        format!("rtmp://{}/{}/{stream}?{query}", self.push_domain, self.app).into()
    }

    /// Returns the URL at which `stream` is played. A signed URL expires at `expires_at` (Unix
    /// seconds).
    #[must_use]
    pub fn play_url(&self, stream: &str, expires_at: i64) -> String {
        let unsigned = format!("rtmp://{}/{}/{stream}", self.play_domain, self.app);
        match &self.play_key {
            Some(key) => format!("{unsigned}?{}", signed_query(key, stream, expires_at)),
            None => unsigned,
        }
    }
}

fn signed_query(key: &NonEmptySecret, stream: &str, expires_at: i64) -> String {
    let tx_time = format!("{expires_at:X}");
    let tx_secret = md5_hex(&[key.expose_secret(), stream, &tx_time]);
    format!("txSecret={tx_secret}&txTime={tx_time}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tx_secret_vectors_are_reproduced() {
        for (key, stream, tx_time, tx_secret) in [
            (
                "somestring",
                "test",
                "5c2acacc",
                "b77e812107e1d8b8f247885a46e1bd34",
            ),
            (
                "somestring",
                "test_900",
                "5c2acacc",
                "4beae959b16c77da6a65c7edda1dfefe",
            ),
            (
                "made-up-push-key",
                "room_1001",
                "6553f100",
                "367843d6393274e6733e5ccda50b943c",
            ),
        ] {
            assert_eq!(md5_hex(&[key, stream, tx_time]), tx_secret, "{stream}");
        }
    }

    #[test]
    fn urls_have_domain_path_and_signature() {
        let mut urls = StreamUrls {
            push_domain: "push.example.com".into(),
            play_domain: "play.example.com".into(),
            app: "live".into(),
            push_key: NonEmptySecret::new("made-up-push-key").unwrap(),
            play_key: None,
        };
        let query = "txSecret=6d71ff73ddea813200709bac1b970e2f&txTime=6553F100";
        assert_eq!(
            urls.push_url("room_1001", 1_700_000_000).expose_secret(),
            format!("rtmp://push.example.com/live/room_1001?{query}")
        );
        assert_eq!(
            urls.play_url("room_1001", 1_700_000_000),
            "rtmp://play.example.com/live/room_1001"
        );
        urls.play_key = NonEmptySecret::new("made-up-push-key");
        assert_eq!(
            urls.play_url("room_1001", 1_700_000_000),
            format!("rtmp://play.example.com/live/room_1001?{query}")
        );
    }
}
