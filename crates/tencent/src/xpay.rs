//! Virtual payment of mini-programs (xpay), for goods: the parameters that the client signs with,
//! and the server API.
//!
//! Vendor's pages: 小程序虚拟支付 ("Virtual payment") and wx.requestVirtualPayment,
//! developers.weixin.qq.com.

mod client;
mod order;
mod signing;
pub mod xpay_errcode;

pub use client::{XpayClient, XpayRefundReply, XpayRefundRequest};
pub use order::{XpayOrder, XpayOrderState};
pub use signing::{GoodsPurchase, RequestVirtualPaymentParams, XpayConfig, compute_pay_sig};
