//! A server process with three users, and the model that it is compared with.

use std::path::Path;

use qlive_app::{Provider, Services, open_services};
use qlive_store::testing::TestDb;
use qlive_tests::{ServerProcess, TestApp, TestClient, order_number};
use qlive_types::{EntryId, Gender};
use serde_json::Value;

use crate::action::Action;
use crate::ledger::{ModelBalances, ModelLedger};

/// The names of the users, which are their login codes too.
pub(crate) const NAMES: [&str; 3] = ["ann", "ben", "cat"];

/// A gift that was given.
#[derive(Clone)]
pub(crate) struct GivenGift {
    pub(crate) giver: usize,
    pub(crate) receiver: usize,
    pub(crate) coins: i64,
    pub(crate) request_id: String,
    pub(crate) answer: Value,
}

/// The server and the model.
pub(crate) struct Scenario {
    pub(crate) app: TestApp,
    pub(crate) process: ServerProcess,
    /// Services on the same database that sell by virtual payment; the process sells by WeChat Pay.
    pub(crate) virtual_services: Services,
    pub(crate) clients: Vec<TestClient>,
    pub(crate) model: ModelLedger,
    /// What the clients pay the model's orders with, in the same order.
    pub(crate) orders: Vec<Value>,
    pub(crate) gifts: Vec<GivenGift>,
    /// The ids of the model's entries in the ledger, in the same order.
    pub(crate) entries: Vec<EntryId>,
    request_ids: u64,
}

impl Scenario {
    /// Registers the users and starts the process.
    pub(crate) async fn start(db: TestDb, binary: &Path) -> Self {
        let mut app = TestApp::start(db).await;
        let mut clients = Vec::new();
        for name in NAMES {
            clients.push(app.guest(name, Gender::Female).await);
        }
        let process = ServerProcess::start(binary, &mut app).await;
        let mut settings = app.settings.clone();
        settings.payments.provider = Some(Provider::Virtual);
        let virtual_services = open_services(&settings).await.unwrap();
        Self {
            app,
            process,
            virtual_services,
            clients,
            model: ModelLedger::default(),
            orders: Vec::new(),
            gifts: Vec::new(),
            entries: Vec::new(),
            request_ids: 0,
        }
    }

    /// Runs an action on the server and on the model, and checks the server's answers.
    pub(crate) async fn run(&mut self, action: &Action) {
        match *action {
            Action::CreateOrder {
                user,
                block,
                by_wechat_pay,
            } => self.create_order(user, block, by_wechat_pay).await,
            Action::Pay { order, notice } => self.pay(order, notice).await,
            Action::Forge { order, forgery } => self.forge(order, forgery).await,
            Action::QueryOrder { order } => self.query_order(order).await,
            Action::Grant { user, coins } => self.grant(user, coins).await,
            Action::Give {
                user,
                distance,
                coins,
                kill,
            } => self.give(user, (user + distance) % 3, coins, kill).await,
            Action::RepeatGift { gift } => self.repeat_gift(gift).await,
            Action::Refund {
                order,
                fen,
                by_operator,
            } => self.refund(order, fen, by_operator).await,
            Action::ReverseEntry { entry } => self.reverse_entry(entry).await,
            Action::Withdraw {
                user,
                income,
                outcome,
            } => self.withdraw(user, income, outcome).await,
            Action::Restart => self.restart().await,
        }
    }

    async fn restart(&mut self) {
        self.process.kill();
        self.process.spawn(&self.app).await;
    }

    /// A request id that was not used before.
    pub(crate) fn new_request_id(&mut self) -> String {
        self.request_ids += 1;
        format!("n{}", self.request_ids)
    }

    /// Checks the balances of all users against the model.
    pub(crate) async fn check_balances(&self, actions: &[Action]) {
        for (client, expected) in self.clients.iter().zip(self.model.balances) {
            let balances = self.app.services.users.balances(client.id()).await.unwrap();
            let balances = ModelBalances {
                bought: balances.bought.get(),
                granted: balances.granted.get(),
                income: balances.income.get(),
                held: balances.held.get(),
                debt: balances.debt.get(),
            };
            assert_eq!(balances, expected, "{} after {actions:?}", client.user_id);
        }
    }

    /// Checks the stored sums of each day against the ledger.
    pub(crate) async fn check_sums(&self) {
        self.app.check_sums().await;
    }

    /// Runs the audit, and checks the system accounts and the orders against the model.
    pub(crate) async fn check_ledger(&self, actions: &[Action]) {
        let audit = self.app.audit().await;
        let model = &self.model;
        let expected = [
            model.platform,
            model.grants,
            model.paid_out,
            model.wechat_pay,
            model.virtual_payment,
        ];
        let systems: Vec<i64> = audit
            .system_balances
            .iter()
            .map(|(_, balance)| *balance)
            .collect();
        assert_eq!(systems, expected, "after {actions:?}");
        let user_total: i64 = model
            .balances
            .iter()
            .map(|one| one.bought + one.granted + one.income + one.held - one.debt)
            .sum();
        assert_eq!(audit.user_total, user_total);
        let payments = &self.app.services.payments;
        for (expected, content) in model.orders.iter().zip(&self.orders) {
            let order = payments.order(order_number(content)).await.unwrap();
            assert_eq!(
                order.state_name() != "created",
                expected.is_credited,
                "{expected:?}"
            );
            assert_eq!(order.refunded.get(), expected.refunded_fen);
        }
    }

    /// Checks that the process logged no panic.
    pub(crate) fn assert_no_panic(&self) {
        let log = self.process.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}
