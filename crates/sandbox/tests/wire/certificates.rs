//! Credentials and platform certificates.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestSandbox;

#[tokio::test]
async fn credentials_are_those_of_the_process() {
    let sandbox = TestSandbox::start();
    let credentials: Value = sandbox.get("/sandbox/papers").await.body;
    let expected = &sandbox.credentials;
    let expected = json!({
        "merchant_key": expected.merchant_key,
        "public_key_id": expected.public_key_id,
        "public_key": expected.public_key,
        "certificate_serial": expected.certificate_serial,
        "certificate": expected.certificate,
    });
    assert_eq!(credentials, expected);
}

#[tokio::test]
async fn certificate_is_listed_encrypted() {
    let sandbox = TestSandbox::start();
    let answer = sandbox.merchant_get("/v3/certificates").await;
    let listed = &answer.body["data"][0];
    let serial = &sandbox.credentials.certificate_serial;
    assert_eq!(listed["serial_no"], *serial);
    let certificate = sandbox.decrypt_resource(&listed["encrypt_certificate"]);
    assert_eq!(certificate, sandbox.credentials.certificate);
}

#[tokio::test]
async fn answer_is_signed_with_the_key_that_the_request_names() {
    let sandbox = TestSandbox::start();
    let credentials = &sandbox.credentials;
    for (named, signed_with) in [
        (Some(&credentials.public_key_id), &credentials.public_key_id),
        (None, &credentials.certificate_serial),
        (
            Some(&credentials.certificate_serial),
            &credentials.certificate_serial,
        ),
    ] {
        let mut request = sandbox.merchant_request(Method::GET, "/v3/certificates", None);
        request.wechat_serial = named.cloned();
        let response = sandbox.send_unverified(request).await;
        assert_eq!(response.headers()["wechatpay-serial"], signed_with.as_str());
    }
}
