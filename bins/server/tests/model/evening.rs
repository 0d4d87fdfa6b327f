//! Playing the steps over HTTP, and holding the server against the model.

use std::path::Path;
use std::time::Duration;

use qlive_server::{Parts, ProviderSetting, operators_house};
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone, Process, eventually};
use qlive_types::{EntryId, Fen, Gender, random};
use serde_json::{Value, json};

use crate::books::{Books, Order, Purse, Step};

const NAMES: [&str; 3] = ["ann", "ben", "cat"];
/// The catalogue's gift of one coin.
const ROSE: i64 = 2;
/// What a coin of income is worth, in fen.
const FEN: i64 = 10;

pub(crate) struct Evening {
    house: House,
    process: Process,
    /// The same services, but that new orders go to virtual payment.
    beside: Parts,
    phones: Vec<Phone>,
    books: Books,
    /// Answered orders, in the model's order.
    orders: Vec<Value>,
    /// Request ids of gifts that were given, with what was asked and answered.
    gifts: Vec<(usize, Value, Value)>,
    /// The numbers of the model's entries in the books.
    entries: Vec<EntryId>,
    numbers: u64,
}

impl Evening {
    pub(crate) async fn open(db: TestDb, binary: &Path) -> Self {
        let mut house = House::open(db).await;
        let mut phones = Vec::new();
        for name in NAMES {
            phones.push(house.guest(name, Gender::Female).await);
        }
        let process = Process::start(binary, &mut house).await;
        let mut settings = house.settings.clone();
        settings.payments.provider = Some(ProviderSetting::Virtual);
        let beside = operators_house(&settings).await.unwrap();
        let (books, orders, gifts, entries) = Default::default();
        Self {
            house,
            process,
            beside,
            phones,
            books,
            orders,
            gifts,
            entries,
            numbers: 0,
        }
    }

    pub(crate) async fn end(self) {
        let log = self.process.log();
        assert!(!log.contains("panicked"), "{log}");
    }

    fn fresh(&mut self) -> String {
        self.numbers += 1;
        format!("n{}", self.numbers)
    }

    pub(crate) async fn play(&mut self, step: &Step) {
        match *step {
            Step::Order { who, block, wechat } => self.order(who, block, wechat).await,
            Step::Pay { order, how } => self.pay(order, how).await,
            Step::Forge { order, how } => self.forge(order, how).await,
            Step::Ask { order } => self.ask(order).await,
            Step::Grant { who, coins } => self.grant(who, coins).await,
            Step::Gift { who, to, num, fate } => self.gift(who, (who + to) % 3, num, fate).await,
            Step::Repeat { gift } => self.repeat(gift).await,
            Step::Refund { order, fen, ours } => self.refund(order, fen, ours).await,
            Step::Reverse { entry } => self.reverse(entry).await,
            Step::Withdraw { who, income, fate } => self.withdraw(who, income, fate).await,
            Step::Kill => self.restart().await,
        }
    }

    async fn restart(&mut self) {
        self.process.kill();
        self.process.serve(&self.house).await;
    }

    /// New orders go to WeChat Pay here; those of the other provider are made beside the process.
    async fn order(&mut self, who: usize, block: i64, wechat: bool) {
        let content = if wechat {
            self.phones[who].order(block).await
        } else {
            let phone = &self.phones[who];
            self.beside
                .payments
                .recharge(phone.id(), block, None)
                .await
                .unwrap()
                .content
        };
        let (gold, fen) = if block == 1 { (60, 600) } else { (10, 100) };
        self.orders.push(content);
        let order = Order {
            who,
            wechat,
            gold,
            fen,
            paid: false,
            credited: false,
            refunded_fen: 0,
            refunded_gold: 0,
        };
        self.books.orders.push(order);
    }

    async fn pay(&mut self, order: usize, how: u8) {
        let Some(at) = (!self.orders.is_empty()).then(|| order % self.orders.len()) else {
            return;
        };
        if self.books.orders[at].paid {
            assert_eq!(self.house.try_pay(&self.orders[at], json!({})).await, 409);
            return;
        }
        let path = if self.books.orders[at].wechat {
            "/pay_notify/"
        } else {
            "/wx_notify/"
        };
        let lost = how == 1;
        match how {
            2 => {
                self.house
                    .fault(json!({"path": path, "notice": "doubled", "times": 1}))
                    .await
            }
            3 if path == "/pay_notify/" => {
                self.house
                    .fault(json!({"path": path, "notice": "probe", "times": 1}))
                    .await
            }
            5 => {
                self.house
                    .fault(json!({"path": path, "notice": "late", "times": 1}))
                    .await
            }
            6 => return self.pay_overtaken(at, path).await,
            _ => {}
        }
        if how == 4 {
            // The server is gone when the notice comes: WeChat comes again.
            self.process.kill();
        }
        assert_eq!(
            self.house
                .try_pay(&self.orders[at], json!({"told": !lost}))
                .await,
            200
        );
        self.books.orders[at].paid = true;
        if how == 4 {
            self.process.serve(&self.house).await;
        }
        if !lost {
            self.is_paid(at).await;
            self.books.credit(at);
        }
    }

    /// Waits for a notice that comes late, or again.
    async fn is_paid(&self, at: usize) {
        let no = self.orders[at]["out_trade_no"].as_str().unwrap();
        eventually("the notice comes", || async {
            self.house
                .parts
                .payments
                .order(no)
                .await
                .unwrap()
                .shown_state()
                == "paid"
        })
        .await;
    }

    /// Two orders are paid, and the notice of the second one comes first.
    async fn pay_overtaken(&mut self, first: usize, path: &str) {
        let next = (0..self.orders.len()).find(|at| *at != first && !self.books.orders[*at].paid);
        let Some(second) = next else { return };
        self.house
            .fault(json!({"path": path, "notice": "reordered", "times": 1}))
            .await;
        for at in [first, second] {
            assert_eq!(self.house.try_pay(&self.orders[at], json!({})).await, 200);
            self.books.orders[at].paid = true;
        }
        for at in [second, first] {
            self.is_paid(at).await;
            self.books.credit(at);
        }
    }

    /// Whatever it says, it moves nothing.
    async fn forge(&mut self, order: usize, how: u8) {
        let Some(at) = (!self.orders.is_empty()).then(|| order % self.orders.len()) else {
            return;
        };
        if how > 3 {
            return self.forge_push(at, how).await;
        }
        let no = &self.orders[at]["out_trade_no"];
        let mut resource = json!({"appid": qlive_tests::APP, "mchid": "1900000001", "out_trade_no": no,
            "transaction_id": "4200-forged", "trade_state": "SUCCESS",
            "amount": {"total": self.books.orders[at].fen, "currency": "CNY"}});
        let quirk = match how {
            0 => json!({"tampered": true}),
            1 => json!({"skew_secs": -400}),
            2 => {
                resource["amount"]["total"] = json!(1);
                json!({})
            }
            _ => {
                resource["mchid"] = json!("1900000009");
                json!({})
            }
        };
        let mut made =
            json!({"event": "TRANSACTION.SUCCESS", "kind": "transaction", "resource": resource});
        made.as_object_mut()
            .unwrap()
            .extend(quirk.as_object().unwrap().clone());
        let status = self.house.asked("notices", made).await["status"]
            .as_u64()
            .unwrap();
        assert!(status == 401 || status == 400, "{status}");
    }

    /// An encrypted push that does not fit its order, or is about another provider's.
    async fn forge_push(&self, at: usize, how: u8) {
        let order = &self.books.orders[at];
        let buyer = if how == 4 {
            "sandbox-mallory".to_owned()
        } else {
            format!("sandbox-{}", NAMES[order.who])
        };
        let told = json!({"Event": "xpay_goods_deliver_notify", "OpenId": buyer, "Env": 1,
            "OutTradeNo": self.orders[at]["out_trade_no"],
            "WeChatPayInfo": {"TransactionId": "4300-forged", "PaidTime": 1},
            "GoodsInfo": {"ProductId": format!("gold_{}", order.gold), "Quantity": 1,
                "OrigPrice": order.fen, "ActualPrice": order.fen - i64::from(how == 5)}});
        let status = self.house.asked("pushes", told).await["status"]
            .as_u64()
            .unwrap();
        // Of WeChat Pay's orders a push knows nothing.
        assert_eq!(status, if order.wechat { 200 } else { 400 });
    }

    async fn ask(&mut self, order: usize) {
        let Some(at) = (!self.orders.is_empty()).then(|| order % self.orders.len()) else {
            return;
        };
        let no = self.orders[at]["out_trade_no"].as_str().unwrap();
        self.house
            .parts
            .payments
            .query(self.house.operator(), no)
            .await
            .unwrap();
        if self.books.orders[at].paid {
            self.books.credit(at);
        }
    }

    async fn grant(&mut self, who: usize, coins: i64) {
        self.house.grant(&self.phones[who], coins).await;
        self.books.grant(who, coins);
        self.note_entry().await;
    }

    async fn gift(&mut self, who: usize, to: usize, num: i64, fate: u8) {
        let id = self.fresh();
        let extra = json!({"request_id": id});
        if fate == 0 {
            self.kill_amid_gift(who, to, num, &id).await;
        }
        let answer = self.phones[who]
            .give(&self.phones[to], ROSE, num, extra.clone())
            .await
            .ok();
        let given = self.books.gift(who, to, num);
        let purse = self.books.purses[who];
        assert_eq!(answer["code"], if given { "success" } else { "failed" });
        assert_eq!(answer["gold"], purse.bought + purse.granted);
        if given {
            let asked = json!({"to": to, "num": num, "request_id": id});
            self.gifts.push((who, asked, answer));
            self.note_entry().await;
        }
    }

    /// Asks, kills the server at a random instant, starts it again. The client then tries again.
    async fn kill_amid_gift(&mut self, who: usize, to: usize, num: i64, id: &str) {
        let path = format!(
            "qlive_gift/push_gift/?user_id={}&gift_id={ROSE}&num={num}&request_id={id}",
            self.phones[to].user_id
        );
        let asking = tokio::spawn(self.phones[who].request(reqwest::Method::GET, &path).send());
        let wait = Duration::from_micros(u64::try_from(random::within(0..=12_000)).unwrap());
        self.process.kill_after(wait).await;
        drop(asking.await);
        self.process.serve(&self.house).await;
    }

    async fn repeat(&mut self, gift: usize) {
        let Some((who, asked, answer)) =
            (!self.gifts.is_empty()).then(|| self.gifts[gift % self.gifts.len()].clone())
        else {
            return;
        };
        let to = usize::try_from(asked["to"].as_u64().unwrap()).unwrap();
        let extra = json!({"request_id": asked["request_id"]});
        let again = self.phones[who]
            .give(
                &self.phones[to],
                ROSE,
                asked["num"].as_i64().unwrap(),
                extra,
            )
            .await
            .ok();
        assert_eq!(again, answer, "the first success again");
    }

    async fn refund(&mut self, order: usize, fen: i64, ours: bool) {
        let Some(at) = (!self.orders.is_empty()).then(|| order % self.orders.len()) else {
            return;
        };
        let order = &self.books.orders[at];
        if !order.credited && (ours || !order.paid || fen > order.fen) {
            return;
        }
        // A refund of the platform's that overtakes the payment's own notice brings it along.
        self.books.credit(at);
        let no = self.orders[at]["out_trade_no"].as_str().unwrap().to_owned();
        let fits = self.books.refund(at, fen);
        if ours {
            let asked = self
                .house
                .parts
                .payments
                .refund(self.house.operator(), &no, Some(Fen::new(fen).unwrap()))
                .await;
            assert_eq!(asked.is_ok(), fits, "{asked:?}");
            if fits {
                self.refunds_done(&no).await;
            }
        } else {
            let status = self
                .house
                .control(&format!("pay/{no}/refund"), json!({"fen": fen}))
                .await;
            assert_eq!(status == 204, fits, "{status}");
        }
    }

    /// One refund after the other, as xpay wants it.
    async fn refunds_done(&self, no: &str) {
        eventually("WeChat refunds it", || async {
            let refunds = self.house.parts.payments.refunds_of(no).await.unwrap();
            refunds.iter().all(|refund| refund.done_at.is_some())
        })
        .await;
    }

    async fn reverse(&mut self, entry: usize) {
        let Some(at) = (!self.entries.is_empty()).then(|| entry % self.entries.len()) else {
            return;
        };
        let done = self
            .house
            .parts
            .users
            .reverse_entry(self.house.operator(), self.entries[at])
            .await;
        assert_eq!(done.is_ok(), self.books.reverse(at), "{done:?}");
    }

    async fn withdraw(&mut self, who: usize, income: i64, fate: u8) {
        let id = self.fresh();
        let body = json!({"income": income, "request_id": id});
        let answer = self.phones[who].post("qlive_user/withdraw/", body).await;
        let purse = self.books.purses[who];
        if income * FEN < 30 {
            answer.refused(400, "too_little");
            return;
        }
        if purse.owed > 0 || income > purse.income {
            assert_eq!(answer.status, 409, "{}", answer.body);
            return;
        }
        let number = answer.ok()["id"].as_i64().unwrap();
        let purse = &mut self.books.purses[who];
        purse.income -= income;
        purse.held += income;
        let payments = self.house.parts.payments.clone();
        match fate {
            0 => return,
            1 => payments
                .reject(self.house.operator(), number)
                .await
                .unwrap(),
            _ => {
                payments
                    .approve(self.house.operator(), number)
                    .await
                    .unwrap();
                self.decide(who, number, if fate == 2 { "confirm" } else { "fail" })
                    .await;
            }
        }
        let purse = &mut self.books.purses[who];
        purse.held -= income;
        if fate == 2 {
            self.books.paid_out += income;
        } else {
            purse.income += income;
        }
    }

    async fn decide(&self, who: usize, number: i64, outcome: &str) {
        let user = self.phones[who].id();
        let seen = || async {
            self.house
                .parts
                .payments
                .withdrawal_of(user, number)
                .await
                .unwrap()
        };
        eventually("it is to be confirmed", || async {
            seen().await.state.name() == "confirm"
        })
        .await;
        let path = format!("transfers/{}", seen().await.out_bill_no);
        assert_eq!(self.house.control(&path, json!({"do": outcome})).await, 204);
        assert!(seen().await.state.is_final());
    }

    /// The number that the books gave the model's last entry.
    async fn note_entry(&mut self) {
        let last = self.house.last_entry().await;
        self.entries.push(EntryId::new(last));
    }

    pub(crate) async fn check_purses(&self, steps: &[Step]) {
        for (phone, expected) in self.phones.iter().zip(self.books.purses) {
            let has = self.house.parts.users.purse(phone.id()).await.unwrap();
            let has = Purse {
                bought: has.bought.get(),
                granted: has.granted.get(),
                income: has.income.get(),
                held: has.held.get(),
                owed: has.owed.get(),
            };
            assert_eq!(has, expected, "{} after {steps:?}", phone.user_id);
        }
    }

    pub(crate) async fn check_books(&self, steps: &[Step]) {
        let audit = self.house.audit().await;
        let Books {
            house,
            grants,
            paid_out,
            wechat_pay,
            xpay,
            ..
        } = self.books;
        let expected = [house, grants, paid_out, wechat_pay, xpay];
        let found: Vec<i64> = audit.systems.iter().map(|(_, balance)| *balance).collect();
        assert_eq!(found, expected, "after {steps:?}");
        let users: i64 = self
            .books
            .purses
            .iter()
            .map(|p| p.bought + p.granted + p.income + p.held - p.owed)
            .sum();
        assert_eq!(audit.users, users);
        for (order, content) in self.books.orders.iter().zip(&self.orders) {
            let shown = self
                .house
                .parts
                .payments
                .order(content["out_trade_no"].as_str().unwrap())
                .await
                .unwrap();
            assert_eq!(
                shown.shown_state() != "created",
                order.credited,
                "{order:?}"
            );
            assert_eq!(shown.refunded.get(), order.refunded_fen);
        }
    }
}
