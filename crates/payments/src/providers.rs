//! The payment providers: which are configured, and what their answers mean.

pub(crate) mod answer;
pub(crate) mod certificates;
pub(crate) mod provider;
pub(crate) mod virtual_payment;
pub(crate) mod wechat_pay;
