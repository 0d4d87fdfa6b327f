//! Merchant transfers (商家转账, in the version of 2025), which the user confirms in the client.

use serde_json::{Value, json};

use super::platform_keys::EncryptedField;
use crate::json_fields::{integer, text};

/// A request for a transfer.
pub struct TransferRequest<'a> {
    pub app_id: &'a str,
    pub out_bill_no: &'a str,
    /// The transfer scene that WeChat Pay approved for the merchant.
    pub scene_id: &'a str,
    pub openid: &'a str,
    /// The user's real name, encrypted. Required from 200,000 fen.
    pub user_name: Option<&'a EncryptedField>,
    pub amount_fen: i64,
    pub remark: &'a str,
    pub notify_url: &'a str,
    /// Pairs of `info_type` and `info_content`, as the scene requires them.
    pub report_infos: &'a [(String, String)],
}

impl TransferRequest<'_> {
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
            "transfer_amount": self.amount_fen,
            "transfer_remark": self.remark,
            "notify_url": self.notify_url,
            "transfer_scene_report_infos": infos,
        });
        if let (Some(name), Value::Object(fields)) = (self.user_name, &mut body) {
            fields.insert("user_name".into(), name.ciphertext.as_str().into());
        }
        body
    }
}

/// The state of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferState {
    /// The user must confirm it.
    WaitUserConfirm,
    /// In progress, or in a state that this crate does not know.
    InProgress,
    Success,
    Fail,
    Cancelled,
}

/// A transfer as WeChat Pay reports it. `package_info` is for the user alone, hence no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Present in notices and in responses to queries.
    pub mchid: String,
    pub out_bill_no: String,
    pub state: TransferState,
    /// The `package` of `wx.requestMerchantTransfer`, present while the user must confirm.
    pub package_info: Option<String>,
    pub amount_fen: Option<i64>,
    /// An open set, such as `OVERDUE_CLOSE` and `NAME_NOT_CORRECT`.
    pub fail_reason: String,
    /// RFC 3339.
    pub create_time: String,
}

impl Transfer {
    /// Parses a response or a notice.
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let state = match text(body.get("state")).as_str() {
            "WAIT_USER_CONFIRM" => TransferState::WaitUserConfirm,
            "SUCCESS" => TransferState::Success,
            "FAIL" => TransferState::Fail,
            "CANCELLED" => TransferState::Cancelled,
            _ => TransferState::InProgress,
        };
        let package_info = text(body.get("package_info"));
        Self {
            mchid: text(body.get("mch_id")),
            out_bill_no: text(body.get("out_bill_no")),
            state,
            package_info: Some(package_info).filter(|package| !package.is_empty()),
            amount_fen: integer(body.get("transfer_amount")),
            fail_reason: text(body.get("fail_reason")),
            create_time: text(body.get("create_time")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlisted_transfer_state_is_in_progress() {
        for (wire, state) in [
            ("ACCEPTED", TransferState::InProgress),
            ("PROCESSING", TransferState::InProgress),
            ("WAIT_USER_CONFIRM", TransferState::WaitUserConfirm),
            ("TRANSFERING", TransferState::InProgress),
            ("SUCCESS", TransferState::Success),
            ("FAIL", TransferState::Fail),
            ("CANCELING", TransferState::InProgress),
            ("CANCELLED", TransferState::Cancelled),
            ("LOST_AND_FOUND", TransferState::InProgress),
            ("", TransferState::InProgress),
        ] {
            let transfer = Transfer::parse(&json!({"state": wire}));
            assert_eq!(transfer.state, state, "{wire}");
        }
    }

    #[test]
    fn empty_package_info_is_none() {
        let transfer = Transfer::parse(&json!({"package_info": "", "transfer_amount": 30}));
        assert!(transfer.package_info.is_none() && transfer.amount_fen == Some(30));
    }
}
