//! What the IM REST API is asked to send or to store.

use serde_json::{Value, json};

/// The longest face URL of a group, in bytes.
const MAX_FACE_URL_BYTES: usize = 100;

/// Our own messages must not come back to us as callbacks.
const FORBIDDEN_CALLBACKS: [&str; 2] =
    ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"];

/// The priority of a group message. A group that receives more than about 40 messages a second
/// drops those of the lowest priority first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessagePriority {
    High,
    Normal,
}

/// A text message to one account (C2C: client to client).
pub struct C2cTextMessage<'a> {
    pub to: &'a str,
    pub text: &'a str,
    /// Delivered beside the text as `CloudCustomData`.
    pub custom_data: &'a str,
    /// For how many seconds IM keeps the message for an offline client. With 0, only clients that
    /// are online receive it.
    pub lifetime_secs: u32,
    /// A repetition with the same number is dropped as a duplicate.
    pub random: u32,
}

/// A text message to a group.
pub struct GroupTextMessage<'a> {
    pub group_id: &'a str,
    pub text: &'a str,
    /// Delivered beside the text as `CloudCustomData`.
    pub custom_data: &'a str,
    pub priority: MessagePriority,
    /// A repetition with the same number is dropped as a duplicate.
    pub random: u32,
}

/// The displayed name and picture of a group.
pub struct GroupProfile<'a> {
    pub group_id: &'a str,
    /// At most 30 bytes.
    pub name: &'a str,
    /// Not sent when it is empty or longer than 100 bytes.
    pub face_url: &'a str,
}

/// The displayed profile of an account.
pub struct Portrait<'a> {
    pub account: &'a str,
    pub nickname: &'a str,
    pub face_url: &'a str,
    pub male: bool,
}

impl C2cTextMessage<'_> {
    pub(super) fn body(&self, sender: &str) -> Value {
        json!({
            // 2: do not copy the message to the sender's own devices.
            "SyncOtherMachine": 2,
            "From_Account": sender,
            "To_Account": self.to,
            "MsgLifeTime": self.lifetime_secs,
            "MsgRandom": self.random,
            "ForbidCallbackControl": FORBIDDEN_CALLBACKS,
            "MsgBody": text_element(self.text),
            "CloudCustomData": self.custom_data,
        })
    }
}

impl GroupTextMessage<'_> {
    pub(super) fn body(&self, sender: &str) -> Value {
        let priority = match self.priority {
            MessagePriority::High => "High",
            MessagePriority::Normal => "Normal",
        };
        json!({
            "GroupId": self.group_id,
            "Random": self.random,
            "MsgPriority": priority,
            "From_Account": sender,
            "ForbidCallbackControl": FORBIDDEN_CALLBACKS,
            "MsgBody": text_element(self.text),
            "CloudCustomData": self.custom_data,
        })
    }
}

impl GroupProfile<'_> {
    pub(super) fn create_body(&self) -> Value {
        self.with_face_url(json!({
            "Type": "AVChatRoom",
            "GroupId": self.group_id,
            "Name": self.name,
        }))
    }

    pub(super) fn modify_body(&self) -> Value {
        self.with_face_url(json!({"GroupId": self.group_id, "Name": self.name}))
    }

    fn with_face_url(&self, mut body: Value) -> Value {
        if let Value::Object(fields) = &mut body
            && !self.face_url.is_empty()
            && self.face_url.len() <= MAX_FACE_URL_BYTES
        {
            fields.insert("FaceUrl".into(), self.face_url.into());
        }
        body
    }
}

impl Portrait<'_> {
    pub(super) fn body(&self) -> Value {
        let gender = if self.male {
            "Gender_Type_Male"
        } else {
            "Gender_Type_Female"
        };
        json!({
            "From_Account": self.account,
            "ProfileItem": [
                {"Tag": "Tag_Profile_IM_Nick", "Value": self.nickname},
                {"Tag": "Tag_Profile_IM_Image", "Value": self.face_url},
                {"Tag": "Tag_Profile_IM_Gender", "Value": gender},
            ],
        })
    }
}

fn text_element(text: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])
}
