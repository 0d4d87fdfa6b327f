//! Merchant transfers of WeChat Pay.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestSandbox;
use crate::support::app::{Answer, run_at_once};

const PATH: &str = "/v3/fund-app/mch-transfer/transfer-bills";

fn transfer(sandbox: &TestSandbox, out_bill_no: &str, fen: i64) -> Value {
    json!({"appid": sandbox.config.app_id, "out_bill_no": out_bill_no, "transfer_amount": fen,
        "transfer_scene_id": "1000", "openid": "sandbox-alice", "transfer_remark": "income",
        "notify_url": sandbox.receiver.url("/transferred"),
        "transfer_scene_report_infos": [{"info_type": "a", "info_content": "b"}]})
}

async fn create(sandbox: &TestSandbox, transfer: &Value) -> Answer {
    sandbox.merchant_post(PATH, transfer.clone()).await
}

async fn query(sandbox: &TestSandbox, out_bill_no: &str) -> Answer {
    let path = format!("{PATH}/out-bill-no/{out_bill_no}");
    sandbox.merchant_get(&path).await
}

#[tokio::test]
async fn transfer_waits_for_the_payee_and_is_reported() {
    let sandbox = TestSandbox::start();
    for (number, decision, state) in [
        ("bill1", "confirm", "SUCCESS"),
        ("bill2", "fail", "FAIL"),
        ("bill3", "cancel", "CANCELLED"),
        ("bill4", "expire", "FAIL"),
    ] {
        let before = sandbox.receiver.callbacks().len();
        let created = create(&sandbox, &transfer(&sandbox, number, 100)).await;
        assert_eq!(created.body["state"], "WAIT_USER_CONFIRM");
        assert!(created.body["package_info"].is_string());
        let path = format!("transfers/{number}");
        sandbox.control(&path, json!({"do": decision})).await;
        let callbacks = sandbox.receiver.wait_for(before + 1).await;
        let (event, details) = sandbox.open_notice(&callbacks[before]);
        assert_eq!(event, "MCHTRANSFER.BILL.FINISHED");
        assert_eq!(details["state"], state);
        assert_eq!(query(&sandbox, number).await.body, details);
    }
}

#[tokio::test]
async fn client_confirms_with_the_package_info() {
    let sandbox = TestSandbox::start();
    create(&sandbox, &transfer(&sandbox, "bill1", 100)).await;
    let created = create(&sandbox, &transfer(&sandbox, "bill2", 100)).await;
    let package_info = created.body["package_info"].as_str().unwrap();
    let path = format!("transfers/{}", package_info.replace('=', "%3D"));
    sandbox.control(&path, json!({"do": "confirm"})).await;
    assert_eq!(query(&sandbox, "bill2").await.body["state"], "SUCCESS");
    let other = query(&sandbox, "bill1").await;
    assert_eq!(other.body["state"], "WAIT_USER_CONFIRM");
}

#[tokio::test]
async fn transfer_decided_by_many_at_once_has_one_outcome() {
    let sandbox = TestSandbox::start();
    create(&sandbox, &transfer(&sandbox, "bill1", 100)).await;
    let decide = |decision: &str| {
        let body = json!({"do": decision});
        sandbox.post("/sandbox/transfers/bill1", body)
    };
    let decisions = ["confirm", "fail", "cancel", "confirm", "fail"];
    let answers = run_at_once(decisions.map(decide)).await;
    let decided = answers.iter().filter(|answer| answer.status == 204);
    assert_eq!(decided.count(), 1);
    let refused = answers.iter().filter(|answer| answer.status == 409);
    assert_eq!(refused.count(), 4);
    sandbox.receiver.assert_stays_at(1).await;
}

#[tokio::test]
async fn transfer_without_notice_sends_none() {
    let sandbox = TestSandbox::start();
    create(&sandbox, &transfer(&sandbox, "bill1", 100)).await;
    let body = json!({"do": "confirm", "told": false});
    sandbox.control("transfers/bill1", body).await;
    sandbox.receiver.assert_stays_at(0).await;
    assert_eq!(query(&sandbox, "bill1").await.body["state"], "SUCCESS");
}

#[tokio::test]
async fn transfer_requested_again_is_the_same_transfer() {
    let sandbox = TestSandbox::start();
    let mut named = transfer(&sandbox, "bill1", 200_000);
    named["user_name"] = json!(sandbox.encrypt_for_wechat("张三"));
    let first = create(&sandbox, &named).await;
    assert_eq!(first.status, 200, "{first:?}");
    // The same name is another text each time that it is encrypted.
    named["user_name"] = json!(sandbox.encrypt_for_wechat("张三"));
    assert_eq!(create(&sandbox, &named).await.body, first.body);
    named["user_name"] = json!(sandbox.encrypt_for_wechat("李四"));
    assert_eq!(
        create(&sandbox, &named).await.body["code"],
        "ALREADY_EXISTS"
    );
    let other = transfer(&sandbox, "bill1", 100);
    assert_eq!(
        create(&sandbox, &other).await.body["code"],
        "ALREADY_EXISTS"
    );
    let state = &sandbox.state().await["transfers"]["bill1"];
    assert_eq!(state["name"], "张三");
    assert_eq!(state["fen"], 200_000);
}

#[tokio::test]
async fn transfer_that_does_not_fit_is_refused() {
    let sandbox = TestSandbox::start();
    for (key, value, code) in [
        ("out_bill_no", json!("bill-1"), "PARAM_ERROR"),
        ("out_bill_no", json!(""), "PARAM_ERROR"),
        ("transfer_amount", json!(29), "PARAM_ERROR"),
        ("transfer_amount", json!(200_000), "PARAM_ERROR"),
        ("transfer_scene_report_infos", json!([]), "PARAM_ERROR"),
        ("transfer_scene_id", json!(""), "PARAM_ERROR"),
        ("transfer_remark", json!("r".repeat(33)), "PARAM_ERROR"),
        ("user_name", json!("no ciphertext"), "PARAM_ERROR"),
        ("appid", json!("wx0"), "INVALID_REQUEST"),
        ("openid", json!("alice"), "INVALID_REQUEST"),
    ] {
        let mut transfer = transfer(&sandbox, "bill1", 100);
        transfer[key] = value;
        let answer = create(&sandbox, &transfer).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!(code)),
            "{transfer}"
        );
    }
    assert_eq!(query(&sandbox, "bill1").await.body["code"], "NOT_FOUND");
}

#[tokio::test]
async fn name_encrypted_for_an_unknown_key_is_refused() {
    let sandbox = TestSandbox::start();
    let mut named = transfer(&sandbox, "bill1", 200_000);
    named["user_name"] = json!(sandbox.encrypt_for_wechat("张三"));
    let mut request = sandbox.merchant_request(Method::POST, PATH, Some(&named));
    request.wechat_serial = None;
    let answer = sandbox.send_as_merchant(request).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (400, &json!("PARAM_ERROR"))
    );
}

#[tokio::test]
async fn transfer_expires_after_a_day() {
    let sandbox = TestSandbox::start();
    create(&sandbox, &transfer(&sandbox, "bill1", 100)).await;
    sandbox.clock.advance(Duration::from_secs(86_401));
    let details = query(&sandbox, "bill1").await.body;
    assert_eq!(details["state"], "FAIL");
    assert_eq!(details["fail_reason"], "OVERDUE_CLOSE");
    let answer = sandbox.post("/sandbox/transfers/bill1", json!({"do": "confirm"}));
    assert_eq!(answer.await.status, 409);
}

#[tokio::test]
async fn decision_with_bad_input_is_refused() {
    let sandbox = TestSandbox::start();
    for (body, status) in [
        (json!({"do": "maybe"}), 400),
        (json!({}), 400),
        (json!({"do": "confirm"}), 404),
    ] {
        let answer = sandbox.post("/sandbox/transfers/bill1", body).await;
        assert_eq!(answer.status, status);
    }
}
