//! The cloud API for streams, with its TC3 signature.

use actix_web::{HttpRequest, HttpResponse, web};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::server::answer;
use crate::world::{Accounts, World};

fn error(code: &Value) -> Value {
    json!({"Response": {"Error": {"Code": code, "Message": "sandbox"}, "RequestId": "sandbox"}})
}

pub(crate) async fn call(
    world: web::Data<World>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let act = || {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let now = world.clock.now().secs();
        let time: i64 = header("X-TC-Timestamp").parse().unwrap_or(0);
        if (now - time).abs() > 300 {
            return error(&json!("AuthFailure.SignatureExpire"));
        }
        let given = header("Authorization");
        let expected = authorization(&world.accounts, &header, &body, time);
        if expected.as_deref() != Some(given) {
            return error(&json!("AuthFailure.SignatureFailure"));
        }
        let Ok(asked) = serde_json::from_slice::<Value>(&body) else {
            return error(&json!("InvalidParameter"));
        };
        if asked.get("DomainName").and_then(Value::as_str) != Some(&world.accounts.live_push_domain)
        {
            return error(&json!("InvalidParameter.Domain"));
        }
        let order = json!({"action": header("X-TC-Action"), "stream": asked.get("StreamName"), "at": now, "asked": asked});
        world.state().stream_orders.push(order);
        json!({"Response": {"RequestId": "sandbox"}})
    };
    answer(&world, &request, error, act).await
}

/// Signs what arrived as the caller should have signed it, over the headers that he says he signed.
fn authorization<'a>(
    accounts: &Accounts,
    header: &impl Fn(&str) -> &'a str,
    body: &[u8],
    time: i64,
) -> Option<String> {
    let given = header("Authorization");
    let (_, rest) = given.split_once("SignedHeaders=")?;
    let (signed, _) = rest.split_once(',')?;
    let (_, rest) = given.split_once("Credential=")?;
    let (scope, _) = rest.split_once(',')?;
    let (id, scope) = scope.split_once('/')?;
    let date = scope.split('/').next()?;
    if id != accounts.cloud_secret_id || !signed.split(';').any(|name| name == "host") {
        return None;
    }
    let headers: String = signed
        .split(';')
        .map(|name| format!("{name}:{}\n", header(name).trim().to_lowercase()))
        .collect();
    let digest = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let canonical = format!("POST\n/\n\n{headers}\n{signed}\n{}", digest(body));
    let to_sign = format!(
        "TC3-HMAC-SHA256\n{time}\n{scope}\n{}",
        digest(canonical.as_bytes())
    );
    let mut key = format!("TC3{}", accounts.cloud_secret_key).into_bytes();
    for part in [date, "live", "tc3_request"] {
        key = hmac(&key, part)?;
    }
    let signature = hex::encode(hmac(&key, &to_sign)?);
    Some(format!(
        "TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}"
    ))
}

fn hmac(key: &[u8], message: &str) -> Option<Vec<u8>> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(mac.chain_update(message).finalize().into_bytes().to_vec())
}
