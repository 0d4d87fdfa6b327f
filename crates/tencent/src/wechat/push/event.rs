//! The events of message pushes, as far as this crate handles them: those of virtual payment.
//!
//! Vendor's page: 小程序虚拟支付 ("Virtual payment"), section 消息推送, developers.weixin.qq.com.

use serde_json::Value;

use crate::json_fields::{flag, integer, text, text_or_number};

/// The event of a message push. Amounts are fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushEvent {
    /// Goods were paid (`xpay_goods_deliver_notify`). A number is −1 when the push does not have
    /// it.
    GoodsPaid {
        openid: String,
        out_trade_no: String,
        /// 0 production, 1 sandbox.
        env: i64,
        product_id: String,
        quantity: i64,
        orig_price: i64,
        actual_price: i64,
        transaction_id: String,
        /// Unix seconds, 0 when the push has no time.
        paid_time: i64,
    },
    /// A refund was finished (`xpay_refund_notify`).
    RefundFinished {
        wx_refund_id: String,
        mch_refund_id: String,
        mch_order_id: String,
        /// −1 when the push has no amount.
        refund_fee: i64,
        /// `None` when the push has no result.
        succeeded: Option<bool>,
    },
    /// A user complained about an order (`xpay_complaint_notify`).
    ComplaintFiled {
        /// The push's `RequestId`, the number of the complaint.
        complaint_id: String,
        openid: String,
        mch_order_id: String,
        /// As WeChat writes it.
        complained_at: String,
    },
    /// An event that somebody made up in WeChat's console to test the delivery of pushes
    /// (`IsMock`). It has the form of a real one, and nothing of it happened.
    Mock(Box<Self>),
    /// An event that this crate does not handle, by its name.
    Unhandled(String),
}

impl PushEvent {
    /// Whether the event is one of virtual payment, whose pushes are confirmed in their own form.
    pub(super) fn is_virtual_payment(&self) -> bool {
        !matches!(self, Self::Unhandled(event) if !event.starts_with("xpay_"))
    }

    /// Reads a decrypted body. WeChat's documentation writes some field names in two ways, so both
    /// are accepted.
    pub(super) fn parse(message: &Value) -> Self {
        let is_mock = ["IsMock", "is_mock"]
            .iter()
            .any(|key| flag(message.get(*key)));
        match Self::parse_event(message) {
            Self::Unhandled(event) => Self::Unhandled(event),
            event if is_mock => Self::Mock(Box::new(event)),
            event => event,
        }
    }

    fn parse_event(message: &Value) -> Self {
        let openid = first_text(message, ["OpenId", "openid"]);
        match text(message.get("Event")).as_str() {
            "xpay_goods_deliver_notify" => parse_goods_paid(message, openid),
            "xpay_refund_notify" => Self::RefundFinished {
                wx_refund_id: text_or_number(message.get("WxRefundId")),
                mch_refund_id: text_or_number(message.get("MchRefundId")),
                mch_order_id: text_or_number(message.get("MchOrderId")),
                refund_fee: integer(message.get("RefundFee")).unwrap_or(-1),
                succeeded: integer(message.get("RetCode")).map(|code| code == 0),
            },
            "xpay_complaint_notify" => Self::ComplaintFiled {
                complaint_id: text_or_number(message.get("RequestId")),
                openid,
                mch_order_id: text_or_number(message.get("MchOrderId")),
                complained_at: text_or_number(message.get("ComplaintTime")),
            },
            other => Self::Unhandled(other.to_owned()),
        }
    }
}

fn parse_goods_paid(message: &Value, openid: String) -> PushEvent {
    let goods = |key: &str| nested_field(message, ["GoodsInfo", "goods_info"], key);
    let payment = |key: &str| nested_field(message, ["WeChatPayInfo", "WechatPayInfo"], key);
    PushEvent::GoodsPaid {
        openid,
        out_trade_no: first_text(message, ["OutTradeNo", "out_trade_no"]),
        env: integer(message.get("Env")).unwrap_or(-1),
        product_id: text_or_number(goods("ProductId")),
        quantity: integer(goods("Quantity")).unwrap_or(-1),
        orig_price: integer(goods("OrigPrice")).unwrap_or(-1),
        actual_price: integer(goods("ActualPrice")).unwrap_or(-1),
        transaction_id: text_or_number(payment("TransactionId")),
        paid_time: integer(payment("PaidTime")).unwrap_or(0),
    }
}

/// Returns the text of the first of these fields that is not empty.
fn first_text(message: &Value, keys: [&str; 2]) -> String {
    keys.iter()
        .map(|key| text_or_number(message.get(*key)))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// Returns a field of the first of these objects that has it.
fn nested_field<'a>(message: &'a Value, objects: [&str; 2], key: &str) -> Option<&'a Value> {
    objects
        .iter()
        .find_map(|object| message.get(*object)?.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::push::xml::parse_xml;
    use serde_json::json;

    #[test]
    fn goods_payment_in_json_and_in_xml_is_the_same_event() {
        let message = json!({
            "Event": "xpay_goods_deliver_notify", "OpenId": "o1", "OutTradeNo": "Q1", "Env": 1,
            "WeChatPayInfo": {
                "MchOrderNo": "m", "TransactionId": "42", "PaidTime": 1_700_000_000
            },
            "GoodsInfo": {
                "ProductId": "p", "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600,
                "Attach": "Q1"
            }
        });
        let event = PushEvent::parse(&message);
        let xml = "<xml><Event><![CDATA[xpay_goods_deliver_notify]]></Event><openid>o1</openid>\
            <OutTradeNo>Q1</OutTradeNo><Env>1</Env><WechatPayInfo>\
            <TransactionId>42</TransactionId><PaidTime>1700000000</PaidTime></WechatPayInfo>\
            <GoodsInfo><ProductId>p</ProductId><Quantity>1</Quantity><OrigPrice>600</OrigPrice>\
            <ActualPrice>600</ActualPrice></GoodsInfo></xml>";
        assert_eq!(PushEvent::parse(&parse_xml(xml).unwrap()), event);
        let expected = PushEvent::GoodsPaid {
            openid: "o1".into(),
            out_trade_no: "Q1".into(),
            env: 1,
            product_id: "p".into(),
            quantity: 1,
            orig_price: 600,
            actual_price: 600,
            transaction_id: "42".into(),
            paid_time: 1_700_000_000,
        };
        assert_eq!(event, expected);
    }

    #[test]
    fn event_is_a_mock_only_when_it_says_so() {
        let parse = |is_mock: Value| {
            PushEvent::parse(&json!({"Event": "xpay_refund_notify", "IsMock": is_mock}))
        };
        let real = PushEvent::parse(&json!({"Event": "xpay_refund_notify"}));
        assert!(!matches!(real, PushEvent::Mock(_)));
        for no in [
            json!(false),
            json!(0),
            json!("0"),
            json!("false"),
            json!(null),
        ] {
            assert_eq!(parse(no.clone()), real, "{no}");
        }
        let mock = PushEvent::Mock(Box::new(real));
        for yes in [
            json!(true),
            json!(1),
            json!("1"),
            json!("true"),
            json!("True"),
        ] {
            assert_eq!(parse(yes.clone()), mock, "{yes}");
        }
        let xml = "<xml><Event>xpay_refund_notify</Event><IsMock>true</IsMock></xml>";
        assert_eq!(PushEvent::parse(&parse_xml(xml).unwrap()), mock);
        assert_eq!(
            PushEvent::parse(&json!({"Event": "subscribe", "IsMock": true})),
            PushEvent::Unhandled("subscribe".into())
        );
    }
}
