//! Notices: the envelope around a payment, a refund or a transfer.

use serde_json::Value;

use super::{Merchant, Refund, Transaction, Transfer};
use crate::lenient::text;

/// What a notice tells.
#[derive(Clone, PartialEq, Eq)]
pub enum Notice {
    Payment(Transaction),
    Refund(Refund),
    Transfer(Transfer),
    /// An event we do not handle, by name.
    Other(String),
}

/// A notice that is WeChat's, but not to be read.
#[derive(Debug, thiserror::Error)]
#[error("the notice cannot be read: {0}")]
pub struct Unreadable(&'static str);

/// Opens a notice whose signature has been verified.
pub fn open_notice(merchant: &Merchant, body: &[u8]) -> Result<Notice, Unreadable> {
    let envelope: Value = serde_json::from_slice(body)
        .ok()
        .ok_or(Unreadable("it is not JSON"))?;
    let event = text(&envelope, "event_type");
    let resource = envelope
        .get("resource")
        .ok_or(Unreadable("it has no resource"))?;
    let known = ["TRANSACTION.", "REFUND.", "MCHTRANSFER.BILL."]
        .iter()
        .any(|kind| event.starts_with(kind));
    if !known {
        return Ok(Notice::Other(event));
    }
    if text(resource, "algorithm") != "AEAD_AES_256_GCM" {
        return Err(Unreadable("its algorithm is not known"));
    }
    let (nonce, associated) = (text(resource, "nonce"), text(resource, "associated_data"));
    let plain = merchant
        .unseal(&nonce, &associated, &text(resource, "ciphertext"))
        .ok_or(Unreadable("it does not open with our APIv3 key"))?;
    let told: Value = serde_json::from_slice(&plain)
        .ok()
        .ok_or(Unreadable("what it holds is not JSON"))?;
    Ok(match event.split('.').next() {
        Some("TRANSACTION") => Notice::Payment(Transaction::parse(&told)),
        Some("REFUND") => Notice::Refund(Refund::parse(&told)),
        _ => Notice::Transfer(Transfer::parse(&told)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pay::TradeState;
    use crate::pay::merchant::tests::{CIPHERTEXT, merchant};
    use serde_json::json;

    fn notice(event: &str, ciphertext: &str) -> Vec<u8> {
        json!({"id": "1", "event_type": event, "resource_type": "encrypt-resource", "resource": {
            "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "ciphertext": ciphertext,
            "associated_data": "transaction", "nonce": "abcdefghijkl"}})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn a_payment_is_read() {
        let Ok(Notice::Payment(told)) =
            open_notice(&merchant(), &notice("TRANSACTION.SUCCESS", CIPHERTEXT))
        else {
            panic!("not read")
        };
        assert_eq!(
            (told.state, told.total, told.currency.as_str()),
            (TradeState::Success, 100, "CNY")
        );
        assert_eq!(told.transaction_id, "4200000000202311150000000001");
        assert_eq!(
            (told.out_trade_no.as_str(), told.mchid.as_str()),
            ("T202311150001", "1900000001")
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let other = open_notice(&merchant(), &notice("COUPON.USE", "")).unwrap();
        assert!(other == Notice::Other("COUPON.USE".into()));
        for wrong in [
            b"{".to_vec(),
            b"{}".to_vec(),
            notice("TRANSACTION.SUCCESS", "AAAA"),
        ] {
            assert!(open_notice(&merchant(), &wrong).is_err());
        }
    }
}
