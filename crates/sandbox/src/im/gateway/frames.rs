//! The messages of Tencent's SDK: their form, and the answers that are the same for everybody. No
//! I/O.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::im::records::ImRecords;
use crate::json::{set, text};

/// What a client sends. The head of a login has its `UserSig`, so it is not printed.
#[derive(Deserialize)]
pub(super) struct Frame {
    pub(super) head: Value,
    #[serde(default)]
    pub(super) body: Value,
}

/// The body of a successful answer.
pub(super) fn success(mut body: Value) -> Value {
    set(&mut body, "ActionStatus", "OK");
    set(&mut body, "ErrorCode", 0);
    set(&mut body, "ErrorInfo", "");
    body
}

/// The body of a refusal.
pub(super) fn failure(code: i64) -> Value {
    json!({"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": "sandbox"})
}

/// What a command is answered that the sandbox does not act on: empty lists of what the server
/// under development does not use.
pub(super) fn canned_answer(command: &str, body: &Value, account: &str, im: &ImRecords) -> Value {
    let name = command.rsplit('.').next().unwrap_or_default();
    match name {
        "portrait_get_all" => {
            let profile = json!({"To_Account": account, "ProfileItem": []});
            json!({"UserProfileItem": [profile]})
        }
        // Without the flag the client asks again for ever.
        "page_get" => json!({"CompleteFlag": 1, "SessionItem": [], "TimeStamp": 0,
            "StartIndex": 0}),
        "get_peer_read_time" => json!({"ReadTime": [0]}),
        "get_joined_group_list" => json!({"TotalCount": 0, "GroupIdList": []}),
        "getmsg" => json!({"SyncFlag": 2, "Cookie": "", "MsgList": []}),
        "fetch_imsdk_purchase_bitsv2" => json!({"str_json_purchase_bits": "{\"bits\":0}",
            "str_purchase_bits": "18446744073709551615", "uint32_expired_time": 7200}),
        "get_group_self_member_info" => describe_groups(body, im),
        _ if command.starts_with("sns.") => json!({"BlackListItem": [], "StartIndex": 0,
            "CurruentSequence": 1, "CurrentSequence": 1, "CompleteFlag": 1, "UserDataItem": [],
            "StandardSequence": 1, "CustomSequence": 1, "FriendNum": 0, "NextStartIndex": 0,
            "UnreadCount": 0}),
        _ => json!({}),
    }
}

fn describe_groups(body: &Value, im: &ImRecords) -> Value {
    let asked = body.get("GroupIdList").and_then(Value::as_array);
    let groups = asked.into_iter().flatten().filter_map(Value::as_str);
    let groups: Vec<Value> = groups
        .filter_map(|id| {
            let group = im.groups.get(id)?;
            let me = json!({"Role": "Member", "JoinTime": 1, "MsgFlag": "AcceptAndNotify"});
            Some(
                json!({"GroupId": id, "Type": "AVChatRoom", "Name": text(group, "Name"),
                "FaceUrl": text(group, "FaceUrl"), "Owner_Account": "administrator",
                "CreateTime": 1, "MemberNum": 1, "NextMsgSeq": 1,
                "ApplyJoinOption": "FreeAccess", "ErrorCode": 0, "ErrorInfo": "",
                "SelfInfo": me}),
            )
        })
        .collect();
    json!({"GroupInfo": groups})
}

/// The body of the message that brings a message to an account.
pub(super) fn push_of(message: &Value, to: &str) -> Value {
    let mut pushed = common_fields(message);
    set(&mut pushed, "To_Account", to);
    set(&mut pushed, "ClientSeq", message.get("seq").cloned());
    json!({"EventArray": [{"Event": 9, "C2cMsgArray": [pushed]}]})
}

/// A message of a group, as a poll is answered.
pub(super) fn group_message(message: &Value) -> Value {
    let group = text(message, "group");
    let mut polled = common_fields(message);
    set(&mut polled, "GroupId", group);
    set(&mut polled, "ToGroupId", group);
    set(&mut polled, "Event", 3);
    set(&mut polled, "IsPlaceMsg", 0);
    set(&mut polled, "IsSystemMsg", 0);
    set(&mut polled, "MsgPriority", 1);
    let info = json!({"GroupId": group, "GroupType": "AVChatRoom", "GroupName": "",
        "FromAccountNick": ""});
    set(&mut polled, "GroupInfo", info);
    polled
}

fn common_fields(message: &Value) -> Value {
    let element = json!({"MsgType": "TIMTextElem", "MsgContent": {"Text": text(message, "text")}});
    let at = message.get("at").and_then(Value::as_i64).unwrap_or(0);
    json!({"From_Account": text(message, "from"), "MsgSeq": message.get("seq"),
        "MsgRandom": message.get("random"), "MsgTimeStamp": at / 1000, "MsgClientTime": 0,
        "MsgBody": [element], "CloudCustomData": text(message, "custom")})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_carry_their_text_and_data_in_both_forms() {
        let message = json!({"from": "administrator", "group": "g", "text": "{}", "seq": 7,
            "random": 9, "at": 5_000, "custom": "{\"seq\":1}"});
        let polled = group_message(&message);
        assert_eq!(
            (&polled["ToGroupId"], &polled["Event"]),
            (&json!("g"), &json!(3))
        );
        let push = push_of(&message, "10000001");
        let pushed = &push["EventArray"][0]["C2cMsgArray"][0];
        assert_eq!(pushed["To_Account"], json!("10000001"));
        for form in [&polled, pushed] {
            assert_eq!(form["MsgBody"][0]["MsgContent"]["Text"], json!("{}"));
            assert_eq!(form["CloudCustomData"], json!("{\"seq\":1}"));
            assert_eq!(
                (&form["MsgSeq"], &form["MsgTimeStamp"]),
                (&json!(7), &json!(5))
            );
        }
    }
}
