//! Entries, balances, keys, reversals, history, and what the database itself refuses.

use crate::support::{NOW, coins, gift, grant, houseful, user, write};
use diesel::connection::{Connection as _, SimpleConnection as _};
use qlive_ledger::{
    Account, Code, Entry, Kind, LedgerError, Purpose, Request, System, audit, credited_since,
    history, post, purse, recall, remember, reverse, seal,
};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};
use qlive_types::{Coins, EntryId, Moment, Page};

on_both!(
    an_entry_moves_balances,
    what_is_short_or_too_much_moves_nothing,
    nothing_written_can_be_changed,
    nothing_written_can_be_replaced,
    a_key_moves_once,
    a_reversal_mirrors_and_exists_once,
    history_tells_balances_after,
    income_is_counted_by_age,
    two_entries_in_opposite_directions_do_not_deadlock,
    the_first_entries_of_a_user_may_come_all_at_once,
    every_balance_has_its_ceiling,
    the_database_itself_refuses_what_must_not_be,
);

async fn an_entry_moves_balances(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10)))
        .await
        .unwrap();
    write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4)))
        .await
        .unwrap();
    let (one, two) = write(&db, |conn| {
        Ok((purse(conn, user(1))?, purse(conn, user(2))?))
    })
    .await
    .unwrap();
    assert_eq!(
        (one.granted, one.income, two.income),
        (coins(6), coins(0), coins(4))
    );
    let found = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!((found.entries, found.transfers, found.users), (2, 2, 10));
    assert_eq!(found.systems[1], ("grants", -10));
}

async fn what_is_short_or_too_much_moves_nothing(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10)))
        .await
        .unwrap();
    for (from, amount) in [(user(1), 11), (user(2), 1)] {
        let short = write(&db, move |conn| {
            post(conn, NOW, &gift(from, user(3), amount))
        })
        .await;
        assert!(matches!(short, Err(LedgerError::Short)), "{short:?}");
    }
    let full = write(&db, |conn| {
        post(conn, NOW, &grant(user(2), Coins::MAX.get()))
    })
    .await;
    full.unwrap();
    let above = write(&db, |conn| post(conn, NOW, &grant(user(2), 1))).await;
    assert!(matches!(above, Err(LedgerError::TooMany)), "{above:?}");
    let bought = Entry::new(Kind::Recharge, "o").moving(
        Account::System(System::WechatPay),
        Account::User(user(2), Purpose::Bought),
        coins(1),
        Code::Recharge,
    );
    let above = write(&db, move |conn| post(conn, NOW, &bought)).await;
    assert!(
        matches!(above, Err(LedgerError::TooMany)),
        "gold is granted and bought together: {above:?}"
    );
    let empty = write(&db, |conn| post(conn, NOW, &Entry::new(Kind::Grant, "x"))).await;
    assert!(matches!(empty, Err(LedgerError::Unbalanced)));
    let found = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!(found.entries, 2, "what was refused left nothing behind");
}

async fn nothing_written_can_be_changed(db: TestDb) {
    houseful(&db).await;
    let request = Request::new("grant:1", "x");
    write(&db, move |conn| {
        let group = post(conn, NOW, &grant(user(1), 10))?;
        remember(conn, NOW, &request, "done", Some(group))?;
        seal(conn, NOW, 0)?;
        Ok(())
    })
    .await
    .unwrap();
    for table in [
        "ledger_groups",
        "ledger_transfers",
        "ledger_requests",
        "ledger_chain",
    ] {
        let column = if table == "ledger_chain" {
            "hash = 'x'"
        } else {
            "at = 0"
        };
        let mut statements = vec![
            format!("UPDATE {table} SET {column}"),
            format!("DELETE FROM {table}"),
        ];
        if db.url.starts_with("postgres") {
            statements.push(format!("TRUNCATE {table} CASCADE"));
        }
        for statement in statements {
            let shown = statement.clone();
            let refused = db
                .db
                .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statement)?))
                .await;
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("insert-only"), "{shown}: {refused}");
        }
    }
}

/// With another program, which knows nothing of our pragmas.
async fn nothing_written_can_be_replaced(db: TestDb) {
    houseful(&db).await;
    let request = Request::new("grant:1", "x");
    let taken_back = write(&db, move |conn| {
        let group = post(conn, NOW, &grant(user(1), 10))?;
        remember(conn, NOW, &request, "done", Some(group))?;
        reverse(conn, NOW, group, "why")?;
        seal(conn, NOW, 0)?;
        Ok(group)
    })
    .await
    .unwrap();
    let Some(path) = db.url.strip_prefix("sqlite://") else {
        return;
    };
    let mut conn = diesel::SqliteConnection::establish(path).unwrap();
    for row in [
        "ledger_groups (id, kind, subject, transfers, total, at) VALUES (1, 1, 'x', 1, 1, 0)".to_owned(),
        format!(
            "ledger_groups (kind, subject, reverses, transfers, total, at) VALUES (9, 'x', {}, 1, 1, 0)",
            taken_back.get()
        ),
        "ledger_transfers (id, group_id, debit, credit, amount, code, at) VALUES (1, 1, 1, 2, 1, 1, 0)".to_owned(),
        "ledger_requests (key, input_hash, outcome, at) VALUES ('grant:1', 'x', 'x', 0)".to_owned(),
        "ledger_requests (rowid, key, input_hash, outcome, at) VALUES (1, 'another', 'x', 'x', 0)".to_owned(),
    ] {
        let refused = conn.batch_execute(&format!("INSERT OR REPLACE INTO {row}")).unwrap_err().to_string();
        assert!(refused.contains("insert-only"), "{row}: {refused}");
    }
}

async fn a_key_moves_once(db: TestDb) {
    houseful(&db).await;
    let ask = |input: &'static str| {
        move |conn: &mut Conn| {
            let request = Request::new("k", input);
            if let Some(outcome) = recall(conn, &request)? {
                return Ok(outcome);
            }
            let group = post(conn, NOW, &grant(user(1), 10))?;
            remember(conn, NOW, &request, &format!("moved {input}"), Some(group))?;
            Ok(String::from("first"))
        }
    };
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move { db.write(ask("a")).await })
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        match task.await.unwrap().unwrap().as_str() {
            "first" => first += 1,
            again => assert_eq!(again, "moved a"),
        }
    }
    assert_eq!(first, 1);
    assert!(matches!(
        write(&db, ask("b")).await,
        Err(LedgerError::KeyReused)
    ));
    let after = write(&db, |conn| Ok(purse(conn, user(1))?)).await.unwrap();
    assert_eq!(after.granted, coins(10));
}

async fn a_reversal_mirrors_and_exists_once(db: TestDb) {
    houseful(&db).await;
    let given = write(&db, |conn| post(conn, NOW, &grant(user(1), 10)))
        .await
        .unwrap();
    let sent = write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4)))
        .await
        .unwrap();
    let short = write(&db, move |conn| reverse(conn, NOW, given, "oops")).await;
    assert!(
        matches!(short, Err(LedgerError::Short)),
        "it is spent: {short:?}"
    );
    let back = write(&db, move |conn| reverse(conn, NOW, sent, "oops"))
        .await
        .unwrap();
    for wrong in [sent, back] {
        let again = write(&db, move |conn| reverse(conn, NOW, wrong, "oops")).await;
        assert!(
            matches!(again, Err(LedgerError::NotReversible)),
            "{again:?}"
        );
    }
    let unknown = write(&db, |conn| reverse(conn, NOW, EntryId::new(999), "oops")).await;
    assert!(matches!(unknown, Err(LedgerError::UnknownEntry)));
    let (one, two) = write(&db, |conn| {
        Ok((purse(conn, user(1))?, purse(conn, user(2))?))
    })
    .await
    .unwrap();
    assert_eq!((one.granted, two.income), (coins(10), coins(0)));
    let recharge = Entry::new(Kind::Recharge, "o").moving(
        Account::System(System::Virtual),
        Account::User(user(1), Purpose::Bought),
        coins(5),
        Code::Recharge,
    );
    let bought = write(&db, move |conn| post(conn, NOW, &recharge))
        .await
        .unwrap();
    let refused = write(&db, move |conn| reverse(conn, NOW, bought, "oops")).await;
    assert!(
        matches!(refused, Err(LedgerError::NotReversible)),
        "money goes back by a refund"
    );
    write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
}

async fn history_tells_balances_after(db: TestDb) {
    houseful(&db).await;
    for number in 1..=10 {
        write(&db, move |conn| {
            post(conn, Moment::from_millis(number), &grant(user(1), number))
        })
        .await
        .unwrap();
    }
    write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 5)))
        .await
        .unwrap();
    let page = |page: i64| {
        let db = &db;
        async move {
            write(db, move |conn| {
                Ok(history(conn, user(1), Page::new(page).unwrap())?)
            })
            .await
            .unwrap()
        }
    };
    let (count, first) = page(1).await;
    let told = |rows: &[qlive_ledger::Movement]| -> Vec<_> {
        rows.iter()
            .map(|row| (row.kind.number(), row.amount, row.gold, row.income))
            .collect()
    };
    assert_eq!(count, 11);
    assert_eq!(
        told(&first)[..3],
        [(3, -5, 50, 0), (2, 10, 55, 0), (2, 9, 45, 0)]
    );
    assert_eq!((first.len(), first[1].at), (8, Moment::from_millis(10)));
    let (_, second) = page(2).await;
    assert_eq!(told(&second), [(2, 3, 6, 0), (2, 2, 3, 0), (2, 1, 1, 0)]);
    assert_eq!(page(3).await, (11, Vec::new()));
    let (count, income) = write(&db, |conn| Ok(history(conn, user(2), Page::FIRST)?))
        .await
        .unwrap();
    assert_eq!((count, told(&income)), (1, vec![(3, 5, 0, 5)]));
    for _ in 0..9 {
        write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 1)))
            .await
            .unwrap();
    }
    let second = Page::new(2).unwrap();
    let (count, earlier) = write(&db, move |conn| Ok(history(conn, user(2), second)?))
        .await
        .unwrap();
    assert_eq!(
        (count, told(&earlier)),
        (10, vec![(3, 1, 0, 6), (3, 5, 0, 5)])
    );
}

async fn income_is_counted_by_age(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10)))
        .await
        .unwrap();
    for at in [100, 200] {
        write(&db, move |conn| {
            post(conn, Moment::from_millis(at), &gift(user(1), user(2), 3))
        })
        .await
        .unwrap();
    }
    for (since, codes, sum) in [
        (99, &[Code::GiftReceived][..], 6),
        (100, &[Code::GiftReceived], 3),
        (200, &[Code::GiftReceived], 0),
        (0, &[Code::PayoutReturned], 0),
    ] {
        let codes = codes.to_vec();
        let found = write(&db, move |conn| {
            Ok(credited_since(
                conn,
                user(2),
                &codes,
                Moment::from_millis(since),
            )?)
        })
        .await
        .unwrap();
        assert_eq!(found, coins(sum), "{since}");
    }
}

async fn two_entries_in_opposite_directions_do_not_deadlock(db: TestDb) {
    houseful(&db).await;
    for number in 1..=3 {
        write(&db, move |conn| post(conn, NOW, &grant(user(number), 1000)))
            .await
            .unwrap();
    }
    let tasks: Vec<_> = (0..60)
        .map(|turn: i64| {
            let db = db.db.clone();
            let (from, to) = (user(turn % 3 + 1), user((turn + 1 + turn % 2) % 3 + 1));
            tokio::spawn(async move {
                db.write(move |conn| post(conn, NOW, &gift(from, to, 1)))
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let found = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!((found.entries, found.users), (63, 3000));
}

async fn the_first_entries_of_a_user_may_come_all_at_once(db: TestDb) {
    houseful(&db).await;
    for number in 1..=3 {
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let db = db.db.clone();
                tokio::spawn(async move {
                    db.write(move |conn| post(conn, NOW, &grant(user(number), 1)))
                        .await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
    let found = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!((found.entries, found.users), (48, 48));
}

async fn every_balance_has_its_ceiling(db: TestDb) {
    houseful(&db).await;
    const MAX: i64 = Coins::MAX.get();
    let grants = Account::System(System::Grants);
    for (purpose, number) in [
        (Purpose::Bought, 1),
        (Purpose::Granted, 2),
        (Purpose::Income, 3),
        (Purpose::Held, 4),
    ] {
        let to = Account::User(user(number), purpose);
        let give = move |amount: i64| {
            move |conn: &mut Conn| {
                post(
                    conn,
                    NOW,
                    &Entry::new(Kind::Grant, "x").moving(grants, to, coins(amount), Code::Grant),
                )
            }
        };
        write(&db, give(MAX - 1)).await.unwrap();
        let above = write(&db, give(2)).await;
        assert!(
            matches!(above, Err(LedgerError::TooMany)),
            "{purpose:?}: {above:?}"
        );
        write(&db, give(1)).await.unwrap();
    }
    let owe = |amount: i64| {
        move |conn: &mut Conn| {
            let from = Account::User(user(1), Purpose::Debt);
            post(
                conn,
                NOW,
                &Entry::new(Kind::Refund, "x").moving(
                    from,
                    grants,
                    coins(amount),
                    Code::RefundOwed,
                ),
            )
        }
    };
    write(&db, owe(MAX - 1)).await.unwrap();
    assert!(matches!(
        write(&db, owe(2)).await,
        Err(LedgerError::TooMany)
    ));
    write(&db, owe(1)).await.unwrap();
    let above = write(&db, |conn| {
        let to = Account::User(user(2), Purpose::Debt);
        post(
            conn,
            NOW,
            &Entry::new(Kind::Recharge, "x").moving(
                Account::System(System::Virtual),
                to,
                coins(1),
                Code::DebtPaid,
            ),
        )
    })
    .await;
    assert!(
        matches!(above, Err(LedgerError::Short)),
        "nobody is owed by his debt: {above:?}"
    );
}

async fn the_database_itself_refuses_what_must_not_be(db: TestDb) {
    houseful(&db).await;
    let request = Request::new("k", "x");
    write(&db, move |conn| {
        let group = post(conn, NOW, &grant(user(1), 10))?;
        remember(conn, NOW, &request, "done", Some(group))?;
        reverse(conn, NOW, group, "back")?;
        seal(conn, NOW, 0)?;
        Ok(())
    })
    .await
    .unwrap();
    let transfer = |id: &str, values: &str| {
        let column = if id.is_empty() { "" } else { "id, " };
        format!(
            "ledger_transfers ({column}group_id, debit, credit, amount, code, at) VALUES ({id}{values}, 3, 1)"
        )
    };
    let mut statements = vec![
        "UPDATE ledger_purses SET bought = -1".to_owned(),
        "UPDATE ledger_purses SET granted = -1".into(),
        "UPDATE ledger_purses SET income = -1".into(),
        "UPDATE ledger_purses SET held = -1".into(),
        "UPDATE ledger_purses SET debt = 1".into(),
        "UPDATE ledger_purses SET bought = 9007199254740992".into(),
        "UPDATE ledger_purses SET bought = 9007199254740991, granted = 1".into(),
        format!("INSERT INTO {}", transfer("", "1, 2, 2, 1")),
        format!("INSERT INTO {}", transfer("", "1, 2, 100000012, 0")),
        format!("INSERT INTO {}", transfer("", "99, 2, 100000012, 1")),
        "INSERT INTO ledger_groups (kind, subject, reverses, transfers, total, at) VALUES (9, 'x', 1, 1, 1, 1)".into(),
        "INSERT INTO ledger_requests (key, input_hash, outcome, at) VALUES ('k', 'y', '', 1)".into(),
        "INSERT INTO ledger_chain (position, group_id, hash, at) VALUES (1, 1, 'x', 1)".into(),
    ];
    statements.push(match db.url.starts_with("sqlite") {
        true => format!(
            "INSERT OR REPLACE INTO {}",
            transfer("1, ", "1, 2, 100000012, 9")
        ),
        false => "TRUNCATE ledger_chain".into(),
    });
    for statement in statements {
        let shown = statement.clone();
        let refused = db
            .db
            .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statement)?))
            .await;
        assert!(refused.is_err(), "{shown}");
    }
    write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
}
