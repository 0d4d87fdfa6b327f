//! The audit names every kind of offender that somebody who owns the database could leave.

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};
use qlive_tests::{House, eventually};
use qlive_types::{Fen, Gender};
use serde_json::json;

use crate::recharge::buyer;

on_both!(every_kind_of_offender_is_named);

/// Makes a change, asks the audits of gifts and payments, and takes the change back.
async fn said(house: &House, change: &'static str) -> String {
    let asked = house.parts.db.write(move |conn| {
        loosen(conn)?;
        diesel::sql_query(change).execute(conn)?;
        let found = match qlive_gifts::audit(conn)? {
            None => qlive_payments::audit(conn)?,
            found => found,
        };
        Err::<(), _>(StoreError::Migration(
            found.map_or_else(|| "in order".to_owned(), |offence| offence.0),
        ))
    });
    asked.await.unwrap_err().to_string()
}

/// Takes the guards away that the tables themselves have.
fn loosen(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(_) => conn.batch_execute(
            "ALTER TABLE ledger_groups DISABLE TRIGGER ALL; ALTER TABLE ledger_transfers DISABLE TRIGGER ALL",
        ),
        Conn::Sqlite(_) => conn.batch_execute(
            "DROP TRIGGER IF EXISTS ledger_groups_no_update; DROP TRIGGER IF EXISTS ledger_transfers_no_update",
        ),
    }
}

const SHARES: &str = "its shares are not where its record says";
const COST: &str = "its entry does not move its cost";
const CREDIT: &str = "not credited once with its gold";
const TAKEN: &str = "its coins were not taken once";
const RETURNED: &str = "its coins come back once";
const HELD: &str = "what was held is not where its state says";
const ORPHAN: &str = "there is no refund or withdrawal of it";

/// A change, and what the audit must say of it.
const OFFENCES: [(&str, &str); 18] = [
    ("UPDATE gifts_sent SET receiver_share = 19", SHARES),
    (
        "UPDATE ledger_transfers SET credit = 100000013 WHERE code = 4",
        SHARES,
    ),
    (
        "UPDATE ledger_transfers SET debit = 100000011 WHERE code IN (4, 6)",
        COST,
    ),
    ("UPDATE ledger_groups SET total = 41 WHERE kind = 3", COST),
    (
        "UPDATE ledger_groups SET kind = 3 WHERE kind = 6",
        "it is a gift without a record",
    ),
    ("UPDATE orders SET gold = 61", CREDIT),
    (
        "UPDATE ledger_transfers SET credit = 100000011 WHERE code = 1",
        CREDIT,
    ),
    (
        "UPDATE ledger_groups SET kind = 1, subject = (SELECT MAX(out_trade_no) FROM orders) WHERE kind = 8",
        CREDIT,
    ),
    (
        "UPDATE ledger_groups SET kind = 1 WHERE kind = 8",
        "it credits an order that is not paid",
    ),
    ("UPDATE refunds SET from_bought = from_bought + 1", TAKEN),
    (
        "UPDATE ledger_transfers SET debit = 100000011 WHERE code = 7",
        TAKEN,
    ),
    (
        "UPDATE refunds SET state = 3, done_at = 1 WHERE state = 2",
        RETURNED,
    ),
    ("UPDATE refunds SET state = 2 WHERE state = 3", RETURNED),
    (
        "UPDATE orders SET refunded_fen = 99",
        "what went back is not what its refunds say",
    ),
    (
        "UPDATE withdrawals SET income = 6",
        "its income was not held once",
    ),
    ("UPDATE withdrawals SET state = 6 WHERE state = 7", HELD),
    (
        "INSERT INTO ledger_groups (kind, subject, transfers, total, at) VALUES (7, '99', 1, 1, 1)",
        ORPHAN,
    ),
    (
        "INSERT INTO ledger_groups (kind, subject, transfers, total, at) VALUES (4, 'R99', 1, 1, 1)",
        ORPHAN,
    ),
];

async fn every_kind_of_offender_is_named(db: TestDb) {
    let house = House::open(db).await;
    let payments = house.parts.payments.clone();
    let (bob, order) = buyer(&house, "bob", 1).await;
    let alice = house.guest("alice", Gender::Female).await;
    bob.give(&alice, 4, 4, json!({})).await.ok();
    let no = order["out_trade_no"].as_str().unwrap();
    let path = "/v3/refund/domestic/refunds";
    let fault = json!({"path": path, "exact": true, "status": 403, "errcode": "USER_ACCOUNT_ABNORMAL", "times": 1});
    house.fault(fault).await;
    for count in 1..=2 {
        payments
            .refund(house.operator(), no, Fen::new(100).ok())
            .await
            .unwrap();
        let settled = || async {
            payments
                .refunds_of(no)
                .await
                .unwrap()
                .iter()
                .filter(|one| one.done_at.is_some())
                .count()
        };
        eventually("it is settled", || async { settled().await == count }).await;
    }
    house.advance(8 * 86_400);
    for id in ["one", "two"] {
        alice
            .post(
                "qlive_user/withdraw/",
                json!({"income": 5, "request_id": id}),
            )
            .await
            .ok();
    }
    payments.reject(house.operator(), 1).await.unwrap();
    house.audit().await;
    for (change, what) in OFFENCES {
        let said = said(&house, change).await;
        assert!(said.contains(what), "{change}: {said}");
    }
    house.audit().await;
}
