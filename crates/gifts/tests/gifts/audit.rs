//! The audit finds every disagreement between records and ledger.

use diesel::prelude::*;
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};

use crate::support::Pair;

on_both!(
    audit_of_correct_gifts_finds_nothing,
    falsified_gift_is_a_violation,
);

/// The violation that the audit of gifts finds after `statement`, which is then rolled back.
async fn violation_after(pair: &Pair, statement: String) -> Option<String> {
    let db = &pair.test.services.db;
    let (sender, found) = std::sync::mpsc::channel();
    let undone: Result<(), StoreError> = db
        .write(move |conn| {
            if !statement.is_empty() {
                diesel::sql_query(&statement).execute(conn)?;
            }
            sender.send(qlive_gifts::audit(conn)?).unwrap();
            Err(StoreError::Corrupt("undo"))
        })
        .await;
    assert!(
        matches!(undone, Err(StoreError::Corrupt("undo"))),
        "{undone:?}"
    );
    found.recv().unwrap().map(|violation| violation.0)
}

async fn audit_of_correct_gifts_finds_nothing(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    assert_eq!(violation_after(&pair, String::new()).await, None);
    let (gift, free) = (pair.gift(10).await, pair.gift(0).await);
    pair.send(pair.request(gift, 2)).await.unwrap();
    pair.send(pair.request(free, 2)).await.unwrap();
    assert_eq!(violation_after(&pair, String::new()).await, None);
}

async fn falsified_gift_is_a_violation(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    pair.set_rate("HOST_RATE", "0.1").await;
    let gift = pair.gift(10).await;
    let (host, live) = pair.live_room("host").await;
    pair.enter(pair.giver, live).await;
    pair.enter(pair.receiver, live).await;
    pair.send(pair.request(gift, 2)).await.unwrap();
    let id = pair.records().await[0].id;
    let (cost, shares) = (
        format!("gift {id}: its entry does not move its cost"),
        format!("gift {id}: its entry does not move its shares"),
    );
    let (giver, host) = (pair.giver, host);
    for (change, expected) in [
        (format!("giver_id = {host}"), cost.as_str()),
        ("num = 1, cost = 10".into(), cost.as_str()),
        (format!("receiver_id = {host}"), shares.as_str()),
        ("receiver_share = 11".into(), shares.as_str()),
        ("host_share = 0".into(), shares.as_str()),
        (format!("host_id = {giver}"), shares.as_str()),
        ("host_id = NULL".into(), shares.as_str()),
    ] {
        let found = violation_after(&pair, format!("UPDATE gifts_sent SET {change}")).await;
        assert_eq!(found.as_deref(), Some(expected), "{change}");
    }
    let found = violation_after(&pair, "DELETE FROM gifts_sent".into()).await;
    assert!(found.unwrap().ends_with("it is a gift without a record"));
}
