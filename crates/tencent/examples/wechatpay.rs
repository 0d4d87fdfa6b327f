//! What we make and read of WeChat Pay, for a peer to check (`tests/peers/run.sh`).
//! Arguments: the merchant's private key and WeChat's public key (files), the
//! APIv3 key, the present time. Standard input: the headers (JSON) and, on the
//! second line, the body of a notice that the peer made. Prints JSON.
#![expect(clippy::print_stdout, reason = "an example prints what it makes")]

use std::io::BufRead as _;

use qlive_tencent::pay::{Keys, Merchant, Notice, Signed, open_notice};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || {
        arguments
            .next()
            .ok_or("arguments: KEY PUBLIC_KEY API_V3_KEY NOW")
    };
    let (key, public) = (
        std::fs::read_to_string(argument()?)?,
        std::fs::read_to_string(argument()?)?,
    );
    let merchant = Merchant::new(
        "1900000001",
        "5157F09EFDC096DE",
        &key.into(),
        argument()?.into(),
    )?;
    let now: i64 = argument()?.parse()?;
    let keys = Keys::default();
    keys.add("PUB_KEY_ID_1", &public)?;

    let mut lines = std::io::stdin().lock().lines();
    let headers: Value = serde_json::from_str(&lines.next().ok_or("no headers")??)?;
    let body = lines.next().ok_or("no body")??;
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let signed = Signed {
        timestamp: header("timestamp"),
        nonce: header("nonce"),
        signature: header("signature"),
        serial: "PUB_KEY_ID_1".into(),
    };
    keys.verify(&signed, body.as_bytes(), now)?;
    let Notice::Payment(told) = open_notice(&merchant, body.as_bytes())? else {
        return Err("no payment".into());
    };

    let path = "/v3/pay/transactions/out-trade-no/Q1?mchid=1900000001";
    let pay_sign = merchant
        .pay_sign(
            "wx1",
            "wx201410272009395522657a690389285100",
            now,
            "nonce".into(),
        )
        .ok_or("no sign")?;
    let (_, sealed) = keys.seal("张三").ok_or("nothing sealed")?;
    let made = json!({
        "notice": {"out_trade_no": told.out_trade_no, "total": told.total},
        "path": path,
        "get": merchant.authorization("GET", path, "", now, "nonce"),
        "post": merchant.authorization("POST", "/v3/x", "{\"a\":\"金币\"}", now, "nonce"),
        "pay_sign": pay_sign.sign,
        "sealed": sealed,
    });
    println!("{made}");
    Ok(())
}
