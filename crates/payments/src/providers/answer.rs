//! [`UnusableAnswer`]: why an answer of a provider changes nothing.

use qlive_tencent::pay::PayError;
use qlive_tencent::wechat::WechatError;
use qlive_users::{UsersError, WechatCallError};

use crate::error::PaymentsError;

/// Why a provider's answer cannot be used. Nothing is changed, and the provider is queried again
/// later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableAnswer {
    #[error("the provider is not configured")]
    NotConfigured,
    #[error("the answer is about another order")]
    OtherOrder,
    #[error("the answer is about another refund")]
    OtherRefund,
    #[error("xpay does not report how much of the order is left")]
    NoBalance,
    #[error("the answers of xpay contradict each other")]
    Contradiction,
    #[error("another instance has requested the refund first")]
    RequestedElsewhere,
    /// WeChat Pay refused the call or gave no answer.
    #[error(transparent)]
    WechatPay(#[from] PayError),
    /// Virtual payment refused the call or gave no answer.
    #[error(transparent)]
    Virtual(#[from] WechatError),
    /// There is no access token for virtual payment.
    #[error("no access token: {0}")]
    AccessToken(UsersError),
    /// The database failed meanwhile.
    #[error(transparent)]
    Payments(#[from] PaymentsError),
}

impl From<WechatCallError> for UnusableAnswer {
    fn from(error: WechatCallError) -> Self {
        match error {
            WechatCallError::NoToken(error) => Self::AccessToken(error),
            WechatCallError::Call(error) => Self::Virtual(error),
        }
    }
}
