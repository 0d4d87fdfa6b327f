//! The cloud API of CSS.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::TestSandbox;
use crate::support::app::{answer_of, hmac};

/// A call of the cloud API, with what a test may get wrong about it.
struct CloudCall<'a> {
    action: &'a str,
    body: String,
    secret_id: &'a str,
    secret_key: &'a str,
    age_secs: i64,
    signed_headers: &'a str,
}

impl<'a> CloudCall<'a> {
    fn new(sandbox: &'a TestSandbox, action: &'a str, body: &Value) -> Self {
        Self {
            action,
            body: body.to_string(),
            secret_id: &sandbox.config.cloud_secret_id,
            secret_key: &sandbox.config.cloud_secret_key,
            age_secs: 0,
            signed_headers: "content-type;host",
        }
    }

    /// Sends the call, with `sent_body` when it is not the one that was signed.
    async fn send(&self, sandbox: &TestSandbox, sent_body: Option<&str>) -> Value {
        let host = sandbox.url.trim_start_matches("http://");
        let time = sandbox.clock.now().secs() - self.age_secs;
        let date = sandbox.clock.now().utc()[..10].to_owned();
        let scope = format!("{date}/live/tc3_request");
        let headers: String = self
            .signed_headers
            .split(';')
            .map(|name| match name {
                "host" => format!("host:{host}\n"),
                _ => "content-type:application/json\n".to_owned(),
            })
            .collect();
        let digest = |text: &str| hex::encode(Sha256::digest(text));
        let canonical = format!(
            "POST\n/\n\n{headers}\n{}\n{}",
            self.signed_headers,
            digest(&self.body)
        );
        let to_sign = format!("TC3-HMAC-SHA256\n{time}\n{scope}\n{}", digest(&canonical));
        let key = hmac(
            format!("TC3{}", self.secret_key).as_bytes(),
            date.as_bytes(),
        );
        let key = hmac(&hmac(&key, b"live"), b"tc3_request");
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={}",
            self.secret_id,
            self.signed_headers,
            hex::encode(hmac(&key, to_sign.as_bytes()))
        );
        let request = sandbox
            .http
            .post(format!("{}/", sandbox.url))
            .header("Content-Type", "application/json")
            .header("X-TC-Action", self.action)
            .header("X-TC-Timestamp", time.to_string())
            .header("Authorization", authorization)
            .body(sent_body.unwrap_or(&self.body).to_owned());
        answer_of(request).await.body["Response"].clone()
    }
}

fn stream(sandbox: &TestSandbox) -> Value {
    json!({"AppName": "live", "DomainName": sandbox.config.live_push_domain,
        "StreamName": "alice"})
}

#[tokio::test]
async fn drop_and_forbid_are_accepted_and_remembered() {
    let sandbox = TestSandbox::start();
    for action in ["DropLiveStream", "ForbidLiveStream"] {
        let call = CloudCall::new(&sandbox, action, &stream(&sandbox));
        let answer = call.send(&sandbox, None).await;
        assert_eq!(answer, json!({"RequestId": "sandbox"}));
    }
    let requests = sandbox.state().await["stream_orders"].clone();
    assert_eq!(requests[0]["action"], "DropLiveStream");
    assert_eq!(requests[1]["action"], "ForbidLiveStream");
    assert_eq!(requests[1]["stream"], "alice");
    assert_eq!(requests[1]["asked"], stream(&sandbox));
}

#[tokio::test]
async fn wrong_signature_is_refused() {
    let sandbox = TestSandbox::start();
    let body = stream(&sandbox);
    let call = || CloudCall::new(&sandbox, "DropLiveStream", &body);
    let failures = [
        CloudCall {
            secret_key: "other",
            ..call()
        },
        CloudCall {
            secret_id: "other",
            ..call()
        },
        CloudCall {
            signed_headers: "content-type",
            ..call()
        },
    ];
    for failure in &failures {
        let answer = failure.send(&sandbox, None).await;
        assert_eq!(answer["Error"]["Code"], "AuthFailure.SignatureFailure");
    }
    let answer = call().send(&sandbox, Some("{}")).await;
    assert_eq!(answer["Error"]["Code"], "AuthFailure.SignatureFailure");
    let old = CloudCall {
        age_secs: 400,
        ..call()
    };
    let answer = old.send(&sandbox, None).await;
    assert_eq!(answer["Error"]["Code"], "AuthFailure.SignatureExpire");
    assert_eq!(sandbox.state().await["stream_orders"], json!([]));
}

#[tokio::test]
async fn wrong_domain_and_malformed_body_are_refused() {
    let sandbox = TestSandbox::start();
    let other = json!({"DomainName": "other.example.com", "StreamName": "alice"});
    let call = CloudCall::new(&sandbox, "DropLiveStream", &other);
    let answer = call.send(&sandbox, None).await;
    assert_eq!(answer["Error"]["Code"], "InvalidParameter.Domain");
    let malformed = CloudCall {
        body: "{".into(),
        ..call
    };
    let answer = malformed.send(&sandbox, None).await;
    assert_eq!(answer["Error"]["Code"], "InvalidParameter");
}
