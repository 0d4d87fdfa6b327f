//! Signs, encrypts and decrypts for WeChat Pay, so that another implementation can check the
//! results (`tests/peers/run.sh`).
//!
//! Arguments: the file of the merchant's private key, the file of WeChat Pay's public key, the
//! APIv3 key, and the current time in Unix seconds. The first line of the standard input has the
//! headers of a notice as JSON, the second line its body. Prints JSON.
#![expect(clippy::print_stdout, reason = "the results are the output")]

use std::error::Error;
use std::fs::read_to_string;
use std::io::BufRead as _;

use qlive_tencent::NonEmptySecret;
use qlive_tencent::pay::{Merchant, Notice, PlatformKeys, SignatureHeaders, decrypt_notice};
use serde_json::{Value, json};

const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_1";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [private_key, public_key, api_v3_key, now] = arguments.as_slice() else {
        return Err("usage: wechatpay PRIVATE_KEY PUBLIC_KEY API_V3_KEY NOW".into());
    };
    let now: i64 = now.parse()?;
    let merchant = Merchant::new(
        "1900000001",
        "5157F09EFDC096DE",
        &read_to_string(private_key)?.into(),
        NonEmptySecret::try_from(api_v3_key.as_str())?,
    )?;
    let keys = PlatformKeys::default();
    keys.add(PUBLIC_KEY_ID, &read_to_string(public_key)?)?;

    let mut lines = std::io::stdin().lock().lines();
    let headers: Value = serde_json::from_str(&lines.next().ok_or("no headers")??)?;
    let body = lines.next().ok_or("no body")??;
    keys.verify(&signature_headers(&headers), body.as_bytes(), now)?;
    let Notice::Payment(payment) = decrypt_notice(&merchant, body.as_bytes())? else {
        return Err("the notice is not about a payment".into());
    };

    let path = "/v3/pay/transactions/out-trade-no/Q1?mchid=1900000001";
    let prepay_id = "wx201410272009395522657a690389285100";
    let params = merchant.sign_request_payment("wx1", prepay_id, now, "nonce".into())?;
    let body = "{\"a\":\"金币\"}";
    let results = json!({
        "notice": {"out_trade_no": payment.out_trade_no, "total": payment.total_fen},
        "path": path,
        "get": merchant.authorization_header("GET", path, "", now, "nonce")?,
        "post": merchant.authorization_header("POST", "/v3/x", body, now, "nonce")?,
        "pay_sign": params.pay_sign,
        "sealed": keys.encrypt("张三")?.ciphertext,
    });
    println!("{results}");
    Ok(())
}

fn signature_headers(headers: &Value) -> SignatureHeaders {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    SignatureHeaders {
        timestamp: header("timestamp"),
        nonce: header("nonce"),
        signature: header("signature"),
        serial: PUBLIC_KEY_ID.into(),
    }
}
