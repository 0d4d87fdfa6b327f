//! WeChat Pay API v3 (pay.weixin.qq.com/doc): orders by JSAPI, refunds,
//! merchant transfers, bills, and the notices that come of them.
//!
//! Nothing is believed that does not verify: an answer whose signature is
//! wrong is no answer.

mod api;
mod bill;
mod keys;
mod merchant;
mod notice;
mod transaction;
mod transfer;

pub use api::{Pay, PayError, Prepay, RefundOrder};
pub use bill::{BillRow, UnreadableBill, parse_bill};
pub use keys::{Keys, Signed, Unverified};
pub use merchant::{BadKey, Merchant, PaySign};
pub use notice::{Notice, Unreadable, open_notice};
pub use transaction::{Refund, RefundState, TradeState, Transaction};
pub use transfer::{NewTransfer, Transfer, TransferState};
