//! The sandbox of a [`TestApp`]: what WeChat and Tencent received, and what they and the users'
//! devices are made to do. `docs/sandbox.md` describes its interface.

use serde_json::{Value, json};

use crate::client::TestClient;
use crate::test_app::TestApp;

/// What the sandbox received.
impl TestApp {
    /// The messages in a room's IM group, from the server and from clients.
    pub async fn group_messages(&self, group: &str) -> Vec<Value> {
        self.messages("group", group).await
    }

    /// The messages that IM delivered to a user.
    pub async fn messages_to(&self, client: &TestClient) -> Vec<Value> {
        self.messages("to", &client.user_id).await
    }

    /// The messages that devices receive. IM drops repeated ones, which occur when a jump of the
    /// clock ends the lease of a lane.
    async fn messages(&self, key: &str, value: &str) -> Vec<Value> {
        let mut messages = self.messages_with_duplicates(key, value).await;
        messages.retain(|message| message["double"] != true);
        messages
    }

    /// The messages that IM received for a group (`"group"`) or a user (`"to"`), repeated ones
    /// included.
    pub async fn messages_with_duplicates(&self, key: &str, value: &str) -> Vec<Value> {
        let request = self.http.get(format!("{}/sandbox/messages", self.sandbox));
        let answer = request.query(&[(key, value)]).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The messages in a group, each in a word or two: the type, and for a `reset` the seat with
    /// its state, such as `on 1`.
    pub async fn group_summary(&self, group: &str) -> Vec<String> {
        let messages = self.group_messages(group).await;
        messages
            .iter()
            .map(|message| summary(&message["message"]))
            .collect()
    }

    /// The rest of the sandbox's state: requests by path, payments, refunds, transfers, notices.
    pub async fn sandbox_state(&self) -> Value {
        let request = self.http.get(format!("{}/sandbox/state", self.sandbox));
        let answer = request.send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// How often the sandbox was called on this path.
    pub async fn sandbox_calls(&self, path: &str) -> u64 {
        let state = self.sandbox_state().await;
        state["calls"][path].as_u64().unwrap_or(0)
    }
}

/// Whether the live streaming service (CSS) received this action for a user's stream, such as
/// `DropLiveStream`. `state` is [`TestApp::sandbox_state`].
pub fn stream_received(state: &Value, action: &str, user_id: &str) -> bool {
    let requests = state["stream_orders"].as_array().unwrap();
    requests
        .iter()
        .any(|request| request["action"] == action && request["stream"] == user_id)
}

/// What the sandbox is made to do.
impl TestApp {
    /// Switches a fault of the sandbox on.
    pub async fn add_fault(&self, fault: Value) {
        let request = self.http.post(format!("{}/sandbox/faults", self.sandbox));
        let answer = request.json(&fault).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{fault}");
    }

    /// Switches all faults off.
    pub async fn clear_faults(&self) {
        let request = self.http.delete(format!("{}/sandbox/faults", self.sandbox));
        request.send().await.unwrap();
    }

    /// Simulates the device of a user: `{"im": "lost"}`, `{"stream": "start"}`. Returns the
    /// callbacks that the sandbox sent, with the server's answers.
    pub async fn simulate_client(&self, client: &TestClient, change: Value) -> Value {
        let path = format!("clients/{}", client.user_id);
        self.sandbox_post_json(&path, change).await
    }

    /// Simulates that a user's device loses its connection to IM, and the callback is lost.
    pub async fn disconnect_without_callback(&self, client: &TestClient) {
        let change = json!({"im": "lost", "told": false});
        self.simulate_client(client, change).await;
    }

    /// Simulates that a user's device connects to IM again, and the callback is lost.
    pub async fn reconnect_without_callback(&self, client: &TestClient) {
        let change = json!({"im": "back", "told": false});
        self.simulate_client(client, change).await;
    }

    /// Sends a message as a user's device through IM; returns whether IM delivered it.
    pub async fn send_client_message(&self, message: Value) -> bool {
        let answer = self.sandbox_post_json("say", message).await;
        answer["sent"].as_bool().unwrap()
    }

    /// Sends a message push with this text, in the form that is set; returns `status`, `accepted`
    /// and `body` of the server's answer.
    pub async fn push_text(&self, text: impl Into<reqwest::Body>) -> Value {
        let url = format!("{}/sandbox/pushes/text", self.sandbox);
        let request = self.http.post(url).body(text);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Sends POST to a path below `/sandbox/` and returns the status.
    pub async fn sandbox_post(&self, path: &str, body: Value) -> u16 {
        let request = self.http.post(format!("{}/sandbox/{path}", self.sandbox));
        let answer = request.json(&body).send().await.unwrap();
        answer.status().as_u16()
    }

    /// Sends POST to a path below `/sandbox/` and returns the JSON that it answers.
    pub async fn sandbox_post_json(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}/sandbox/{path}", self.sandbox));
        let answer = request.json(&body).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

/// A message in a word or two.
fn summary(message: &Value) -> String {
    let content = &message["content"];
    match message["type"].as_str() {
        Some("reset") => {
            let change = content["content_type"].as_str().unwrap();
            format!("{change} {}", content["gender"])
        }
        Some(other) => other.to_owned(),
        None => "?".to_owned(),
    }
}
