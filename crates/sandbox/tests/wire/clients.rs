//! Acting for a user's client, and the callbacks of IM and CSS that follow.

use md5::Md5;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::TestSandbox;
use crate::support::receiver::Callback;

fn assert_signed_by_im(sandbox: &TestSandbox, callback: &Callback) {
    assert_eq!(callback.path, "/callbacks/im_notify/");
    let time = &callback.query["RequestTime"];
    let text = format!("{}{time}", sandbox.config.im_callback_token);
    assert_eq!(callback.query["Sign"], hex::encode(Sha256::digest(text)));
    let sdk_app_id = sandbox.config.sdk_app_id.to_string();
    assert_eq!(callback.query["SdkAppid"], sdk_app_id);
    let command = callback.json()["CallbackCommand"].clone();
    assert_eq!(command, callback.query["CallbackCommand"]);
}

fn assert_signed_by_css(sandbox: &TestSandbox, callback: &Callback) {
    assert_eq!(callback.path, "/callbacks/live_notify/");
    let body = callback.json();
    let text = format!("{}{}", sandbox.config.live_callback_key, body["t"]);
    assert_eq!(body["sign"], hex::encode(Md5::digest(text)));
}

#[tokio::test]
async fn connection_change_sends_a_signed_callback() {
    let sandbox = TestSandbox::start();
    sandbox.receiver.answer_next(200, "{\"ErrorCode\":0}");
    let answers = sandbox
        .control("clients/alice", json!({"im": "lost", "at": 1234}))
        .await;
    let expected = json!([{"status": 200, "answer": {"ErrorCode": 0}}]);
    assert_eq!(answers, expected);
    sandbox
        .control("clients/alice", json!({"im": "back"}))
        .await;
    let callbacks = sandbox.receiver.callbacks();
    assert_eq!(callbacks.len(), 2);
    for (callback, action) in callbacks.iter().zip(["Disconnect", "Login"]) {
        assert_signed_by_im(&sandbox, callback);
        let body = callback.json();
        assert_eq!(body["CallbackCommand"], "State.StateChange");
        assert_eq!(body["Info"]["Action"], action);
        assert_eq!(body["Info"]["To_Account"], "alice");
    }
    assert_eq!(callbacks[0].json()["EventTime"], 1234);
}

#[tokio::test]
async fn connection_change_without_notice_sends_no_callback() {
    let sandbox = TestSandbox::start();
    let lost = json!({"im": "lost", "told": false});
    assert_eq!(sandbox.control("clients/alice", lost).await, json!([]));
    assert!(sandbox.receiver.callbacks().is_empty());
}

#[tokio::test]
async fn leaving_a_group_sends_a_signed_callback() {
    let sandbox = TestSandbox::start();
    let exits = json!({"exits": "room"});
    sandbox.control("clients/alice", exits).await;
    let callbacks = sandbox.receiver.callbacks();
    assert_signed_by_im(&sandbox, &callbacks[0]);
    let body = callbacks[0].json();
    assert_eq!(body["CallbackCommand"], "Group.CallbackAfterMemberExit");
    assert_eq!(body["GroupId"], "room");
    assert_eq!(body["ExitMemberList"], json!([{"Member_Account": "alice"}]));
}

#[tokio::test]
async fn stream_changes_send_signed_callbacks_with_the_sequence_of_their_push() {
    let sandbox = TestSandbox::start();
    for change in ["start", "stop", "start", "screenshot", "judged"] {
        let body = json!({"stream": change, "at": 5000});
        sandbox.control("clients/alice", body).await;
    }
    let callbacks = sandbox.receiver.callbacks();
    for callback in &callbacks {
        assert_signed_by_css(&sandbox, callback);
    }
    let summary: Vec<Value> = callbacks
        .iter()
        .map(|callback| {
            let body = callback.json();
            json!([body["event_type"], body["sequence"], body["event_time"]])
        })
        .collect();
    let expected = json!([
        [1, "alice-1", 5],
        [0, "alice-1", 5],
        [1, "alice-2", 5],
        [200, null, null],
        [317, null, null]
    ]);
    assert_eq!(Value::from(summary), expected);
}

#[tokio::test]
async fn unknown_changes_are_400() {
    let sandbox = TestSandbox::start();
    for body in [
        json!({"im": "gone"}),
        json!({"stream": "pause"}),
        json!({"im": 1}),
        json!([]),
    ] {
        let answer = sandbox.post("/sandbox/clients/alice", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    assert!(sandbox.receiver.callbacks().is_empty());
}
