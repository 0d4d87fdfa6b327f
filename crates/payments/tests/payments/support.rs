//! A shop: the payments service against the sandbox, with two blocks for sale.

use std::collections::BTreeSet;

use diesel::prelude::*;
use qlive_app::Provider;
use qlive_ledger::AuditError;
use qlive_ledger::{
    Account, BalanceKind, Balances, Entry, EntryKind, SystemAccount, TransferCode, load_balances,
    post_entry,
};
use qlive_payments::{
    CallbackOutcome, NewBlock, NoticeKind, NoticeResult, OrderRefund, Payments, RefundState,
    Withdrawal, WithdrawalRequest, find_ledger_violation,
};
use qlive_store::audit_log::Operator;
use qlive_store::schema::audit_log;
use qlive_store::testing::TestDb;
use qlive_tencent::pay::SignatureHeaders;
use qlive_tencent::wechat::push::{MessagePush, PushQuery, ReceivedPush};
use qlive_testing::{Callback, TestServices};
use qlive_types::{Coins, Fen, Gender, UserId};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The gold, price in fen and product of the block that tests buy.
pub(crate) const GOLD: i64 = 60;
pub(crate) const FEN: i64 = 600;
pub(crate) const PRODUCT: &str = "gold_60";

pub(crate) struct Shop {
    pub(crate) test: TestServices,
    /// The id of a block of 60 gold for 6 yuan.
    pub(crate) block: i64,
    push: MessagePush,
}

/// An order, and what its client pays with.
pub(crate) struct Purchase {
    pub(crate) number: String,
    pub(crate) params: Value,
}

pub(crate) fn coins(amount: i64) -> Coins {
    Coins::new(amount).unwrap()
}

pub(crate) fn fen(amount: i64) -> Fen {
    Fen::new(amount).unwrap()
}

pub(crate) fn operator(name: &str) -> Operator {
    Operator::new(name, "a test").unwrap()
}

impl Shop {
    /// A shop whose orders go to WeChat Pay.
    pub(crate) async fn wechat_pay(db: TestDb) -> Self {
        Self::open(db, Provider::WechatPay).await
    }

    /// A shop whose orders go to virtual payment.
    pub(crate) async fn virtual_payment(db: TestDb) -> Self {
        Self::open(db, Provider::Virtual).await
    }

    async fn open(db: TestDb, provider: Provider) -> Self {
        let test = TestServices::start_with(db, |settings| {
            settings.payments.provider = Some(provider);
        })
        .await;
        let push = test.settings.wechat.push.as_ref().unwrap();
        let push =
            MessagePush::new(&push.appid, push.token.clone(), &push.encoding_aes_key).unwrap();
        let mut shop = Self {
            test,
            block: 0,
            push,
        };
        shop.block = shop.add_block(GOLD, FEN, Some(PRODUCT)).await;
        shop
    }

    pub(crate) fn payments(&self) -> &Payments {
        &self.test.services.payments
    }

    pub(crate) async fn add_block(&self, gold: i64, price: i64, product: Option<&str>) -> i64 {
        let block = NewBlock {
            gold: coins(gold),
            price: fen(price),
            product_id: product.map(str::to_owned),
        };
        let added = self.payments().add_block(operator("test"), block).await;
        added.unwrap()
    }

    /// The notices that were kept about an order or a bill.
    pub(crate) async fn kept_notices(&self, subject: &str) -> Vec<(NoticeKind, NoticeResult)> {
        let kept = self.payments().notices_about(subject).await.unwrap();
        kept.iter()
            .map(|notice| (notice.kind, notice.result))
            .collect()
    }

    pub(crate) async fn user(&self, name: &str) -> UserId {
        self.test.user(name, Gender::Male).await
    }

    pub(crate) async fn balances(&self, user: UserId) -> Balances {
        let db = &self.test.services.db;
        db.read(move |conn| load_balances(conn, user))
            .await
            .unwrap()
    }

    /// The bought gold and the debt of a user.
    pub(crate) async fn bought_and_debt(&self, user: UserId) -> (i64, i64) {
        let balances = self.balances(user).await;
        (balances.bought.get(), balances.debt.get())
    }

    /// The income of a user, and the part that is held.
    pub(crate) async fn income_and_held(&self, user: UserId) -> (i64, i64) {
        let balances = self.balances(user).await;
        (balances.income.get(), balances.held.get())
    }

    /// Gives income to a user, as gifts do.
    pub(crate) async fn earn(&self, user: UserId, amount: i64) {
        self.post(
            EntryKind::Gift,
            Account::System(SystemAccount::Grants),
            Account::User(user, BalanceKind::Income),
            (amount, TransferCode::GiftReceived),
        )
        .await;
    }

    /// Takes bought gold away from a user, as gifts do.
    pub(crate) async fn spend_bought(&self, user: UserId, amount: i64) {
        self.post(
            EntryKind::Gift,
            Account::User(user, BalanceKind::Bought),
            Account::System(SystemAccount::Platform),
            (amount, TransferCode::GiftPlatform),
        )
        .await;
    }

    /// Gives bought gold to another user, as gifts do.
    pub(crate) async fn give_bought(&self, giver: UserId, receiver: UserId, amount: i64) {
        self.post(
            EntryKind::Gift,
            Account::User(giver, BalanceKind::Bought),
            Account::User(receiver, BalanceKind::Income),
            (amount, TransferCode::GiftReceived),
        )
        .await;
    }

    async fn post(
        &self,
        kind: EntryKind,
        from: Account,
        to: Account,
        (amount, code): (i64, TransferCode),
    ) {
        let now = self.test.clock.now();
        let entry = Entry::new(kind, "1").with_transfer(from, to, coins(amount), code);
        let db = &self.test.services.db;
        db.write(move |conn| post_entry(conn, now, &entry))
            .await
            .unwrap();
    }

    /// Creates an order of the block of 60 gold.
    pub(crate) async fn order(&self, user: UserId) -> Purchase {
        let created = self.payments().create_order(user, self.block, None).await;
        let params = created.unwrap().content;
        Purchase {
            number: params["out_trade_no"].as_str().unwrap().to_owned(),
            params,
        }
    }

    /// The buyer pays. The sandbox sends its callback, which is recorded and not handled.
    pub(crate) async fn pay(&self, order: &Purchase) {
        assert_eq!(
            self.try_pay(order, json!({})).await,
            200,
            "{}",
            order.number
        );
    }

    /// The buyer pays, and the callback is lost.
    pub(crate) async fn pay_unreported(&self, order: &Purchase) {
        let lost = json!({"told": false, "late": true});
        assert_eq!(self.try_pay(order, lost).await, 200, "{}", order.number);
    }

    async fn try_pay(&self, order: &Purchase, mut body: Value) -> u16 {
        for (key, value) in order.params.as_object().unwrap() {
            body[key] = value.clone();
        }
        let path = format!("/sandbox/pay/{}", order.number);
        self.test.sandbox_post(&path, body).await
    }

    /// An order that is paid and credited.
    pub(crate) async fn paid_order(&self, user: UserId) -> Purchase {
        let order = self.order(user).await;
        self.pay(&order).await;
        let outcome = self.handle_last(&order).await;
        assert!(
            matches!(outcome, CallbackOutcome::Accepted(_)),
            "{outcome:?}"
        );
        assert_eq!(self.state(&order).await, "paid");
        order
    }

    /// Handles the last callback of the provider that the order went to.
    pub(crate) async fn handle_last(&self, order: &Purchase) -> CallbackOutcome {
        match order.params["provider"].as_str().unwrap() {
            "wechat_pay" => self.handle_notice(&self.last_notice()).await,
            _ => self.handle_push(&self.last_push()).await,
        }
    }

    /// The state of an order, by its name.
    pub(crate) async fn state(&self, order: &Purchase) -> &'static str {
        let found = self.payments().order(&order.number).await;
        found.unwrap().state_name()
    }

    /// The recorded notices of WeChat Pay, without those that the sandbox repeated.
    pub(crate) fn notices(&self) -> Vec<Callback> {
        let mut ids = BTreeSet::new();
        let mut notices = self.test.callbacks("pay_notify");
        notices.retain(|notice| {
            let body: Value = serde_json::from_slice(&notice.body).unwrap();
            let id = body["id"].as_str().unwrap().to_owned();
            id == "made-up" || ids.insert(id)
        });
        notices
    }

    pub(crate) fn last_notice(&self) -> Callback {
        self.notices().pop().unwrap()
    }

    pub(crate) async fn handle_notice(&self, notice: &Callback) -> CallbackOutcome {
        let (payments, signed) = (self.payments(), signed(notice));
        let handled = payments.handle_pay_notice(&signed, &notice.body).await;
        handled.unwrap()
    }

    /// Has the sandbox sign a notice with this content, and handles it.
    pub(crate) async fn handle_made_up_notice(&self, made_up: Value) -> CallbackOutcome {
        let notice = self.make_up_notice(made_up).await;
        self.handle_notice(&notice).await
    }

    /// Has the sandbox sign a notice with this content.
    pub(crate) async fn make_up_notice(&self, made_up: Value) -> Callback {
        self.test.sandbox_post("/sandbox/notices", made_up).await;
        let mut notices = self.test.callbacks("pay_notify");
        notices.retain(|notice| String::from_utf8_lossy(&notice.body).contains("\"made-up\""));
        notices.pop().unwrap()
    }

    /// The recorded message pushes, without those that the sandbox repeated.
    pub(crate) fn pushes(&self) -> Vec<Callback> {
        let mut events = Vec::new();
        let mut pushes = self.test.callbacks("wx_notify");
        pushes.retain(|push| {
            let event = self.open_push(push).event;
            let is_new = !events.contains(&event);
            events.push(event);
            is_new
        });
        pushes
    }

    pub(crate) fn last_push(&self) -> Callback {
        self.pushes().pop().unwrap()
    }

    pub(crate) fn open_push(&self, push: &Callback) -> ReceivedPush {
        let fields = push
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let mut query = PushQuery::default();
        for (key, value) in fields {
            let field = match key {
                "signature" => &mut query.signature,
                "msg_signature" => &mut query.msg_signature,
                "timestamp" => &mut query.timestamp,
                "nonce" => &mut query.nonce,
                "encrypt_type" => &mut query.encrypt_type,
                _ => continue,
            };
            value.clone_into(field);
        }
        self.push.verify_and_parse(&query, &push.body).unwrap()
    }

    pub(crate) async fn handle_push(&self, push: &Callback) -> CallbackOutcome {
        let handled = self.payments().handle_push(&self.open_push(push)).await;
        handled.unwrap()
    }

    /// Has the sandbox send a push with this content, and handles it.
    pub(crate) async fn handle_made_up_push(&self, message: Value) -> CallbackOutcome {
        let before = self.test.callbacks("wx_notify");
        let known: Vec<_> = before
            .iter()
            .map(|push| self.open_push(push).event)
            .collect();
        self.test.sandbox_post("/sandbox/pushes", message).await;
        let mut new = self.test.callbacks("wx_notify").split_off(before.len());
        // Pushes of before may have been repeated meanwhile.
        let made_up = new
            .iter()
            .position(|push| !known.contains(&self.open_push(push).event));
        let push = new.swap_remove(made_up.unwrap_or(new.len() - 1));
        self.handle_push(&push).await
    }

    /// Sends pushes in plain mode from now on.
    pub(crate) async fn use_plain_pushes(&self) {
        let mode = json!({"secure": false, "xml": false});
        assert_eq!(self.test.sandbox_post("/sandbox/push", mode).await, 204);
    }

    /// Requests a refund, of all that is left when there is no amount. Returns its number.
    pub(crate) async fn refund(&self, order: &Purchase, amount: Option<i64>) -> String {
        let requested =
            self.payments()
                .request_refund(operator("test"), &order.number, amount.map(fen));
        requested.await.unwrap().unwrap()
    }

    pub(crate) async fn refunds(&self, order: &Purchase) -> Vec<OrderRefund> {
        self.payments().refunds_of(&order.number).await.unwrap()
    }

    /// The fen and state of each refund of an order.
    pub(crate) async fn refund_states(&self, order: &Purchase) -> Vec<(i64, RefundState)> {
        let refunds = self.refunds(order).await;
        let states = refunds
            .iter()
            .map(|refund| (refund.fen.get(), refund.state));
        states.collect()
    }

    /// Requests a withdrawal of income, without a real name.
    pub(crate) async fn withdraw(&self, user: UserId, income: i64, key: &str) -> Withdrawal {
        let request = withdrawal_request(user, income, key);
        self.payments().request_withdrawal(request).await.unwrap()
    }

    pub(crate) async fn withdrawal(&self, withdrawal: &Withdrawal) -> Withdrawal {
        let found = self
            .payments()
            .withdrawal_of(withdrawal.user, withdrawal.id);
        found.await.unwrap()
    }

    /// Runs the payment poller until `check` is true.
    pub(crate) async fn poll_until(&self, what: &str, check: impl AsyncFn() -> bool) {
        let stop = CancellationToken::new();
        let poller = self.test.services.payment_poller();
        let running = tokio::spawn(poller.run(stop.clone()));
        self.test.wait_until(what, check).await;
        stop.cancel();
        running.await.unwrap();
    }

    /// Switches a fault of the sandbox on.
    pub(crate) async fn fault(&self, fault: Value) {
        assert_eq!(self.test.sandbox_post("/sandbox/faults", fault).await, 204);
    }

    /// Switches all faults off.
    pub(crate) async fn clear_faults(&self) {
        let request = self
            .test
            .http
            .delete(format!("{}/sandbox/faults", self.test.sandbox));
        request.send().await.unwrap();
    }

    pub(crate) async fn sandbox_state(&self) -> Value {
        self.test.sandbox_get("/sandbox/state", &[]).await
    }

    /// How often the sandbox was called on this path.
    pub(crate) async fn calls(&self, path: &str) -> u64 {
        let state = self.sandbox_state().await;
        state["calls"][path].as_u64().unwrap_or(0)
    }

    /// The actions in the operators' audit log.
    pub(crate) async fn logged_actions(&self) -> Vec<String> {
        let db = &self.test.services.db;
        db.read(|conn| {
            let rows = audit_log::table
                .order(audit_log::id)
                .select(audit_log::action);
            Ok::<_, qlive_store::StoreError>(rows.load(conn)?)
        })
        .await
        .unwrap()
    }

    /// Checks the ledger, and orders, refunds and withdrawals against it.
    pub(crate) async fn audit(&self) {
        let db = &self.test.services.db;
        let violation = db
            .read(|conn| {
                qlive_ledger::audit(conn)?;
                Ok::<_, AuditError>(find_ledger_violation(conn)?)
            })
            .await;
        assert_eq!(violation.unwrap(), None);
    }
}

pub(crate) fn withdrawal_request(user: UserId, income: i64, key: &str) -> WithdrawalRequest {
    WithdrawalRequest {
        user,
        income: coins(income),
        request_id: key.into(),
        real_name: None,
    }
}

/// The signature headers of a notice of WeChat Pay.
pub(crate) fn signed(notice: &Callback) -> SignatureHeaders {
    SignatureHeaders {
        timestamp: notice.header("Wechatpay-Timestamp").to_owned(),
        nonce: notice.header("Wechatpay-Nonce").to_owned(),
        signature: notice.header("Wechatpay-Signature").to_owned(),
        serial: notice.header("Wechatpay-Serial").to_owned(),
    }
}
