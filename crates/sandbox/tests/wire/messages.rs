//! Messages that the sandbox sends for a user.

use serde_json::{Value, json};

use crate::support::TestSandbox;

fn commands(sandbox: &TestSandbox) -> Vec<Value> {
    let callbacks = sandbox.receiver.callbacks();
    callbacks
        .iter()
        .map(|callback| callback.json()["CallbackCommand"].clone())
        .collect()
}

#[tokio::test]
async fn message_to_an_account_asks_before_and_reports_after() {
    let sandbox = TestSandbox::start();
    let body = json!({"from": "alice", "to": "bob", "text": "hi", "at": 99});
    assert_eq!(sandbox.control("say", body).await, json!({"sent": true}));
    let expected = ["C2C.CallbackBeforeSendMsg", "C2C.CallbackAfterSendMsg"];
    assert_eq!(commands(&sandbox), expected);
    let after = sandbox.receiver.callbacks()[1].json();
    assert_eq!(after["EventTime"], 99);
    assert_eq!(after["SendMsgResult"], 0);
    assert_eq!(after["MsgBody"][0]["MsgContent"]["Text"], "hi");
    let listed = sandbox.messages("to=bob").await;
    assert_eq!(listed[0]["from"], "alice");
}

#[tokio::test]
async fn message_that_the_callback_before_refuses_is_not_sent() {
    let sandbox = TestSandbox::start();
    sandbox.receiver.answer_next(200, "{\"ErrorCode\":120001}");
    let body = json!({"from": "alice", "group": "room", "text": "hi"});
    let answer = sandbox.control("say", body).await;
    assert_eq!(answer, json!({"sent": false, "code": 120_001}));
    assert_eq!(commands(&sandbox), ["Group.CallbackBeforeSendMsg"]);
    assert!(sandbox.messages("").await.is_empty());
}

#[tokio::test]
async fn message_without_the_callback_before_is_reported_only() {
    let sandbox = TestSandbox::start();
    let body = json!({"from": "alice", "group": "room", "text": "hi", "before": false});
    sandbox.control("say", body).await;
    assert_eq!(commands(&sandbox), ["Group.CallbackAfterSendMsg"]);
    assert_eq!(sandbox.messages("group=room").await.len(), 1);
}

#[tokio::test]
async fn message_without_exactly_one_receiver_is_400() {
    let sandbox = TestSandbox::start();
    for body in [
        json!({"from": "alice", "text": "hi"}),
        json!({"from": "alice", "to": "bob", "group": "room", "text": "hi"}),
        json!({"from": "alice", "to": "bob"}),
    ] {
        let answer = sandbox.post("/sandbox/say", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    assert!(sandbox.receiver.callbacks().is_empty());
}
