//! What stands in the database of a [`TestApp`], without HTTP.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_ledger::AuditReport;
use qlive_store::schema::{audit_log, gifts_sent, idempotency_keys, ledger_entries, orders};
use qlive_store::{Conn, StoreError};
use serde_json::Value;

use crate::money::order_number;
use crate::test_app::TestApp;
use crate::wait::wait_until;

impl TestApp {
    /// Executes SQL statements as the owner of the database.
    pub async fn execute_sql(&self, statements: &str) {
        let statements = statements.to_owned();
        self.services
            .db
            .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statements)?))
            .await
            .unwrap();
    }

    /// The rows of the audit log: operator, action, subject, reason.
    pub async fn audit_log(&self) -> Vec<(String, String, String, String)> {
        let columns = (
            audit_log::who,
            audit_log::action,
            audit_log::subject,
            audit_log::reason,
        );
        self.services
            .db
            .read(move |conn| Ok::<_, StoreError>(audit_log::table.select(columns).load(conn)?))
            .await
            .unwrap()
    }

    /// Waits until the stored sums have every entry, and compares them with the ledger, to the
    /// coin.
    pub async fn check_sums(&self) {
        wait_until("the sums have every entry", || async {
            let left = "SELECT (SELECT COUNT(*) FROM ledger_entries)
                - (SELECT COUNT(*) FROM ledger_chain)";
            let behind = "SELECT (SELECT COUNT(*) FROM ledger_chain)
                - (SELECT MIN(position) FROM chain_sums)";
            self.number(left).await == 0 && self.number(behind).await == 0
        })
        .await;
        let summed = "SELECT CAST(COALESCE(SUM(coins), 0) AS BIGINT) FROM daily_sums";
        let moved = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger_transfers";
        let (summed, moved) = (self.number(summed).await, self.number(moved).await);
        assert!(moved > 0, "nothing moved");
        assert_eq!(summed, moved, "the sums differ from the ledger");
        // The rules compare each day and each account.
        self.audit().await;
    }

    /// The number that a query answers.
    async fn number(&self, query: &'static str) -> i64 {
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        let query = format!("SELECT ({query}) AS number");
        let read = move |conn: &mut Conn| {
            let row: Number = diesel::sql_query(&query).get_result(conn)?;
            Ok::<_, StoreError>(row.number)
        };
        self.services.db.read(read).await.unwrap()
    }

    /// Keeps the payment poller from an order for nine minutes. Waits until no instance queries it.
    pub async fn postpone_query(&self, order: &Value) {
        let number = order_number(order).to_owned();
        wait_until("no instance queries the order", || async {
            let (number, now) = (number.clone(), self.clock.now().millis());
            let is_postponed = move |conn: &mut Conn| {
                // A claimed order is due two minutes after its query began; a query that began more
                // than five seconds ago has ended, or its instance was killed.
                let not_queried = orders::next_query_at
                    .ne((orders::queried_at + 120_000_i64).nullable())
                    .or(orders::queried_at.lt(now - 5_000));
                let order = orders::table.find(&number).filter(not_queried);
                let postponed = diesel::update(order)
                    .set(orders::next_query_at.eq(now + 540_000))
                    .execute(conn)?;
                Ok::<_, StoreError>(postponed == 1)
            };
            self.services.db.write(is_postponed).await.unwrap()
        })
        .await;
    }

    /// The idempotency keys in the ledger that start with `prefix`.
    pub async fn idempotency_keys(&self, prefix: &str) -> BTreeSet<String> {
        let keys = idempotency_keys::table
            .filter(idempotency_keys::key.like(format!("{prefix}%")))
            .select(idempotency_keys::key);
        let found: Vec<String> = self
            .services
            .db
            .read(move |conn| Ok::<_, StoreError>(keys.load(conn)?))
            .await
            .unwrap();
        found.into_iter().collect()
    }

    /// The number of rows in a table.
    pub async fn count_rows(&self, table: &'static str) -> i64 {
        let count = |conn: &mut qlive_store::Conn| qlive_store::count_up_to(conn, table, i64::MAX);
        self.services.db.read(count).await.unwrap()
    }

    /// How many gifts were sent.
    pub async fn count_gifts_sent(&self) -> usize {
        let count: i64 = self
            .services
            .db
            .read(|conn| Ok::<_, StoreError>(gifts_sent::table.count().get_result(conn)?))
            .await
            .unwrap();
        usize::try_from(count).unwrap()
    }

    /// The id of the latest ledger entry.
    pub async fn last_entry_id(&self) -> i64 {
        let last = ledger_entries::table.select(diesel::dsl::max(ledger_entries::id));
        let last: Option<i64> = self
            .services
            .db
            .read(move |conn| Ok::<_, StoreError>(last.get_result(conn)?))
            .await
            .unwrap();
        last.unwrap()
    }

    /// The coins that all ledger entries of this kind moved.
    pub async fn ledger_total(&self, kind: i32) -> i64 {
        let totals = ledger_entries::table
            .filter(ledger_entries::kind.eq(kind))
            .select(ledger_entries::total);
        let totals: Vec<i64> = self
            .services
            .db
            .read(move |conn| Ok::<_, StoreError>(totals.load(conn)?))
            .await
            .unwrap();
        totals.into_iter().sum()
    }

    /// Runs the audit.
    ///
    /// # Panics
    /// When a rule is violated, with the violation in the message.
    #[track_caller]
    pub fn audit(&self) -> impl Future<Output = AuditReport> {
        let services = self.services.clone();
        async move {
            services
                .audit()
                .await
                .unwrap_or_else(|error| panic!("{error}"))
        }
    }

    /// Runs the audit and returns the balance of a system account, such as `wechat_pay`.
    pub async fn system_balance(&self, name: &str) -> i64 {
        let audit = self.audit().await;
        let found = audit
            .system_balances
            .iter()
            .find(|(known, _)| *known == name);
        found
            .unwrap_or_else(|| panic!("no system account {name}"))
            .1
    }
}
