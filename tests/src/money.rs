//! Money: gifts, orders, refunds and withdrawals.

use qlive_gifts::NewGift;
use qlive_payments::{Order, PaymentsError, ReviewSummary};
use qlive_types::{Coins, Fen, Gender};
use serde_json::{Value, json};

use crate::client::{Answer, TestClient};
use crate::operator::{named_operator, operator};
use crate::rooms::Stage;
use crate::test_app::TestApp;
use crate::wait::wait_until;

/// The ids of gifts that every sandbox starts with.
pub mod gifts {
    /// 点赞, which is free.
    pub const LIKE: i64 = 1;
    /// 玫瑰, 1 coin.
    pub const ROSE: i64 = 2;
    /// 巧克力, 10 coins.
    pub const CHOCOLATE: i64 = 4;
    /// 泰迪熊, 52 coins.
    pub const BEAR: i64 = 5;
    /// 香水, 99 coins.
    pub const PERFUME: i64 = 6;
    /// 钻戒, 520 coins.
    pub const RING: i64 = 7;
}

/// The ids of recharge blocks that every sandbox starts with.
pub mod blocks {
    /// 60 coins for 6 yuan.
    pub const SIXTY: i64 = 1;
    /// 10 coins for 1 yuan.
    pub const TEN: i64 = 2;
    /// 300 coins for 30 yuan.
    pub const THREE_HUNDRED: i64 = 3;
}

/// The paths on which the server calls WeChat Pay and xpay, for faults and call counts.
pub mod provider_paths {
    /// Creates an order at WeChat Pay.
    pub const CREATE_ORDER: &str = "/v3/pay/transactions/jsapi";
    /// Queries an order at WeChat Pay; the order number follows.
    pub const QUERY_ORDER: &str = "/v3/pay/transactions/out-trade-no";
    /// Requests a refund at WeChat Pay.
    pub const REFUND: &str = "/v3/refund/domestic/refunds";
    /// Requests a transfer at WeChat Pay.
    pub const TRANSFER: &str = "/v3/fund-app/mch-transfer/transfer-bills";
    /// Queries a transfer at WeChat Pay; the transfer number follows.
    pub const QUERY_TRANSFER: &str = "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no";
    /// Requests a refund at xpay.
    pub const XPAY_REFUND: &str = "/xpay/refund_order";
}

/// A number of fen.
pub fn fen(amount: i64) -> Fen {
    Fen::new(amount).unwrap()
}

/// The number of an order that `qlive_pay/` answered.
pub fn order_number(order: &Value) -> &str {
    order["out_trade_no"].as_str().unwrap()
}

/// The path on which the server queries this order at WeChat Pay.
pub fn query_path(order: &Value) -> String {
    format!("{}/{}", provider_paths::QUERY_ORDER, order_number(order))
}

/// Gifts, gold and balances.
impl TestApp {
    /// Grants gold to a user, as an operator does.
    pub async fn grant(&self, to: &TestClient, coins: i64) {
        let coins = Coins::new(coins).unwrap();
        let users = &self.services.users;
        users.grant_gold(operator(), to.id(), coins).await.unwrap();
    }

    /// Adds a gift to the catalogue and returns its id.
    pub async fn add_gift(&self, name: &str, price: i64) -> i64 {
        let gift = NewGift {
            name: name.into(),
            price: Coins::new(price).unwrap(),
            image: "https://pictures.example.com/gift.png".into(),
            effect: "e".into(),
        };
        self.services.gifts.add(operator(), gift).await.unwrap()
    }

    /// The debt of a user, in coins.
    pub async fn debt(&self, client: &TestClient) -> i64 {
        let balances = self.services.users.balances(client.id()).await.unwrap();
        balances.debt.get()
    }

    /// What is held of a user's income for withdrawals, in coins.
    pub async fn held(&self, client: &TestClient) -> i64 {
        let balances = self.services.users.balances(client.id()).await.unwrap();
        balances.held.get()
    }
}

/// Orders and refunds.
impl TestApp {
    /// Registers a user who orders a block and pays; returns the order too.
    pub async fn buyer(&self, name: &str, block: i64) -> (TestClient, Value) {
        let client = self.guest(name, Gender::Male).await;
        let order = client.create_order(block).await;
        self.pay(&order).await;
        (client, order)
    }

    /// Pays an order that `qlive_pay/` answered; the sandbox sends the notice to the server.
    pub async fn pay(&self, order: &Value) {
        assert_eq!(self.pay_with(order, json!({})).await, 200, "{order}");
    }

    /// Pays with options of the sandbox and returns its status: `{"late": true}` pays an order
    /// that was closed.
    pub async fn pay_with(&self, order: &Value, options: Value) -> u16 {
        let mut body = options;
        for key in [
            "signData",
            "paySig",
            "signature",
            "timeStamp",
            "nonceStr",
            "package",
            "paySign",
        ] {
            if let Some(value) = order.get(key) {
                body[key] = value.clone();
            }
        }
        let no = order["out_trade_no"].as_str().unwrap();
        self.sandbox_post(&format!("pay/{no}"), body).await
    }

    /// Buys sixty coins for a user, who gives 52 of them to another one. Returns the order.
    pub async fn buy_and_give(&self, giver: &TestClient, receiver: &TestClient) -> Value {
        let order = giver.create_order(blocks::SIXTY).await;
        self.pay(&order).await;
        let given = giver.give(receiver, gifts::BEAR, 1, json!({})).await;
        assert_eq!(given.ok()["code"], "success");
        order
    }

    /// Refunds an order, or a part of it.
    ///
    /// # Errors
    /// When the order cannot be refunded.
    pub async fn refund(&self, order: &Value, part: Option<Fen>) -> Result<String, PaymentsError> {
        let no = order["out_trade_no"].as_str().unwrap();
        let payments = &self.services.payments;
        let requested = payments.request_refund(operator(), no, part).await?;
        Ok(requested.unwrap())
    }

    /// The refunds of an order: fen and state.
    pub async fn refund_states(&self, order: &Value) -> Vec<(i64, &'static str)> {
        let no = order["out_trade_no"].as_str().unwrap();
        let refunds = self.services.payments.refunds_of(no).await.unwrap();
        let name = |state| match state {
            qlive_payments::RefundState::Requested => "asked",
            qlive_payments::RefundState::Done => "done",
            qlive_payments::RefundState::Refused => "refused",
        };
        refunds
            .iter()
            .map(|refund| (refund.fen.get(), name(refund.state)))
            .collect()
    }

    /// What a WeChat Pay notice says about the payment of an order, before encryption.
    pub fn payment_resource(&self, order: &Value, fen: i64) -> Value {
        let pay = self.settings.wechat_pay.as_ref().unwrap();
        let no = order["out_trade_no"].as_str().unwrap();
        json!({"appid": crate::APP, "mchid": pay.mchid, "out_trade_no": no,
            "transaction_id": format!("4200{no}"), "trade_state": "SUCCESS",
            "success_time": "2026-11-23T10:00:00+08:00", "payer": {"openid": "sandbox-bob"},
            "amount": {"total": fen, "payer_total": fen, "currency": "CNY",
                "payer_currency": "CNY"}})
    }

    /// Sends a WeChat Pay notice about a payment, like [`Self::send_pay_notice`].
    pub async fn send_payment_notice(&self, resource: Value, options: Value) -> u64 {
        self.send_pay_notice("TRANSACTION.SUCCESS", "transaction", resource, options)
            .await
    }

    /// Sends a WeChat Pay notice, signed by the sandbox, and returns the status that the server
    /// answered. `options` makes it differ from a proper notice: `{"tampered": true}`.
    pub async fn send_pay_notice(
        &self,
        event: &str,
        kind: &str,
        resource: Value,
        options: Value,
    ) -> u64 {
        let mut notice = json!({"event": event, "kind": kind, "resource": resource});
        let fields = notice.as_object_mut().unwrap();
        fields.extend(options.as_object().unwrap().clone());
        let sent = self.sandbox_post_json("notices", notice).await;
        sent["status"].as_u64().unwrap()
    }
}

/// Withdrawals.
impl TestApp {
    /// Registers `alice` with this much income, old enough to be withdrawn.
    pub async fn earner(&self, income: i64) -> TestClient {
        let alice = self.guest("alice", Gender::Female).await;
        let bob = self.guest("bob", Gender::Male).await;
        self.set_config("EXCHANGE_RATE", "1").await;
        self.grant(&bob, income).await;
        let gift = self.add_gift("fortune", income).await;
        bob.give(&alice, gift, 1, json!({})).await.ok();
        self.advance(8 * 86_400);
        alice
    }

    /// Approves a withdrawal as the operator `olga`.
    pub async fn approve_withdrawal(&self, withdrawal: &Value) {
        let id = withdrawal["id"].as_i64().unwrap();
        let payments = &self.services.payments;
        let approved = payments
            .approve_withdrawal(named_operator("olga"), id)
            .await;
        assert!(approved.unwrap());
    }

    /// A withdrawal with what an operator sees before the decision.
    pub async fn review_summary(&self, withdrawal: &Value) -> ReviewSummary {
        let id = withdrawal["id"].as_i64().unwrap();
        let payments = &self.services.payments;
        payments.withdrawal_to_review(id).await.unwrap().1
    }

    /// The only transfer that WeChat has: its number and its record in the sandbox.
    pub async fn only_transfer(&self) -> (String, Value) {
        let transfers = self.sandbox_state().await["transfers"].clone();
        let transfers = transfers.as_object().unwrap();
        assert_eq!(transfers.len(), 1, "exactly one transfer");
        let (no, transfer) = transfers.iter().next().unwrap();
        (no.clone(), transfer.clone())
    }
}

/// What a mini-program sends about money.
impl TestClient {
    /// Sends a gift; `extra` holds optional parameters such as `request_id`.
    pub async fn give(&self, to: &Self, gift: i64, num: i64, extra: Value) -> Answer {
        let mut query = json!({"user_id": to.user_id, "gift_id": gift, "num": num});
        let fields = query.as_object_mut().unwrap();
        fields.extend(extra.as_object().unwrap().clone());
        self.get("qlive_gift/push_gift/", query).await
    }

    /// Orders a block; returns what the mini-program pays with.
    pub async fn create_order(&self, block: i64) -> Value {
        let body = json!({"block_id": block});
        let answer = self.post("qlive_pay/", body).await.ok();
        serde_json::from_str(answer["content"].as_str().unwrap()).unwrap()
    }

    /// The state of an own order.
    pub async fn order_state(&self, order: &Value) -> String {
        let query = json!({"out_trade_no": order["out_trade_no"]});
        let shown = self.get("qlive_pay/order/", query).await.ok();
        shown["state"].as_str().unwrap().to_owned()
    }

    /// The user's gold and income.
    pub async fn balances(&self) -> (i64, i64) {
        let profile = self.profile().await;
        let field = |name: &str| profile[name].as_i64().unwrap();
        (field("gold"), field("income"))
    }

    /// Requests a withdrawal of income.
    pub async fn withdraw(&self, income: i64, request_id: &str) -> Value {
        let body = json!({"income": income, "request_id": request_id});
        self.post("qlive_user/withdraw/", body).await.ok()
    }

    /// Waits until an own withdrawal is in this state, and returns it.
    pub async fn wait_for_withdrawal(&self, withdrawal: &Value, state: &str) -> Value {
        let id = json!({"id": withdrawal["id"]});
        let show = || async { self.get("qlive_user/withdrawals/", id.clone()).await.ok() };
        wait_until(&format!("the withdrawal is {state}"), || async {
            show().await["state"] == state
        })
        .await;
        show().await
    }
}

/// Users and rooms for gifts.
impl TestApp {
    /// Registers `bob` and `alice`.
    pub async fn bob_and_alice(&self) -> (TestClient, TestClient) {
        let bob = self.guest("bob", Gender::Male).await;
        let alice = self.guest("alice", Gender::Female).await;
        (bob, alice)
    }

    /// Opens the room of the seeded matchmaker, with the viewers `bob` and `alice`.
    pub async fn stage_with_bob_and_alice(&self) -> (Stage, TestClient, TestClient) {
        let (bob, alice) = self.bob_and_alice().await;
        let stage = self.open_stage().await;
        for viewer in [&bob, &alice] {
            viewer.enter(&stage.live).await.ok();
        }
        (stage, bob, alice)
    }
}

/// Payments, refunds and transfers as WeChat changes them.
impl TestApp {
    /// Pays an order; the notice to the server is lost.
    pub async fn pay_without_notice(&self, order: &Value) {
        let status = self.pay_with(order, json!({"told": false})).await;
        assert_eq!(status, 200, "{order}");
    }

    /// Pays an order that is expired or closed; the notice to the server is lost.
    pub async fn pay_late_without_notice(&self, order: &Value) {
        let options = json!({"told": false, "late": true});
        assert_eq!(self.pay_with(order, options).await, 200, "{order}");
    }

    /// Queries an order at its provider, as an operator does.
    ///
    /// # Errors
    /// When the provider gives no clear answer or contradicts what is recorded.
    pub async fn query_order(&self, order: &Value) -> Result<Order, PaymentsError> {
        let payments = &self.services.payments;
        payments.query_order(operator(), order_number(order)).await
    }

    /// Refunds a part of an order at the platform, without the server.
    pub async fn refund_at_platform(&self, order: &Value, fen: i64) {
        let path = format!("pay/{}/refund", order_number(order));
        let status = self.sandbox_post(&path, json!({"fen": fen})).await;
        assert_eq!(status, 204, "{order}");
    }

    /// Loses the next notice or push to this path of the server, such as `/wx_notify/`.
    pub async fn lose_next_notice(&self, path: &str) {
        let fault = json!({"path": path, "notice": "lost", "times": 1});
        self.add_fault(fault).await;
    }

    /// Makes the sandbox hold new refunds until [`Self::finish_refund`].
    pub async fn hold_refunds(&self) {
        self.sandbox_post("refunds", json!({"hold": true})).await;
    }

    /// Finishes a held refund with `success`, `closed` or `abnormal`. Returns false when the
    /// sandbox has no such refund, which is so until the server has requested it.
    pub async fn finish_refund(&self, number: &str, outcome: &str) -> bool {
        let path = format!("refunds/{number}");
        self.sandbox_post(&path, json!({"do": outcome})).await == 204
    }

    /// Waits until the refunds of an order have these amounts in fen and states.
    pub async fn wait_for_refunds(&self, order: &Value, expected: &[(i64, &str)]) {
        wait_until(&format!("the refunds are {expected:?}"), || async {
            self.refund_states(order).await == expected
        })
        .await;
    }

    /// The number of the transfer of a withdrawal.
    pub async fn transfer_number(&self, client: &TestClient, withdrawal: &Value) -> String {
        let id = withdrawal["id"].as_i64().unwrap();
        let payments = &self.services.payments;
        let withdrawal = payments.withdrawal_of(client.id(), id).await;
        withdrawal.unwrap().out_bill_no
    }

    /// Makes the user or WeChat `confirm`, `cancel`, `fail` or `expire` a transfer.
    pub async fn finish_transfer(&self, number: &str, outcome: &str) {
        let path = format!("transfers/{number}");
        let status = self.sandbox_post(&path, json!({"do": outcome})).await;
        assert_eq!(status, 204, "{number}");
    }

    /// Rejects a withdrawal, as an operator does.
    ///
    /// # Errors
    /// When the withdrawal cannot be rejected.
    pub async fn reject_withdrawal(&self, withdrawal: &Value) -> Result<(), PaymentsError> {
        let id = withdrawal["id"].as_i64().unwrap();
        self.services
            .payments
            .reject_withdrawal(operator(), id)
            .await
    }

    /// Waits until the sandbox was called exactly this often on a path.
    pub async fn wait_for_sandbox_calls(&self, path: &str, times: u64) {
        wait_until(&format!("{path} was called {times} times"), || async {
            self.sandbox_calls(path).await == times
        })
        .await;
    }
}

/// What a mini-program sends about money, when the answer may be a refusal, and what it waits for.
impl TestClient {
    /// Requests a withdrawal of income.
    pub async fn try_withdraw(&self, income: i64, request_id: &str) -> Answer {
        let body = json!({"income": income, "request_id": request_id});
        self.post("qlive_user/withdraw/", body).await
    }

    /// The user's own orders, the latest first.
    pub async fn orders(&self) -> Value {
        self.get("qlive_pay/order/", json!({})).await.ok()
    }

    /// The first page of the user's ledger history.
    pub async fn wallet(&self) -> Value {
        self.get("qlive_user/wallet/", json!({})).await.ok()
    }

    /// Waits until the user has this gold and income.
    pub async fn wait_for_balances(&self, gold: i64, income: i64) {
        wait_until(&format!("gold {gold}, income {income}"), || async {
            self.balances().await == (gold, income)
        })
        .await;
    }
}
