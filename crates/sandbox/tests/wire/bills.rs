//! The trade bill of a day.

use reqwest::Method;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::support::TestSandbox;

fn today(sandbox: &TestSandbox) -> String {
    sandbox.clock.now().shanghai()[..10].to_owned()
}

/// The bill of a day, and the digest that was announced for it.
async fn download(sandbox: &TestSandbox, day: &str) -> (String, String) {
    let path = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL");
    let announced = sandbox.merchant_get(&path).await;
    assert_eq!(announced.status, 200, "{announced:?}");
    assert_eq!(announced.body["hash_type"], "SHA1");
    let digest = announced.body["hash_value"].as_str().unwrap().to_owned();
    let url = announced.body["download_url"].as_str().unwrap();
    let path = url.strip_prefix(&sandbox.url).unwrap();
    let request = sandbox.merchant_request(Method::GET, path, None);
    let answer = sandbox.send_unverified(request).await;
    assert_eq!(answer.status(), 200);
    (answer.text().await.unwrap(), digest)
}

#[tokio::test]
async fn bill_lists_payments_and_refunds_of_the_day() {
    let sandbox = TestSandbox::start();
    let day = today(&sandbox);
    sandbox.place_and_pay("order-1").await;
    sandbox.place(&sandbox.order("order-2")).await;
    let refund = sandbox.refund("order-1", "refund-1", 205);
    sandbox.request_refund(&refund).await;
    sandbox.receiver.wait_for(2).await;
    let (bill, digest) = download(&sandbox, &day).await;
    assert_eq!(hex::encode(Sha1::digest(&bill)), digest);
    let lines: Vec<Vec<&str>> = bill
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(lines.len(), 5, "headings, two rows, headings, totals");
    let (payment, refund, totals) = (&lines[1], &lines[2], &lines[4]);
    assert_eq!((lines[0].len(), payment.len(), refund.len()), (27, 27, 27));
    assert_eq!(lines[0][5..8], ["微信订单号", "商户订单号", "用户标识"]);
    assert_eq!(payment[6..8], ["`order-1", "`sandbox-alice"]);
    assert_eq!(
        (payment[9], payment[12], payment[24]),
        ("`SUCCESS", "`6.00", "`6.00")
    );
    assert_eq!(
        (refund[6], refund[9], refund[15]),
        ("`order-1", "`REFUND", "`refund-1")
    );
    assert_eq!(
        (refund[16], refund[19], refund[25]),
        ("`2.05", "`SUCCESS", "`2.05")
    );
    assert_eq!(totals[..3], ["`2", "`6.00", "`2.05"]);
}

#[tokio::test]
async fn bill_is_downloaded_as_it_was_announced() {
    let sandbox = TestSandbox::start();
    let day = today(&sandbox);
    sandbox.place_and_pay("order-1").await;
    let path = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL");
    let announced = sandbox.merchant_get(&path).await.body;
    sandbox.place_and_pay("order-2").await;
    let url = announced["download_url"].as_str().unwrap();
    let path = url.strip_prefix(&sandbox.url).unwrap();
    let request = sandbox.merchant_request(Method::GET, path, None);
    let bill = sandbox.send_unverified(request).await.text().await.unwrap();
    assert_eq!(announced["hash_value"], hex::encode(Sha1::digest(&bill)));
    assert!(!bill.contains("order-2"), "{bill}");
}

#[tokio::test]
async fn tampered_bill_does_not_fit_its_digest() {
    let sandbox = TestSandbox::start();
    let day = today(&sandbox);
    sandbox.place_and_pay("order-1").await;
    let fault = json!({"path": "/v3/billdownload/", "tampered": true});
    sandbox.add_fault(fault).await;
    let (bill, digest) = download(&sandbox, &day).await;
    assert_ne!(hex::encode(Sha1::digest(&bill)), digest);
}

#[tokio::test]
async fn bill_of_a_day_without_trade_or_a_malformed_day_is_refused() {
    let sandbox = TestSandbox::start();
    for (day, code) in [
        ("2020-01-01", "NO_STATEMENT_EXIST"),
        ("20200101", "PARAM_ERROR"),
        ("", "PARAM_ERROR"),
    ] {
        let path = format!("/v3/bill/tradebill?bill_date={day}");
        let answer = sandbox.merchant_get(&path).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(code)));
    }
}

#[tokio::test]
async fn download_without_signature_or_token_is_refused() {
    let sandbox = TestSandbox::start();
    let path = "/v3/billdownload/file?token=unknown";
    assert_eq!(sandbox.get(path).await.status, 401);
    let request = sandbox.merchant_request(Method::GET, path, None);
    assert_eq!(sandbox.send_unverified(request).await.status(), 404);
}
