//! Callbacks about money: notices of WeChat Pay and message pushes of virtual payment.

pub(crate) mod complaints;
pub(crate) mod notices;
pub(crate) mod outcome;
pub(crate) mod virtual_payment;
pub(crate) mod wechat_pay;
