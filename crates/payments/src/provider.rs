//! Who takes the money.

use std::sync::Arc;

use qlive_ledger::System;
use qlive_tencent::pay::Pay;
use qlive_tencent::xpay::Xpay;

/// A provider. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// WeChat Pay, API v3, JSAPI.
    WechatPay,
    /// Virtual payment of mini-programs.
    Virtual,
}

impl Provider {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::WechatPay => 1,
            Self::Virtual => 2,
        }
    }

    pub(crate) const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::WechatPay),
            2 => Some(Self::Virtual),
            _ => None,
        }
    }

    /// Its name in settings and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WechatPay => "wechat_pay",
            Self::Virtual => "virtual",
        }
    }

    /// The ledger's account that stands for it.
    pub(crate) const fn clearing(self) -> System {
        match self {
            Self::WechatPay => System::WechatPay,
            Self::Virtual => System::Virtual,
        }
    }
}

/// The providers that are configured. Orders of each are settled, whichever new orders go to.
#[derive(Clone, Default)]
pub struct Providers {
    pub wechat_pay: Option<Arc<Pay>>,
    pub xpay: Option<Xpay>,
    /// Where new orders go.
    pub chosen: Option<Provider>,
}

impl Providers {
    /// Whether a provider can be asked.
    pub(crate) const fn has(&self, provider: Provider) -> bool {
        match provider {
            Provider::WechatPay => self.wechat_pay.is_some(),
            Provider::Virtual => self.xpay.is_some(),
        }
    }
}
