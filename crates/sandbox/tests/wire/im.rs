//! The REST API of Tencent IM.

use serde_json::{Value, json};

use crate::support::TestSandbox;
use crate::support::app::run_at_once;
use crate::support::im_client::UserSig;

const SEND_MESSAGE: &str = "openim/sendmsg";
const SEND_GROUP_MESSAGE: &str = "group_open_http_svc/send_group_msg";

fn message(to: &str, text: &str, random: u32) -> Value {
    json!({"From_Account": "administrator", "To_Account": to, "MsgRandom": random,
        "MsgLifeTime": 60, "CloudCustomData": "{\"a\":1}",
        "ForbidCallbackControl": ["ForbidBeforeSendMsgCallback"],
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]})
}

fn group_message(group_id: &str, text: &str, random: u32) -> Value {
    json!({"GroupId": group_id, "Random": random, "MsgPriority": "High",
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]})
}

#[tokio::test]
async fn imported_account_keeps_its_profile() {
    let sandbox = TestSandbox::start();
    sandbox.import("alice").await;
    let again = json!({"Identifier": "alice", "Nick": "Other"});
    let answer = sandbox.im("im_open_login_svc/account_import", again).await;
    assert_eq!(answer["ActionStatus"], "OK");
    let profile = &sandbox.state().await["accounts"]["alice"];
    assert_eq!(
        *profile,
        json!({"Nick": "Name", "FaceUrl": "https://f/1.png"})
    );
}

#[tokio::test]
async fn import_of_an_empty_or_long_name_is_70402() {
    let sandbox = TestSandbox::start();
    for name in [String::new(), "a".repeat(33)] {
        let body = json!({"Identifier": name});
        let answer = sandbox.im("im_open_login_svc/account_import", body).await;
        assert_eq!(answer["ErrorCode"], 70402);
        assert_eq!(answer["ActionStatus"], "FAIL");
    }
}

#[tokio::test]
async fn profile_is_set_for_imported_accounts_only() {
    let sandbox = TestSandbox::start();
    sandbox.import("alice").await;
    let body = |account: &str| {
        json!({"From_Account": account,
            "ProfileItem": [{"Tag": "Tag_Profile_IM_Nick", "Value": "New"}]})
    };
    let answer = sandbox.im("profile/portrait_set", body("alice")).await;
    assert_eq!(answer["ErrorCode"], 0);
    let profile = &sandbox.state().await["accounts"]["alice"];
    assert_eq!(profile["Tag_Profile_IM_Nick"], "New");
    let answer = sandbox.im("profile/portrait_set", body("bob")).await;
    assert_eq!(answer["ErrorCode"], 40003);
}

#[tokio::test]
async fn kick_of_an_unknown_account_is_70107() {
    let sandbox = TestSandbox::start();
    sandbox.import("alice").await;
    let kick = async |account: &str| {
        let body = json!({"Identifier": account});
        sandbox.im("im_open_login_svc/kick", body).await["ErrorCode"].clone()
    };
    assert_eq!(kick("alice").await, 0);
    assert_eq!(kick("bob").await, 70107);
    assert_eq!(sandbox.state().await["kicked"], json!(["alice"]));
}

#[tokio::test]
async fn message_to_an_account_is_listed() {
    let sandbox = TestSandbox::start();
    sandbox.import("alice").await;
    let answer = sandbox
        .im(SEND_MESSAGE, message("alice", "{\"b\":2}", 1))
        .await;
    assert_eq!(answer["ErrorCode"], 0);
    let listed = sandbox.messages("to=alice").await;
    assert_eq!(listed.len(), 1);
    let expected = json!({"from": "administrator", "to": "alice", "text": "{\"b\":2}",
        "message": {"b": 2}, "custom": {"a": 1}, "lifetime": 60, "random": 1, "double": false,
        "callbacks_forbidden": true});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(listed[0][key], *value, "{key}");
    }
    let unknown = sandbox.im(SEND_MESSAGE, message("bob", "hi", 2)).await;
    assert_eq!(unknown["ErrorCode"], 90012);
    assert!(sandbox.messages("to=bob").await.is_empty());
}

#[tokio::test]
async fn repeated_message_within_five_minutes_is_a_double() {
    let sandbox = TestSandbox::start();
    assert_eq!(sandbox.create_group("room").await["GroupId"], "room");
    for (text, random) in [("one", 1), ("one", 1), ("one", 2), ("two", 1)] {
        let body = group_message("room", text, random);
        assert_eq!(sandbox.im(SEND_GROUP_MESSAGE, body).await["ErrorCode"], 0);
    }
    sandbox.clock.advance(std::time::Duration::from_secs(301));
    let late = group_message("room", "one", 1);
    sandbox.im(SEND_GROUP_MESSAGE, late).await;
    let listed = sandbox.messages("group=room").await;
    let doubles: Vec<_> = listed.iter().map(|message| &message["double"]).collect();
    assert_eq!(doubles, [false, true, false, false, false]);
    assert_eq!(listed[0]["priority"], "High");
}

#[tokio::test]
async fn message_to_an_unknown_group_is_10010() {
    let sandbox = TestSandbox::start();
    let body = group_message("nowhere", "hi", 1);
    let answer = sandbox.im(SEND_GROUP_MESSAGE, body).await;
    assert_eq!(answer["ErrorCode"], 10010);
}

#[tokio::test]
async fn group_is_created_by_one_of_many_at_once() {
    let sandbox = TestSandbox::start();
    let answers = run_at_once((0..8).map(|_| sandbox.create_group("room"))).await;
    let created = answers.iter().filter(|answer| answer["ErrorCode"] == 0);
    assert_eq!(created.count(), 1);
    let refused = answers.iter().filter(|answer| answer["ErrorCode"] == 10025);
    assert_eq!(refused.count(), 7);
}

#[tokio::test]
async fn group_with_wrong_parameters_is_refused() {
    let sandbox = TestSandbox::start();
    let create = async |body: Value| {
        let answer = sandbox.im("group_open_http_svc/create_group", body).await;
        answer["ErrorCode"].clone()
    };
    let group = |change: Value| {
        let mut body = json!({"Type": "AVChatRoom", "GroupId": "room", "Name": "room"});
        let fields = body.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        body
    };
    assert_eq!(create(group(json!({"Type": "Public"}))).await, 10007);
    assert_eq!(create(group(json!({"MemberList": []}))).await, 10007);
    assert_eq!(create(group(json!({"GroupId": ""}))).await, 10004);
    assert_eq!(create(group(json!({"Name": "n".repeat(31)}))).await, 10004);
    let long_url = "u".repeat(101);
    assert_eq!(create(group(json!({"FaceUrl": long_url}))).await, 10004);
    assert_eq!(sandbox.state().await["groups"], json!({}));
}

#[tokio::test]
async fn group_is_modified_when_it_exists() {
    let sandbox = TestSandbox::start();
    sandbox.create_group("room").await;
    let modify = async |group_id: &str, name: &str| {
        let body = json!({"GroupId": group_id, "Name": name});
        let command = "group_open_http_svc/modify_group_base_info";
        sandbox.im(command, body).await["ErrorCode"].clone()
    };
    assert_eq!(modify("room", "renamed").await, 0);
    assert_eq!(modify("room", &"n".repeat(31)).await, 10004);
    assert_eq!(modify("nowhere", "renamed").await, 10010);
    let group = &sandbox.state().await["groups"]["room"];
    assert_eq!(group["Name"], "renamed");
}

#[tokio::test]
async fn accounts_are_online_until_they_are_lost() {
    let sandbox = TestSandbox::start();
    let online = async || {
        let body = json!({"To_Account": ["alice", "bob"]});
        let answer = sandbox.im("openim/query_online_status", body).await;
        let rows = answer["QueryResult"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["Status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(online().await, ["Online", "Online"]);
    let lost = json!({"im": "lost", "told": false});
    sandbox.control("clients/alice", lost).await;
    assert_eq!(online().await, ["Offline", "Online"]);
    sandbox
        .control("clients/alice", json!({"im": "back"}))
        .await;
    assert_eq!(online().await, ["Online", "Online"]);
}

#[tokio::test]
async fn online_status_of_more_than_500_accounts_is_90992() {
    let sandbox = TestSandbox::start();
    let accounts: Vec<_> = (0..501).map(|number| number.to_string()).collect();
    let body = json!({"To_Account": accounts});
    let answer = sandbox.im("openim/query_online_status", body).await;
    assert_eq!(answer["ErrorCode"], 90992);
}

#[tokio::test]
async fn wrong_user_sig_is_refused() {
    let sandbox = TestSandbox::start();
    let admin = sandbox.config.im_admin.clone();
    let call = async |identifier: &str, sig: &str| {
        let body = json!({"Identifier": "alice"});
        let command = "im_open_login_svc/account_import";
        sandbox.im_with(command, identifier, sig, body).await["ErrorCode"].clone()
    };
    let pack = |change: &dyn Fn(&mut UserSig<'static>)| {
        let mut sig = UserSig {
            identifier: "administrator",
            sdk_app_id: 1_400_000_000,
            age_secs: 0,
            key: "im-key",
        };
        change(&mut sig);
        sandbox.pack(&sig)
    };
    assert_eq!(call(&admin, "garbage").await, 70003);
    assert_eq!(call(&admin, &pack(&|sig| sig.key = "other")).await, 70009);
    let other = pack(&|sig| sig.identifier = "alice");
    assert_eq!(call(&admin, &other).await, 70013);
    let other_app = pack(&|sig| sig.sdk_app_id = 1);
    assert_eq!(call(&admin, &other_app).await, 70014);
    assert_eq!(call(&admin, &pack(&|sig| sig.age_secs = 100)).await, 70001);
    assert_eq!(call("alice", &other).await, 60010);
    assert_eq!(sandbox.state().await["accounts"], json!({}));
    assert_eq!(call(&admin, &pack(&|_| {})).await, 0);
}

#[tokio::test]
async fn wrong_application_and_unknown_command_are_refused() {
    let sandbox = TestSandbox::start();
    let sig = sandbox.pack(&sandbox.admin_sig());
    for (sdk_app_id, content_type) in [(1, "json"), (1_400_000_000, "xml")] {
        let path = format!(
            "/v4/openim/sendmsg?sdkappid={sdk_app_id}&identifier=administrator&usersig={sig}\
             &random=7&contenttype={content_type}"
        );
        let answer = sandbox.post(&path, json!({})).await.body;
        assert_eq!(answer["ErrorCode"], 60014);
    }
    let answer = sandbox.im("openim/fly", json!({})).await;
    assert_eq!(answer["ErrorCode"], 60009);
}
