//! Idempotency keys: stored outcomes, reused keys, and concurrent requests with one key.

use qlive_ledger::{IdempotencyKey, LedgerError, find_outcome, post_entry, store_outcome};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};

use crate::support::{NOW, balances, coins, grant, register_users, user, write};

on_both!(
    concurrent_requests_with_one_key_move_coins_once,
    stored_outcome_is_found_again_and_other_input_is_refused,
    storing_a_key_twice_is_refused,
);

async fn concurrent_requests_with_one_key_move_coins_once(db: TestDb) {
    register_users(&db).await;
    let request = |input: &'static str| {
        move |conn: &mut Conn| {
            let key = IdempotencyKey::new("k", input);
            if let Some(outcome) = find_outcome(conn, &key)? {
                return Ok(outcome);
            }
            let entry = post_entry(conn, NOW, &grant(user(1), 10))?;
            store_outcome(conn, NOW, &key, &format!("moved {input}"), Some(entry))?;
            Ok(String::from("first"))
        }
    };
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move { db.write(request("a")).await })
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        match task.await.unwrap().unwrap().as_str() {
            "first" => first += 1,
            outcome => assert_eq!(outcome, "moved a"),
        }
    }
    assert_eq!(first, 1);
    assert!(matches!(
        write(&db, request("b")).await,
        Err(LedgerError::KeyReused)
    ));
    assert_eq!(balances(&db, user(1)).await.granted, coins(10));
}

async fn stored_outcome_is_found_again_and_other_input_is_refused(db: TestDb) {
    let found = |input: &'static str| {
        write(&db, move |conn| {
            find_outcome(conn, &IdempotencyKey::new("k", input))
        })
    };
    assert_eq!(found("a").await.unwrap(), None);
    write(&db, |conn| {
        store_outcome(conn, NOW, &IdempotencyKey::new("k", "a"), "refused", None)
    })
    .await
    .unwrap();
    assert_eq!(found("a").await.unwrap().as_deref(), Some("refused"));
    assert!(matches!(found("b").await, Err(LedgerError::KeyReused)));
}

async fn storing_a_key_twice_is_refused(db: TestDb) {
    let store = || {
        write(&db, |conn| {
            store_outcome(conn, NOW, &IdempotencyKey::new("k", "a"), "done", None)
        })
    };
    store().await.unwrap();
    let second = store().await;
    // SQLite has one writer, so there the key cannot appear after `find_outcome`: the trigger for
    // insert-only tables refuses it before the unique key does.
    match second {
        Err(LedgerError::Store(StoreError::Busy)) if db.url.starts_with("postgres") => {}
        Err(LedgerError::Store(StoreError::Query(_))) if db.url.starts_with("sqlite") => {}
        other => panic!("{other:?}"),
    }
}
