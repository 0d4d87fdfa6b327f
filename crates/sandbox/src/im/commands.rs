//! The commands of the REST API, applied to the records. No I/O.

use serde_json::{Value, json};

use crate::im::records::ImRecords;
use crate::json::{set, text};

/// The largest sizes of a group's name and face URL, in bytes.
const MAX_NAME_BYTES: usize = 30;
const MAX_FACE_URL_BYTES: usize = 100;
/// The largest size of an account's name, in bytes.
const MAX_ACCOUNT_BYTES: usize = 32;
/// The largest number of accounts whose connection state one call may query.
const MAX_QUERIED_ACCOUNTS: usize = 500;
/// For how long a message with the same text and random number counts as a repetition.
const REPETITION_MILLIS: i64 = 300_000;

/// IM refuses a group's name with this word.
const REFUSED_WORD: &str = "违禁";

/// Error codes of Tencent IM.
const GROUP_PARAMETER_INVALID: i64 = 10004;
const GROUP_NOT_ALLOWED: i64 = 10007;
const GROUP_NOT_FOUND: i64 = 10010;
const GROUP_ID_IN_USE: i64 = 10025;
const PROFILE_ACCOUNT_NOT_FOUND: i64 = 40003;
const UNKNOWN_COMMAND: i64 = 60009;
const TEXT_REFUSED: i64 = 80001;
const ACCOUNT_NOT_FOUND: i64 = 70107;
const ACCOUNT_NAME_INVALID: i64 = 70402;
const RECEIVER_NOT_FOUND: i64 = 90012;
const TOO_MANY_ACCOUNTS: i64 = 90992;

/// Tencent IM's error body.
pub(crate) fn im_error_body(code: &Value) -> Value {
    json!({"ActionStatus": "FAIL", "ErrorInfo": "sandbox", "ErrorCode": code})
}

/// Tencent IM's error body for a numeric code.
pub(crate) fn im_error(code: i64) -> Value {
    im_error_body(&json!(code))
}

fn im_success() -> Value {
    json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0})
}

/// Executes the command `/v4/{service}/{command}` and returns its answer.
pub(crate) fn execute_command(
    records: &mut ImRecords,
    service: &str,
    command: &str,
    body: &Value,
    now_millis: i64,
) -> Value {
    match (service, command) {
        ("im_open_login_svc", "account_import") => import_account(records, body),
        ("im_open_login_svc", "kick") => kick(records, body),
        ("profile", "portrait_set") => set_profile(records, body),
        ("openim", "sendmsg") => send_to_account(records, body, now_millis),
        ("openim", "query_online_status") => query_online_status(records, body),
        ("group_open_http_svc", "create_group") => create_group(records, body),
        ("group_open_http_svc", "modify_group_base_info") => modify_group(records, body),
        ("group_open_http_svc", "send_group_msg") => send_to_group(records, body, now_millis),
        _ => im_error(UNKNOWN_COMMAND),
    }
}

/// Imports an account. An account that exists keeps its profile.
fn import_account(records: &mut ImRecords, body: &Value) -> Value {
    let account = text(body, "Identifier");
    if account.is_empty() || account.len() > MAX_ACCOUNT_BYTES {
        return im_error(ACCOUNT_NAME_INVALID);
    }
    let profile = json!({"Nick": text(body, "Nick"), "FaceUrl": text(body, "FaceUrl")});
    records
        .accounts
        .entry(account.to_owned())
        .or_insert(profile);
    im_success()
}

fn kick(records: &mut ImRecords, body: &Value) -> Value {
    let account = text(body, "Identifier").to_owned();
    if !records.accounts.contains_key(&account) {
        return im_error(ACCOUNT_NOT_FOUND);
    }
    records.connections.kick(&account);
    records.kicked.push(account);
    im_success()
}

fn set_profile(records: &mut ImRecords, body: &Value) -> Value {
    let Some(profile) = records.accounts.get_mut(text(body, "From_Account")) else {
        return im_error(PROFILE_ACCOUNT_NOT_FOUND);
    };
    let items = body.get("ProfileItem").and_then(Value::as_array);
    for item in items.into_iter().flatten() {
        let value = item.get("Value").cloned().unwrap_or(Value::Null);
        set(profile, text(item, "Tag"), value);
    }
    im_success()
}

fn query_online_status(records: &ImRecords, body: &Value) -> Value {
    let accounts = body
        .get("To_Account")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if accounts.len() > MAX_QUERIED_ACCOUNTS {
        return im_error(TOO_MANY_ACCOUNTS);
    }
    let status = |account: &Value| {
        let offline = account
            .as_str()
            .is_some_and(|account| records.offline.contains(account));
        json!({"To_Account": account, "Status": if offline { "Offline" } else { "Online" }})
    };
    let rows: Vec<Value> = accounts.iter().map(status).collect();
    json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "QueryResult": rows,
        "ErrorList": []})
}

fn create_group(records: &mut ImRecords, body: &Value) -> Value {
    let group_id = text(body, "GroupId").to_owned();
    if records.groups.contains_key(&group_id) {
        return im_error(GROUP_ID_IN_USE);
    }
    if body.get("MemberList").is_some() || text(body, "Type") != "AVChatRoom" {
        return im_error(GROUP_NOT_ALLOWED);
    }
    if group_id.is_empty() {
        return im_error(GROUP_PARAMETER_INVALID);
    }
    if let Err(code) = check_group_texts(body) {
        return im_error(code);
    }
    let answer =
        json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "GroupId": group_id});
    records.groups.insert(group_id, body.clone());
    answer
}

fn modify_group(records: &mut ImRecords, body: &Value) -> Value {
    if let Err(code) = check_group_texts(body) {
        return im_error(code);
    }
    match records.groups.get_mut(text(body, "GroupId")) {
        Some(group) => {
            *group = body.clone();
            im_success()
        }
        None => im_error(GROUP_NOT_FOUND),
    }
}

fn check_group_texts(body: &Value) -> Result<(), i64> {
    let name = text(body, "Name");
    if name.len() > MAX_NAME_BYTES || text(body, "FaceUrl").len() > MAX_FACE_URL_BYTES {
        return Err(GROUP_PARAMETER_INVALID);
    }
    if name.contains(REFUSED_WORD) {
        return Err(TEXT_REFUSED);
    }
    Ok(())
}

fn send_to_account(records: &mut ImRecords, body: &Value, now_millis: i64) -> Value {
    let to = text(body, "To_Account");
    if !records.accounts.contains_key(to) {
        return im_error(RECEIVER_NOT_FOUND);
    }
    let target =
        json!({"to": to, "lifetime": body.get("MsgLifeTime"), "random": body.get("MsgRandom")});
    record_message(records, body, target, now_millis);
    json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": now_millis / 1000,
        "MsgKey": "sandbox"})
}

fn send_to_group(records: &mut ImRecords, body: &Value, now_millis: i64) -> Value {
    let group_id = text(body, "GroupId");
    if !records.groups.contains_key(group_id) {
        return im_error(GROUP_NOT_FOUND);
    }
    let target = json!({"group": group_id, "priority": body.get("MsgPriority"),
        "random": body.get("Random")});
    record_message(records, body, target, now_millis);
    json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": now_millis / 1000,
        "MsgSeq": 1})
}

/// Remembers a message with its target. `double` marks one that repeats the random number and the
/// text of another message of the last five minutes; Tencent IM would not deliver it again.
fn record_message(records: &mut ImRecords, body: &Value, target: Value, now_millis: i64) {
    let content = body
        .pointer("/MsgBody/0/MsgContent/Text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let custom =
        serde_json::from_str::<Value>(text(body, "CloudCustomData")).unwrap_or(Value::Null);
    let double = records.messages.iter().rev().any(|earlier| {
        earlier.get("random") == target.get("random")
            && earlier.get("text").and_then(Value::as_str) == Some(content)
            && earlier
                .get("at")
                .and_then(Value::as_i64)
                .is_some_and(|at| now_millis - at < REPETITION_MILLIS)
    });
    let mut message = json!({
        "at": now_millis,
        "from": body.get("From_Account"),
        "text": content,
        "message": serde_json::from_str::<Value>(content).unwrap_or(Value::Null),
        "custom": custom,
        "callbacks_forbidden": body.get("ForbidCallbackControl").is_some(),
        "double": double,
    });
    if let (Some(fields), Value::Object(target)) = (message.as_object_mut(), target) {
        fields.extend(target);
    }
    records.add_message(message, text(body, "CloudCustomData"));
}
