//! Merchant transfers as they are since 2025: the user confirms each in his client.

use serde_json::{Value, json};

use crate::lenient::{integer, text};

/// A transfer asked for.
pub struct NewTransfer<'a> {
    pub app_id: &'a str,
    pub out_bill_no: &'a str,
    /// Which of the merchant's approved scenes it belongs to.
    pub scene_id: &'a str,
    pub openid: &'a str,
    /// Sealed by [`super::Keys::seal`]; required from 200,000 fen.
    pub user_name: Option<&'a str>,
    pub fen: i64,
    pub remark: &'a str,
    pub notify_url: &'a str,
    /// `info_type` and `info_content`, as the scene wants.
    pub report_infos: &'a [(String, String)],
}

impl NewTransfer<'_> {
    pub(super) fn body(&self) -> Value {
        let infos: Value = self
            .report_infos
            .iter()
            .map(|(kind, content)| json!({"info_type": kind, "info_content": content}))
            .collect();
        let mut body = json!({
            "appid": self.app_id,
            "out_bill_no": self.out_bill_no,
            "transfer_scene_id": self.scene_id,
            "openid": self.openid,
            "transfer_amount": self.fen,
            "transfer_remark": self.remark,
            "notify_url": self.notify_url,
            "transfer_scene_report_infos": infos,
        });
        if let (Some(name), Value::Object(fields)) = (self.user_name, &mut body) {
            fields.insert("user_name".into(), name.into());
        }
        body
    }
}

/// Where a transfer is. A word we do not know is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferState {
    /// The user has to confirm it.
    WaitUserConfirm,
    UnderWay,
    Success,
    Fail,
    Cancelled,
}

/// A transfer as WeChat tells of it. Its package is the user's alone, hence no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Told in notices and by queries.
    pub mchid: String,
    pub out_bill_no: String,
    pub state: TransferState,
    /// For `wx.requestMerchantTransfer`, while the user has to confirm.
    pub package_info: Option<String>,
    /// Fen; `None` where it is not told.
    pub fen: Option<i64>,
    /// An open set: `OVERDUE_CLOSE`, `NAME_NOT_CORRECT`, …
    pub fail_reason: String,
    /// RFC 3339.
    pub create_time: String,
}

impl Transfer {
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let state = match text(body, "state").as_str() {
            "WAIT_USER_CONFIRM" => TransferState::WaitUserConfirm,
            "SUCCESS" => TransferState::Success,
            "FAIL" => TransferState::Fail,
            "CANCELLED" => TransferState::Cancelled,
            _ => TransferState::UnderWay,
        };
        Self {
            mchid: text(body, "mch_id"),
            out_bill_no: text(body, "out_bill_no"),
            state,
            package_info: Some(text(body, "package_info")).filter(|package| !package.is_empty()),
            fen: integer(body.get("transfer_amount")),
            fail_reason: text(body, "fail_reason"),
            create_time: text(body, "create_time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_state_we_do_not_know_is_under_way() {
        for (word, state) in [
            ("ACCEPTED", TransferState::UnderWay),
            ("PROCESSING", TransferState::UnderWay),
            ("WAIT_USER_CONFIRM", TransferState::WaitUserConfirm),
            ("TRANSFERING", TransferState::UnderWay),
            ("SUCCESS", TransferState::Success),
            ("FAIL", TransferState::Fail),
            ("CANCELING", TransferState::UnderWay),
            ("CANCELLED", TransferState::Cancelled),
            ("LOST_AND_FOUND", TransferState::UnderWay),
            ("", TransferState::UnderWay),
        ] {
            assert!(
                Transfer::parse(&json!({"state": word})).state == state,
                "{word}"
            );
        }
        let told = Transfer::parse(&json!({"package_info": "", "transfer_amount": 30}));
        assert!(told.package_info.is_none() && told.fen == Some(30));
    }
}
