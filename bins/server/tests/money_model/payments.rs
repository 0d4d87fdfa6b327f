//! Orders, their notices, and refunds.

use std::time::Duration;

use qlive_tests::{APP, fen, order_number, wait_until};
use serde_json::{Value, json};

use crate::action::{Forgery, Notice};
use crate::ledger::ModelOrder;
use crate::scenario::{NAMES, Scenario};

impl Scenario {
    pub(crate) async fn create_order(&mut self, user: usize, block: i64, by_wechat_pay: bool) {
        let client = &self.clients[user];
        let content = if by_wechat_pay {
            client.create_order(block).await
        } else {
            let payments = &self.virtual_services.payments;
            let order = payments.create_order(client.id(), block, None).await;
            order.unwrap().content
        };
        self.orders.push(content);
        let (gold, fen) = if block == 1 { (60, 600) } else { (10, 100) };
        self.model.orders.push(ModelOrder {
            user,
            by_wechat_pay,
            gold,
            fen,
            is_paid: false,
            is_credited: false,
            refunded_fen: 0,
            refunded_gold: 0,
        });
    }

    pub(crate) async fn pay(&mut self, order: usize, notice: Notice) {
        let Some(at) = order.checked_rem(self.orders.len()) else {
            return;
        };
        if self.model.orders[at].is_paid {
            let status = self.app.pay_with(&self.orders[at], json!({})).await;
            assert_eq!(status, 409, "a paid order cannot be paid again");
            return;
        }
        let by_wechat_pay = self.model.orders[at].by_wechat_pay;
        match notice {
            Notice::Doubled => self.change_next_notice(at, "doubled").await,
            // Virtual payment sends no such probes.
            Notice::Probe if by_wechat_pay => self.change_next_notice(at, "probe").await,
            Notice::Late => self.change_next_notice(at, "late").await,
            Notice::Reordered => return self.pay_reordered(at).await,
            Notice::ServerDown => self.process.kill(),
            Notice::Normal | Notice::Lost | Notice::Probe => {}
        }
        if notice == Notice::Lost {
            // Otherwise the payment poller credits it at a moment that the model does not know.
            self.app.postpone_query(&self.orders[at]).await;
        }
        let options = json!({"told": notice != Notice::Lost});
        let status = self.app.pay_with(&self.orders[at], options).await;
        assert_eq!(status, 200);
        self.model.orders[at].is_paid = true;
        if notice == Notice::ServerDown {
            self.process.spawn(&self.app).await;
        }
        if notice != Notice::Lost {
            self.wait_until_paid(at).await;
            self.model.credit(at);
        }
    }

    /// Makes the sandbox change the next notice or push about an order.
    async fn change_next_notice(&self, at: usize, change: &str) {
        let path = if self.model.orders[at].by_wechat_pay {
            "/pay_notify/"
        } else {
            "/wx_notify/"
        };
        let fault = json!({"path": path, "notice": change, "times": 1});
        self.app.add_fault(fault).await;
    }

    /// Waits until the server recorded the payment.
    async fn wait_until_paid(&self, at: usize) {
        let number = order_number(&self.orders[at]);
        let payments = &self.app.services.payments;
        wait_until("the order is paid", || async {
            payments.order(number).await.unwrap().state_name() == "paid"
        })
        .await;
    }

    /// Pays two orders; the notice of the second arrives first.
    async fn pay_reordered(&mut self, first: usize) {
        let is_open = |at: &usize| *at != first && !self.model.orders[*at].is_paid;
        let Some(second) = (0..self.orders.len()).find(is_open) else {
            return;
        };
        self.change_next_notice(first, "reordered").await;
        for at in [first, second] {
            self.app.pay(&self.orders[at]).await;
            self.model.orders[at].is_paid = true;
        }
        for at in [second, first] {
            self.wait_until_paid(at).await;
            self.model.credit(at);
        }
    }

    /// Sends a forged notice or push, which must change nothing.
    pub(crate) async fn forge(&mut self, order: usize, forgery: Forgery) {
        let Some(at) = order.checked_rem(self.orders.len()) else {
            return;
        };
        let mut resource = json!({
            "appid": APP,
            "mchid": "1900000001",
            "out_trade_no": order_number(&self.orders[at]),
            "transaction_id": "4200-forged",
            "trade_state": "SUCCESS",
            "amount": {"total": self.model.orders[at].fen, "currency": "CNY"},
        });
        let mut options = json!({});
        match forgery {
            Forgery::TamperedNotice => options["tampered"] = json!(true),
            Forgery::OldNotice => options["skew_secs"] = json!(-400),
            Forgery::NoticeOfAnotherAmount => resource["amount"]["total"] = json!(1),
            Forgery::NoticeOfAnotherMerchant => resource["mchid"] = json!("1900000009"),
            Forgery::PushOfAnotherBuyer => return self.forge_push(at, Some("mallory"), 0).await,
            Forgery::PushOfAnotherPrice => return self.forge_push(at, None, 1).await,
        }
        let status = self
            .app
            .send_pay_notice("TRANSACTION.SUCCESS", "transaction", resource, options)
            .await;
        assert!(status == 401 || status == 400, "{status}");
    }

    /// Sends an encrypted push with another buyer, or with a price that is lower by `difference`
    /// fen. It credits nothing by itself, but the server then queries the order at once.
    async fn forge_push(&mut self, at: usize, buyer: Option<&str>, difference: i64) {
        let order = &self.model.orders[at];
        let buyer = buyer.unwrap_or(NAMES[order.user]);
        let push = json!({
            "Event": "xpay_goods_deliver_notify",
            "OpenId": format!("sandbox-{buyer}"),
            "Env": 1,
            "OutTradeNo": order_number(&self.orders[at]),
            "WeChatPayInfo": {"TransactionId": "4300-forged", "PaidTime": 1},
            "GoodsInfo": {
                "ProductId": format!("gold_{}", order.gold),
                "Quantity": 1,
                "OrigPrice": order.fen - difference,
                "ActualPrice": order.fen - difference,
            },
        });
        // While the order was queried less than two seconds ago, the push is to be repeated.
        let mut answer = self.app.sandbox_post_json("pushes", push.clone()).await;
        while answer["status"] == 503 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            answer = self.app.sandbox_post_json("pushes", push.clone()).await;
        }
        // A push about an order of WeChat Pay is accepted and ignored; one about a paid order is
        // accepted as a contradiction.
        let is_accepted = order.is_paid || order.by_wechat_pay;
        assert_eq!(answer["status"], if is_accepted { 200 } else { 400 });
        if order.is_paid && !order.by_wechat_pay {
            self.model.credit(at);
        }
    }

    pub(crate) async fn query_order(&mut self, order: usize) {
        let Some(at) = order.checked_rem(self.orders.len()) else {
            return;
        };
        self.app.query_order(&self.orders[at]).await.unwrap();
        if self.model.orders[at].is_paid {
            self.model.credit(at);
        }
    }

    pub(crate) async fn refund(&mut self, order: usize, amount: i64, by_operator: bool) {
        let Some(at) = order.checked_rem(self.orders.len()) else {
            return;
        };
        let model = &self.model.orders[at];
        if !model.is_credited && (by_operator || !model.is_paid || amount > model.fen) {
            return;
        }
        // A platform refund that arrives before the payment credits the order first.
        self.model.credit(at);
        let fits = self.model.refund(at, amount);
        let content = &self.orders[at];
        if by_operator {
            let refund = self.app.refund(content, Some(fen(amount))).await;
            assert_eq!(refund.is_ok(), fits, "{refund:?}");
            if fits {
                self.wait_until_refunded(content).await;
            }
        } else {
            let path = format!("pay/{}/refund", order_number(content));
            let status = self.app.sandbox_post(&path, json!({"fen": amount})).await;
            assert_eq!(status == 204, fits, "{status}");
        }
    }

    /// Waits until the refunds of an order are finished: virtual payment accepts one at a time.
    async fn wait_until_refunded(&self, content: &Value) {
        wait_until("the refunds are finished", || async {
            let states = self.app.refund_states(content).await;
            states.iter().all(|(_, state)| *state != "asked")
        })
        .await;
    }
}
