//! TC3-HMAC-SHA256, the request signature of Tencent Cloud API v3
//! (cloud.tencent.com, "signature v3").

use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// A Tencent Cloud API key.
#[derive(Clone)]
pub struct Credential {
    pub id: String,
    pub key: SecretString,
}

/// What is signed. `headers` are lower-case names with the values to be sent,
/// sorted by name, at least `content-type` and `host`.
pub struct Request<'a> {
    pub service: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
    /// Unix seconds, as in `X-TC-Timestamp`.
    pub timestamp: i64,
    /// The day of the timestamp in UTC: `2019-02-25`.
    pub date: &'a str,
}

impl Request<'_> {
    /// The value of the `Authorization` header.
    #[must_use]
    pub fn authorization(&self, credential: &Credential) -> String {
        let scope = format!("{}/{}/tc3_request", self.date, self.service);
        format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={}",
            credential.id,
            self.signed_headers(),
            self.signature(&credential.key, &scope),
        )
    }

    fn signed_headers(&self) -> String {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        names.join(";")
    }

    fn canonical(&self) -> String {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim().to_lowercase()))
            .collect();
        format!(
            "POST\n/\n\n{headers}\n{}\n{}",
            self.signed_headers(),
            sha256(self.body)
        )
    }

    fn signature(&self, key: &SecretString, scope: &str) -> String {
        let message = format!(
            "TC3-HMAC-SHA256\n{}\n{scope}\n{}",
            self.timestamp,
            sha256(&self.canonical())
        );
        let date = mac(format!("TC3{}", key.expose_secret()).as_bytes(), self.date);
        let service = mac(&date, self.service);
        let signing = mac(&service, "tc3_request");
        hex::encode(mac(&signing, &message))
    }
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// HMAC-SHA256, which takes a key of any length.
pub(crate) fn mac(key: &[u8], message: &str) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(message).finalize().into_bytes().to_vec(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(authorization: &str) -> &str {
        authorization.rsplit_once("Signature=").unwrap().1
    }

    #[test]
    fn the_official_vector() {
        let request = Request {
            service: "cvm",
            headers: &[
                ("content-type", "application/json; charset=utf-8"),
                ("host", "cvm.tencentcloudapi.com"),
                ("x-tc-action", "DescribeInstances"),
            ],
            body: r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
            timestamp: 1_551_113_065,
            date: "2019-02-25",
        };
        assert_eq!(
            sha256(request.body),
            "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
        );
        assert_eq!(
            sha256(&request.canonical()),
            "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"
        );
        let credential = Credential {
            id: "id".into(),
            key: "*".repeat(32).into(),
        };
        assert_eq!(
            signature(&request.authorization(&credential)),
            "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
        );
    }

    #[test]
    fn the_sdk_vector() {
        let request = Request {
            service: "live",
            headers: &[
                ("content-type", "application/json"),
                ("host", "live.tencentcloudapi.com"),
            ],
            body: r#"{"StreamName": "room_1001", "DomainName": "push.example.com", "AppName": "live"}"#,
            timestamp: 1_551_113_065,
            date: "2019-02-25",
        };
        let credential = Credential {
            id: "AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001".into(),
            key: "made-up-secret-key-0001".to_owned().into(),
        };
        assert_eq!(
            request.authorization(&credential),
            "TC3-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001/2019-02-25/live/tc3_request, \
             SignedHeaders=content-type;host, \
             Signature=b51e4458a65c11424e845a1770dbd0c07d249c8ad73f5ccd7eeeb3a593129659"
        );
    }
}
