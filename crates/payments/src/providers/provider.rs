//! [`Provider`]: who takes the money; and which providers are configured.

use std::sync::Arc;

use qlive_ledger::SystemAccount;
use qlive_tencent::pay::PayClient;
use qlive_tencent::xpay::XpayClient;
use serde::Deserialize;

/// A payment provider. The numbers are stored; the names are those of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// WeChat Pay, API v3, JSAPI orders.
    WechatPay,
    /// Virtual payment of mini-programs (虚拟支付), whose API is called xpay.
    Virtual,
}

impl Provider {
    pub(crate) const ALL: [Self; 2] = [Self::WechatPay, Self::Virtual];

    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::WechatPay => 1,
            Self::Virtual => 2,
        }
    }

    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.number() == number)
    }

    /// Its name in settings and answers: `wechat_pay`, `virtual`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WechatPay => "wechat_pay",
            Self::Virtual => "virtual",
        }
    }

    /// The system account of the ledger from which its coins come, and to which they go back.
    pub(crate) const fn clearing_account(self) -> SystemAccount {
        match self {
            Self::WechatPay => SystemAccount::WechatPay,
            Self::Virtual => SystemAccount::Virtual,
        }
    }
}

/// The providers that are configured. Orders of each are settled, whichever new orders go to.
#[derive(Clone, Default)]
pub struct Providers {
    pub wechat_pay: Option<Arc<PayClient>>,
    pub xpay: Option<XpayClient>,
    /// Where new orders go.
    pub chosen: Option<Provider>,
}

impl Providers {
    pub(crate) const fn is_configured(&self, provider: Provider) -> bool {
        match provider {
            Provider::WechatPay => self.wechat_pay.is_some(),
            Provider::Virtual => self.xpay.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_numbers_are_fixed_and_names_are_those_of_the_settings() {
        for (provider, number, name) in [
            (Provider::WechatPay, 1, "wechat_pay"),
            (Provider::Virtual, 2, "virtual"),
        ] {
            assert_eq!((provider.number(), provider.name()), (number, name));
            assert_eq!(Provider::from_number(number), Some(provider));
            let named = serde_json::from_value::<Provider>(name.into());
            assert_eq!(named.unwrap(), provider);
        }
        assert_eq!(Provider::from_number(3), None);
    }
}
