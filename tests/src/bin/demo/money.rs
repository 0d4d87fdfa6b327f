//! Sections about money: gold, gifts, a refund and a withdrawal.

use qlive_app::Provider;
use qlive_tests::{TestClient, blocks, gifts, wait_until};
use serde_json::{Value, json};

use crate::demo::{Demo, check, print_heading, print_step};

impl Demo {
    pub(crate) async fn gold_is_bought_from_both_providers(&self) {
        print_heading("A user buys gold by WeChat Pay and by virtual payment");
        let man = &self.men[0];
        let order = man.create_order(blocks::SIXTY).await;
        check(
            man.balances().await == (0, 0),
            "an unpaid order credits nothing",
        );
        self.app.pay(&order).await;
        check(
            man.balances().await == (60, 0),
            "the signed notice of WeChat Pay credits 60",
        );
        let mut settings = self.app.settings.clone();
        settings.server.listen = ([127, 0, 0, 1], 0).into();
        settings.payments.provider = Some(Provider::Virtual);
        let second = self.app.second_instance_from(settings).await;
        let on_second = man.on_instance(&second);
        let order = on_second.create_order(blocks::SIXTY).await;
        print_step(&format!(
            "a second instance sells by virtual payment: {}",
            order["mode"]
        ));
        let doubled = json!({"path": "/wx_notify/", "notice": "doubled", "times": 1});
        self.app.add_fault(doubled).await;
        second.pay(&order).await;
        check(
            man.balances().await == (120, 0),
            "its push arrives twice and credits 60 once",
        );
        second.close().await;
        let tampered = json!({"tampered": true});
        let status = self
            .app
            .send_pay_notice("TRANSACTION.SUCCESS", "transaction", json!({}), tampered)
            .await;
        check(status == 401, "a notice that was tampered with is refused");
    }

    pub(crate) async fn payment_notice_is_lost(&self) {
        print_heading("The notice of a payment is lost");
        let man = &self.men[0];
        let order = man.create_order(blocks::TEN).await;
        self.app.pay_without_notice(&order).await;
        check(
            man.balances().await == (120, 0),
            "the user has paid, and the server does not know it",
        );
        self.app.advance(11);
        wait_until("the payment poller queries WeChat Pay", || async {
            man.balances().await == (130, 0)
        })
        .await;
        print_step("the payment poller queries WeChat Pay and credits 10");
    }

    pub(crate) async fn gifts_are_given(&self) {
        print_heading("A user gives gifts; one request is repeated");
        let (man, woman) = (&self.men[0], &self.women[0]);
        let before = self.app.group_summary(&self.stage.group).await.len();
        let id = json!({"request_id": "bear-1", "live_id": self.stage.live});
        let first = man.give(woman, gifts::BEAR, 2, id.clone()).await.ok();
        check(
            first["gold"] == json!(26),
            "two bears cost 104 and leave 26",
        );
        let repeated = man.give(woman, gifts::BEAR, 2, id).await.ok();
        check(
            repeated == first && man.balances().await == (26, 0),
            "a repeated request id has the same answer and gives nothing more",
        );
        check(
            woman.balances().await == (0, 52),
            "the receiver has half of the price as income",
        );
        let insufficient = man.give(woman, gifts::BEAR, 1, json!({})).await.ok();
        check(
            insufficient["detail"] == "账户余额不足",
            "a third bear costs more than the user has: 账户余额不足, and nothing moves",
        );
        let messages = self.group_messages().await;
        check(
            messages[before..] == ["gift"],
            "the IM group received GIFT once",
        );
    }

    pub(crate) async fn spent_gold_is_refunded(&self) {
        print_heading("The first order is refunded, though most of its gold is spent");
        let man = &self.men[0];
        let orders = man.orders().await;
        let first = orders.as_array().unwrap().last().unwrap();
        self.app.refund(first, None).await.unwrap();
        let debt = self.app.debt(man).await;
        check(
            (man.balances().await, debt) == ((0, 0), 34),
            "26 coins are taken back, 34 become debt; the receiver keeps the income",
        );
        wait_until("WeChat Pay has refunded the order", || async {
            self.app.refund_states(first).await[0].1 == "done"
        })
        .await;
        let order = man.create_order(blocks::SIXTY).await;
        self.app.pay(&order).await;
        check(
            man.balances().await == (26, 0),
            "the next recharge pays the debt first",
        );
    }

    pub(crate) async fn income_is_withdrawn(&self) {
        print_heading("A user withdraws income");
        let woman = &self.women[0];
        let today = woman.try_withdraw(50, "payout-1").await;
        today.refused(409, "not_withdrawable");
        print_step("income of today can be withdrawn after a week");
        self.app.advance(8 * 86_400);
        let withdrawal = woman.withdraw(50, "payout-1").await;
        check(
            (&withdrawal["fen"], woman.balances().await) == (&json!(500), (0, 2)),
            "50 coins are 5 yuan and are held at once",
        );
        self.app.approve_withdrawal(&withdrawal).await;
        let to_confirm = self.wait_for_state(woman, &withdrawal, "confirm").await;
        check(
            to_confirm["package_info"].is_string(),
            "an operator approves, and WeChat Pay waits for the user's confirmation",
        );
        let number = self.app.transfer_number(woman, &withdrawal).await;
        self.app.finish_transfer(&number, "confirm").await;
        self.wait_for_state(woman, &withdrawal, "paid").await;
        print_step("the user confirms, and the withdrawal is paid");
    }

    /// Waits until a withdrawal is in this state, and returns it. The state is read from the
    /// service directly, since the rate limits are on and a client may not poll this often.
    async fn wait_for_state(&self, client: &TestClient, withdrawal: &Value, state: &str) -> Value {
        let id = withdrawal["id"].as_i64().unwrap();
        let payments = &self.app.services.payments;
        wait_until(&format!("the withdrawal is {state}"), || async {
            let withdrawal = payments.withdrawal_of(client.id(), id).await;
            withdrawal.unwrap().state.name() == state
        })
        .await;
        let path = "qlive_user/withdrawals/";
        client.get(path, json!({"id": id})).await.ok()
    }

    /// Runs the audit, and prints and checks the balances.
    pub(crate) async fn check_ledger(&self) {
        let audit = self.app.audit().await;
        let systems: Vec<String> = audit
            .system_balances
            .iter()
            .map(|(name, balance)| format!("{name} {balance}"))
            .collect();
        print_step(&format!(
            "the audit: {} entries, {} transfers; {}",
            audit.entries,
            audit.transfers,
            systems.join(", ")
        ));
        let system_total: i64 = audit
            .system_balances
            .iter()
            .map(|(_, balance)| balance)
            .sum();
        check(
            audit.user_total + system_total == 0,
            "the sum of all balances is zero, and every entry is complete",
        );
    }
}
