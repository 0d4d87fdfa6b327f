//! The world outside of a [`House`], as its sandbox plays it: what it was told, and what it is made to do.

use serde_json::{Value, json};

use crate::{House, Phone};

impl House {
    /// The messages that a room's group was told, by us or by clients.
    pub async fn told_group(&self, group: &str) -> Vec<Value> {
        self.messages("group", group).await
    }

    /// The messages that an account was told.
    pub async fn told(&self, phone: &Phone) -> Vec<Value> {
        self.messages("to", &phone.user_id).await
    }

    /// What phones hear: IM drops doubles, as a lease that a jump of the clock ended may make some.
    async fn messages(&self, key: &str, value: &str) -> Vec<Value> {
        let mut heard = self.messages_with_doubles(key, value).await;
        heard.retain(|message| message["double"] != true);
        heard
    }

    /// What IM was told, to `"group"` or `"to"` an account, doubles included.
    pub async fn messages_with_doubles(&self, key: &str, value: &str) -> Vec<Value> {
        let url = format!("{}/sandbox/messages?{key}={value}", self.sandbox);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Everything else that the sandbox knows.
    pub async fn outside(&self) -> Value {
        self.http
            .get(format!("{}/sandbox/state", self.sandbox))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Switches a fault of the sandbox on.
    pub async fn fault(&self, fault: Value) {
        let answer = self
            .http
            .post(format!("{}/sandbox/faults", self.sandbox))
            .json(&fault)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 204, "{fault}");
    }

    /// Switches all faults off.
    pub async fn no_faults(&self) {
        self.http
            .delete(format!("{}/sandbox/faults", self.sandbox))
            .send()
            .await
            .unwrap();
    }

    /// Plays the phone of a user: `{"im": "lost"}`, `{"stream": "start"}`, …
    pub async fn play(&self, phone: &Phone, what: Value) -> Value {
        let url = format!("{}/sandbox/clients/{}", self.sandbox, phone.user_id);
        self.http
            .post(url)
            .json(&what)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Asks something of the sandbox; its answer's status.
    pub async fn control(&self, path: &str, body: Value) -> u16 {
        let url = format!("{}/sandbox/{path}", self.sandbox);
        self.http
            .post(url)
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    /// The same, with what it answers.
    pub async fn asked(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/{path}", self.sandbox);
        self.http
            .post(url)
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// A person pays an order, as answered by operation 15; our side is told.
    pub async fn pay(&self, order: &Value) {
        assert_eq!(self.try_pay(order, json!({})).await, 200, "{order}");
    }

    /// The same with more said about it: `{"told": false}` loses the notice, `{"late": true}` pays what was closed.
    pub async fn try_pay(&self, order: &Value, how: Value) -> u16 {
        let mut body = how;
        for key in [
            "signData",
            "paySig",
            "signature",
            "timeStamp",
            "nonceStr",
            "package",
            "paySign",
        ] {
            if let Some(value) = order.get(key) {
                body[key] = value.clone();
            }
        }
        self.control(
            &format!("pay/{}", order["out_trade_no"].as_str().unwrap()),
            body,
        )
        .await
    }

    /// Lets a client say something through IM; whether it went out.
    pub async fn say(&self, what: Value) -> bool {
        let answer = self
            .http
            .post(format!("{}/sandbox/say", self.sandbox))
            .json(&what)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["sent"].as_bool().unwrap()
    }

    /// The types of the messages a group was told, seats with their state: `on 1`.
    pub async fn story(&self, group: &str) -> Vec<String> {
        self.told_group(group)
            .await
            .iter()
            .map(|message| summary(&message["message"]))
            .collect()
    }
}

/// A message in a few words.
fn summary(message: &Value) -> String {
    let content = &message["content"];
    match message["type"].as_str() {
        Some("reset") => format!(
            "{} {}",
            content["content_type"].as_str().unwrap(),
            content["gender"]
        ),
        Some(other) => other.to_owned(),
        None => "?".to_owned(),
    }
}
