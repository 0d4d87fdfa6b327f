//! What a notification says and where it goes. No I/O.

use qlive_types::random;
use serde_json::Value;

/// A notification, before it is encrypted and signed for an attempt.
#[derive(Clone)]
pub(crate) struct Notification {
    pub(crate) url: String,
    pub(crate) content: Content,
}

/// What a notification says.
#[derive(Clone)]
pub(crate) enum Content {
    /// A notice of WeChat Pay.
    PayNotice {
        /// The notice's ID, the same at every attempt.
        id: String,
        event: &'static str,
        resource_type: &'static str,
        resource: Value,
    },
    /// A message push.
    Push(Value),
}

impl Notification {
    /// A notice of WeChat Pay to the address that the merchant's request named.
    pub(crate) fn pay_notice(
        url: String,
        event: &'static str,
        resource_type: &'static str,
        resource: Value,
    ) -> Self {
        let content = Content::PayNotice {
            id: random::hex(16),
            event,
            resource_type,
            resource,
        };
        Self { url, content }
    }

    /// A message push to the address set in the console.
    pub(crate) const fn push(url: String, message: Value) -> Self {
        let content = Content::Push(message);
        Self { url, content }
    }

    /// The merchant's number of the refund, order or transfer that the notification is about.
    pub(crate) fn subject(&self) -> Option<&Value> {
        let (body, keys) = match &self.content {
            Content::PayNotice { resource, .. } => {
                (resource, ["out_refund_no", "out_trade_no", "out_bill_no"])
            }
            Content::Push(message) => (message, ["MchRefundId", "OutTradeNo", "MchOrderId"]),
        };
        keys.iter().find_map(|key| body.get(*key))
    }

    /// The path that selects notifications of this kind in a fault.
    pub(crate) const fn fault_path(&self) -> &'static str {
        match self.content {
            Content::PayNotice { .. } => "/pay_notify/",
            Content::Push(_) => "/wx_notify/",
        }
    }
}
