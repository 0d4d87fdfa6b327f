//! Notices: the requests by which WeChat Pay reports payments, refunds and transfers.
//!
//! Vendor's pages: 支付成功回调通知, 退款结果回调通知 and 商家转账回调通知, pay.weixin.qq.com. The
//! report is in the `resource` of the notice, encrypted with the APIv3 key.

use serde_json::Value;

use super::merchant::Merchant;
use super::refund::Refund;
use super::transaction::Transaction;
use super::transfer::Transfer;
use crate::json_fields::text;

const ALGORITHM: &str = "AEAD_AES_256_GCM";

/// The content of a notice.
#[derive(Clone, PartialEq, Eq)]
pub enum Notice {
    Payment(Transaction),
    Refund(Refund),
    Transfer(Transfer),
    /// An event type that this crate does not handle.
    Unhandled(String),
}

/// Why a notice with a valid signature could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    #[error("the notice is not JSON")]
    NotJson,
    #[error("the notice has no resource")]
    MissingResource,
    #[error("the resource of the notice uses an unknown algorithm")]
    UnknownAlgorithm,
    #[error("the resource of the notice cannot be decrypted with the APIv3 key")]
    Undecryptable,
    #[error("the decrypted resource of the notice is not JSON")]
    ResourceNotJson,
}

/// Decrypts and parses a notice whose signature was verified.
///
/// # Errors
/// Fails when the notice is malformed or its resource cannot be decrypted.
pub fn decrypt_notice(merchant: &Merchant, body: &[u8]) -> Result<Notice, NoticeError> {
    let notice: Value = serde_json::from_slice(body)
        .ok()
        .ok_or(NoticeError::NotJson)?;
    let event_type = text(notice.get("event_type"));
    let resource = notice.get("resource").ok_or(NoticeError::MissingResource)?;
    let parse: fn(&Value) -> Notice = if event_type.starts_with("TRANSACTION.") {
        |resource| Notice::Payment(Transaction::parse(resource))
    } else if event_type.starts_with("REFUND.") {
        |resource| Notice::Refund(Refund::parse(resource))
    } else if event_type.starts_with("MCHTRANSFER.BILL.") {
        |resource| Notice::Transfer(Transfer::parse(resource))
    } else {
        return Ok(Notice::Unhandled(event_type));
    };
    Ok(parse(&decrypt_resource(merchant, resource)?))
}

fn decrypt_resource(merchant: &Merchant, resource: &Value) -> Result<Value, NoticeError> {
    if text(resource.get("algorithm")) != ALGORITHM {
        return Err(NoticeError::UnknownAlgorithm);
    }
    let json = merchant
        .decrypt(
            &text(resource.get("nonce")),
            &text(resource.get("associated_data")),
            &text(resource.get("ciphertext")),
        )
        .ok_or(NoticeError::Undecryptable)?;
    serde_json::from_slice(&json)
        .ok()
        .ok_or(NoticeError::ResourceNotJson)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pay::merchant::tests::{CIPHERTEXT, test_merchant};
    use crate::pay::transaction::TradeState;
    use serde_json::json;

    fn notice_body(event_type: &str, ciphertext: &str) -> Vec<u8> {
        json!({
            "id": "1",
            "event_type": event_type,
            "resource_type": "encrypt-resource",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": ciphertext,
                "associated_data": "transaction",
                "nonce": "abcdefghijkl",
            },
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn payment_notice_is_decrypted() {
        let body = notice_body("TRANSACTION.SUCCESS", CIPHERTEXT);
        let Ok(Notice::Payment(payment)) = decrypt_notice(&test_merchant(), &body) else {
            panic!("not a payment")
        };
        assert_eq!(
            (payment.state, payment.total_fen, payment.currency.as_str()),
            (TradeState::Success, 100, "CNY")
        );
        assert_eq!(payment.transaction_id, "4200000000202311150000000001");
        assert_eq!(
            (payment.out_trade_no.as_str(), payment.mchid.as_str()),
            ("T202311150001", "1900000001")
        );
    }

    #[test]
    fn notice_of_another_event_type_is_unhandled() {
        let notice = decrypt_notice(&test_merchant(), &notice_body("COUPON.USE", ""));
        assert!(notice == Ok(Notice::Unhandled("COUPON.USE".into())));
    }

    #[test]
    fn malformed_notice_is_an_error() {
        for (body, error) in [
            (b"{".to_vec(), NoticeError::NotJson),
            (b"{}".to_vec(), NoticeError::MissingResource),
            (
                notice_body("TRANSACTION.SUCCESS", "AAAA"),
                NoticeError::Undecryptable,
            ),
        ] {
            assert_eq!(decrypt_notice(&test_merchant(), &body).err(), Some(error));
        }
    }
}
