//! WeChat Pay API v3 (pay.weixin.qq.com): mini-program orders, refunds, merchant transfers, trade
//! bills, and the notices about them.
//!
//! A response or a notice counts only when its signature verifies. A response whose signature does
//! not verify is treated as no response.

mod bill;
mod bill_download;
mod bill_table;
mod certificates;
mod client;
mod error;
mod merchant;
mod notice;
mod platform_keys;
mod refund;
mod transaction;
mod transfer;
mod transport;

pub use bill::{BillRow, parse_bill, read_bill_table};
pub use bill_table::{BillError, BillTable, TableRow, decode_bill};
pub use client::{PayClient, PrepayRequest};
pub use error::PayError;
pub use merchant::{Merchant, RequestPaymentParams, SigningError};
pub use notice::{Notice, NoticeError, decrypt_notice};
pub use platform_keys::{
    EncryptedField, FieldEncryptionError, PlatformKeys, SignatureError, SignatureHeaders,
};
pub use refund::{Refund, RefundRequest, RefundState};
pub use transaction::{TradeState, Transaction};
pub use transfer::{Transfer, TransferRequest, TransferState};
