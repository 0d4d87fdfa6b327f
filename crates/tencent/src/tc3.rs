//! TC3-HMAC-SHA256, the request signature of Tencent Cloud API v3.
//!
//! Vendor's page: 签名方法 v3 ("Signature v3"), cloud.tencent.com.

use secrecy::ExposeSecret as _;

use crate::crypto::{hmac_sha256, sha256_hex};
use crate::non_empty_secret::NonEmptySecret;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// An API key of Tencent Cloud.
#[derive(Clone)]
pub struct Credential {
    pub secret_id: NonEmptySecret,
    pub secret_key: NonEmptySecret,
}

/// The time at which a request is signed. Tencent Cloud refuses a signature that is more than five
/// minutes old.
#[derive(Debug, Clone, Copy)]
pub struct SigningTime<'a> {
    /// Unix seconds, as sent in `X-TC-Timestamp`.
    pub unix_secs: i64,
    /// The UTC date of `unix_secs`, such as `2019-02-25`.
    pub utc_date: &'a str,
}

/// The parts of a POST request to `/` that its signature covers.
pub struct RequestToSign<'a> {
    /// The name of the service, such as `live`.
    pub service: &'a str,
    /// Lower-case names with the values to be sent, sorted by name. `content-type` and `host` are
    /// required.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
    pub time: SigningTime<'a>,
}

impl RequestToSign<'_> {
    /// Signs the request and returns the value of its `Authorization` header.
    #[must_use]
    pub fn authorization(&self, credential: &Credential) -> String {
        let scope = format!("{}/{}/tc3_request", self.time.utc_date, self.service);
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={}",
            credential.secret_id.expose_secret(),
            self.signed_headers(),
            self.signature(&credential.secret_key, &scope),
        )
    }

    fn signed_headers(&self) -> String {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        names.join(";")
    }

    fn canonical_request(&self) -> String {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim().to_lowercase()))
            .collect();
        format!(
            "POST\n/\n\n{headers}\n{}\n{}",
            self.signed_headers(),
            sha256_hex(&[self.body])
        )
    }

    fn signature(&self, secret_key: &NonEmptySecret, scope: &str) -> String {
        let string_to_sign = format!(
            "{ALGORITHM}\n{}\n{scope}\n{}",
            self.time.unix_secs,
            sha256_hex(&[&self.canonical_request()])
        );
        let key = format!("TC3{}", secret_key.expose_secret());
        let date_key = hmac_sha256(key.as_bytes(), self.time.utc_date);
        let service_key = hmac_sha256(&date_key, self.service);
        let signing_key = hmac_sha256(&service_key, "tc3_request");
        hex::encode(hmac_sha256(&signing_key, &string_to_sign))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: SigningTime<'_> = SigningTime {
        unix_secs: 1_551_113_065,
        utc_date: "2019-02-25",
    };

    #[test]
    fn official_vector_is_reproduced() {
        let request = RequestToSign {
            service: "cvm",
            headers: &[
                ("content-type", "application/json; charset=utf-8"),
                ("host", "cvm.tencentcloudapi.com"),
                ("x-tc-action", "DescribeInstances"),
            ],
            body: concat!(
                r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "#,
                r#""Name": "instance-name"}]}"#
            ),
            time: TIME,
        };
        assert_eq!(
            sha256_hex(&[request.body]),
            "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
        );
        assert_eq!(
            sha256_hex(&[&request.canonical_request()]),
            "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"
        );
        let credential = Credential {
            secret_id: NonEmptySecret::new("id").unwrap(),
            secret_key: NonEmptySecret::new(&"*".repeat(32)).unwrap(),
        };
        let authorization = request.authorization(&credential);
        assert_eq!(
            authorization.rsplit_once("Signature=").unwrap().1,
            "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
        );
    }

    #[test]
    fn vector_of_the_tencent_cloud_sdk_is_reproduced() {
        let request = RequestToSign {
            service: "live",
            headers: &[
                ("content-type", "application/json"),
                ("host", "live.tencentcloudapi.com"),
            ],
            body: concat!(
                r#"{"StreamName": "room_1001", "DomainName": "push.example.com", "#,
                r#""AppName": "live"}"#
            ),
            time: TIME,
        };
        let credential = Credential {
            secret_id: NonEmptySecret::new("AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001").unwrap(),
            secret_key: NonEmptySecret::new("made-up-secret-key-0001").unwrap(),
        };
        assert_eq!(
            request.authorization(&credential),
            "TC3-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001/2019-02-25/live/\
             tc3_request, SignedHeaders=content-type;host, \
             Signature=b51e4458a65c11424e845a1770dbd0c07d249c8ad73f5ccd7eeeb3a593129659"
        );
    }
}
