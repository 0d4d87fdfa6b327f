//! Push and play URLs (cloud.tencent.com, live "hotlink protection"):
//! `txSecret = md5(key + stream + txTime)`, `txTime` the expiry in upper-case hex as it stands in the URL.

use md5::{Digest as _, Md5};
use secrecy::{ExposeSecret as _, SecretString};

/// Where streams are pushed to and played from.
#[derive(Clone)]
pub struct Streams {
    pub push_domain: String,
    pub play_domain: String,
    /// The first part of the path, `live` by default.
    pub app: String,
    pub push_key: SecretString,
    /// When set, play URLs are signed too.
    pub play_key: Option<SecretString>,
}

impl Streams {
    /// Where `stream` may be pushed until `expires_at` (Unix seconds). Whoever holds it can push.
    #[must_use]
    pub fn push_url(&self, stream: &str, expires_at: i64) -> SecretString {
        let signature = signature(&self.push_key, stream, expires_at);
        format!(
            "rtmp://{}/{}/{stream}?{signature}",
            self.push_domain, self.app
        )
        .into()
    }

    /// Where `stream` is played.
    #[must_use]
    pub fn play_url(&self, stream: &str, expires_at: i64) -> String {
        let plain = format!("rtmp://{}/{}/{stream}", self.play_domain, self.app);
        match &self.play_key {
            Some(key) => format!("{plain}?{}", signature(key, stream, expires_at)),
            None => plain,
        }
    }
}

fn signature(key: &SecretString, stream: &str, expires_at: i64) -> String {
    let time = format!("{expires_at:X}");
    format!(
        "txSecret={}&txTime={time}",
        tx_secret(key.expose_secret(), stream, &time)
    )
}

fn tx_secret(key: &str, stream: &str, time: &str) -> String {
    hex::encode(
        Md5::new()
            .chain_update(key)
            .chain_update(stream)
            .chain_update(time)
            .finalize(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors() {
        assert_eq!(
            tx_secret("somestring", "test", "5c2acacc"),
            "b77e812107e1d8b8f247885a46e1bd34"
        );
        assert_eq!(
            tx_secret("somestring", "test_900", "5c2acacc"),
            "4beae959b16c77da6a65c7edda1dfefe"
        );
        assert_eq!(
            tx_secret("made-up-push-key", "room_1001", "6553f100"),
            "367843d6393274e6733e5ccda50b943c"
        );
    }

    #[test]
    fn urls_are_whole() {
        let mut streams = Streams {
            push_domain: "push.example.com".into(),
            play_domain: "play.example.com".into(),
            app: "live".into(),
            push_key: "made-up-push-key".to_owned().into(),
            play_key: None,
        };
        assert_eq!(
            streams.push_url("room_1001", 1_700_000_000).expose_secret(),
            "rtmp://push.example.com/live/room_1001?txSecret=6d71ff73ddea813200709bac1b970e2f&txTime=6553F100"
        );
        assert_eq!(
            streams.play_url("room_1001", 1_700_000_000),
            "rtmp://play.example.com/live/room_1001"
        );
        streams.play_key = Some("made-up-push-key".to_owned().into());
        assert_eq!(
            streams.play_url("room_1001", 1_700_000_000),
            "rtmp://play.example.com/live/room_1001?txSecret=6d71ff73ddea813200709bac1b970e2f&txTime=6553F100"
        );
    }
}
