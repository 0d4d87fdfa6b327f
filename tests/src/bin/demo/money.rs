//! The evening's money: bought, lost and found, given, refunded, paid out.

use qlive_server::ProviderSetting;
use qlive_store::audit::Operator;
use qlive_tests::{House, Phone, eventually};
use serde_json::{Value, json};

use crate::{Evening, chapter, expect, says};

/// The catalogue's teddy bear, and what it costs.
const BEAR: (i64, i64) = (5, 52);

fn operator(name: &str) -> Operator {
    Operator {
        name: name.into(),
        reason: "the demo".into(),
    }
}

impl Evening {
    pub(crate) async fn gold_is_bought_both_ways(&self) {
        chapter("Gold is bought, by WeChat Pay and by virtual payment");
        let man = &self.men[0];
        let order = man.order(1).await;
        expect(man.purse().await == (0, 0), "an order alone brings no gold");
        self.house.pay(&order).await;
        expect(
            man.purse().await == (60, 0),
            "WeChat Pay's signed notice brings 60",
        );
        let mut settings = self.house.settings.clone();
        settings.server.listen = ([127, 0, 0, 1], 0).into();
        settings.payments.provider = Some(ProviderSetting::Virtual);
        let second = House::with_settings_at(settings, &self.house).await;
        let there = man.at(&second);
        let order = there.order(1).await;
        says(&format!(
            "a second instance sells by virtual payment: {}",
            order["mode"]
        ));
        self.house
            .fault(json!({"path": "/wx_notify/", "notice": "doubled", "times": 1}))
            .await;
        second.pay(&order).await;
        expect(
            man.purse().await == (120, 0),
            "its push came twice, and brings 60 once",
        );
        second.close().await;
        let forged = json!({"event": "TRANSACTION.SUCCESS", "kind": "transaction", "tampered": true, "resource": {}});
        let refused = self.house.asked("notices", forged).await;
        expect(
            refused["status"] == 401,
            "a notice that somebody touched is refused",
        );
    }

    pub(crate) async fn a_notice_is_lost(&self) {
        chapter("A notice gets lost on its way");
        let man = &self.men[0];
        let order = man.order(2).await;
        assert_eq!(
            self.house.try_pay(&order, json!({"told": false})).await,
            200
        );
        expect(
            man.purse().await == (120, 0),
            "he has paid, and nobody told us",
        );
        self.house.advance(11);
        eventually("the sweeper asks WeChat", || async {
            man.purse().await == (130, 0)
        })
        .await;
        says("the sweeper asks WeChat, and credits his 10");
    }

    pub(crate) async fn gifts_are_given(&self) {
        chapter("Gifts are given, one of them over a bad connection");
        let (man, woman) = (&self.men[0], &self.women[0]);
        let before = self.house.story(&self.group).await.len();
        let id = json!({"request_id": "bear-1", "live_id": self.live});
        let first = man.give(woman, BEAR.0, 2, id.clone()).await.ok();
        expect(first["gold"] == json!(26), "two bears for 104 leave him 26");
        let again = man.give(woman, BEAR.0, 2, id).await.ok();
        expect(
            again == first && man.purse().await == (26, 0),
            "he asks again under the same id: answered alike, given once",
        );
        expect(woman.purse().await == (0, 52), "half of it is her income");
        let empty = man.give(woman, BEAR.0, 1, json!({})).await.ok();
        expect(
            empty["detail"] == "账户余额不足",
            "a third bear is more than he has: 账户余额不足, and nothing moves",
        );
        self.house.delivered().await;
        let told = self.house.story(&self.group).await;
        expect(told[before..] == ["gift"], "the room was told GIFT once");
    }

    pub(crate) async fn a_refund_comes_after_spending(&self) {
        chapter("His first order is refunded, though most of it is spent");
        let man = &self.men[0];
        let orders = man.get("qlive_pay/order/", json!({})).await.ok();
        let first = orders.as_array().unwrap().last().unwrap()["out_trade_no"]
            .as_str()
            .unwrap()
            .to_owned();
        let payments = &self.house.parts.payments;
        payments
            .refund(operator("olga"), &first, None)
            .await
            .unwrap();
        let owed = self
            .house
            .parts
            .users
            .purse(man.id())
            .await
            .unwrap()
            .owed
            .get();
        expect(
            (man.purse().await, owed) == ((0, 0), 34),
            "26 are taken back, 34 are owed; her income stays hers",
        );
        let done = || async {
            payments.refunds_of(&first).await.unwrap()[0]
                .done_at
                .is_some()
        };
        eventually("WeChat says the money is back", done).await;
        let order = man.order(1).await;
        self.house.pay(&order).await;
        expect(
            man.purse().await == (26, 0),
            "the next recharge pays what is owed first",
        );
    }

    pub(crate) async fn income_is_paid_out(&self) {
        chapter("Her income is paid out");
        let woman = &self.women[0];
        let ask = || {
            woman.post(
                "qlive_user/withdraw/",
                json!({"income": 50, "request_id": "payout-1"}),
            )
        };
        ask().await.refused(409, "not_withdrawable");
        says("income of today has to wait a week");
        self.house.advance(8 * 86_400);
        let asked = ask().await.ok();
        expect(
            (&asked["fen"], woman.purse().await) == (&json!(500), (0, 2)),
            "50 coins are 5 yuan, held at once",
        );
        let id = asked["id"].as_i64().unwrap();
        assert!(
            self.house
                .parts
                .payments
                .approve(operator("olga"), id)
                .await
                .unwrap()
        );
        let waits = self.becomes(woman, id, "confirm").await;
        expect(
            waits["package_info"].is_string(),
            "an operator approves, WeChat wants her to confirm",
        );
        let no = self
            .house
            .parts
            .payments
            .withdrawal_of(woman.id(), id)
            .await
            .unwrap()
            .out_bill_no;
        assert_eq!(
            self.house
                .control(&format!("transfers/{no}"), json!({"do": "confirm"}))
                .await,
            204
        );
        self.becomes(woman, id, "paid").await;
        says("she confirms, and it is paid");
    }

    async fn becomes(&self, phone: &Phone, id: i64, state: &str) -> Value {
        // Looked up behind the server's back: a phone that asks so often is told to slow down.
        let payments = &self.house.parts.payments;
        let is = || async {
            payments
                .withdrawal_of(phone.id(), id)
                .await
                .unwrap()
                .state
                .name()
                == state
        };
        eventually(state, is).await;
        phone
            .get("qlive_user/withdrawals/", json!({"id": id}))
            .await
            .ok()
    }

    pub(crate) async fn the_books_are_proved(&self) {
        let audit = self.house.audit().await;
        let systems: Vec<String> = audit
            .systems
            .iter()
            .map(|(name, balance)| format!("{name} {balance}"))
            .collect();
        says(&format!(
            "the audit: {} entries, {} transfers; {}",
            audit.entries,
            audit.transfers,
            systems.join(", ")
        ));
        let all = audit.users
            + audit
                .systems
                .iter()
                .map(|(_, balance)| balance)
                .sum::<i64>();
        expect(
            all == 0,
            "everything that everybody has comes to zero, and every entry is whole",
        );
    }
}
