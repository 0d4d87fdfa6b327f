//! Callbacks that the sandbox sends to our side, signed as the real ones are.

use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::World;

/// How long a stream callback's signature is good for.
const LIVE_SIGN_SECS: i64 = 600;

impl World {
    /// Sends a callback of IM; answers what our side said, or null when it said nothing.
    pub(crate) async fn im_callback(
        &self,
        command: &str,
        platform: &str,
        mut body: Value,
    ) -> Value {
        let now = self.clock.now();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("CallbackCommand".into(), command.into());
            fields
                .entry("EventTime")
                .or_insert_with(|| now.millis().into());
        }
        let time = now.secs().to_string();
        let sign = Sha256::new()
            .chain_update(&self.accounts.im_callback_token)
            .chain_update(&time)
            .finalize();
        let url = format!("{}im_notify/", self.accounts.callback_base);
        let sdk_app_id = self.accounts.sdk_app_id.to_string();
        let query = [
            ("SdkAppid", sdk_app_id.as_str()),
            ("CallbackCommand", command),
            ("contenttype", "json"),
            ("ClientIP", "127.0.0.1"),
            ("OptPlatform", platform),
            ("Sign", &hex::encode(sign)),
            ("RequestTime", &time),
        ];
        self.send(self.http.post(url).query(&query).json(&body))
            .await
    }

    /// Sends a callback of CSS.
    pub(crate) async fn live_callback(&self, mut body: Value) -> Value {
        let expires = self.clock.now().secs() + LIVE_SIGN_SECS;
        let sign = Md5::new()
            .chain_update(&self.accounts.live_callback_key)
            .chain_update(expires.to_string())
            .finalize();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("t".into(), expires.into());
            fields.insert("sign".into(), hex::encode(sign).into());
        }
        let url = format!("{}live_notify/", self.accounts.callback_base);
        self.send(self.http.post(url).json(&body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Value {
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let answer = response.json::<Value>().await.unwrap_or(Value::Null);
                json!({"status": status, "answer": answer})
            }
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "a callback found nobody");
                Value::Null
            }
        }
    }
}
