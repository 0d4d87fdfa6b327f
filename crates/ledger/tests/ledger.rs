//! What the books promise, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use qlive_ledger::{
    Account, Code, Entry, Kind, LedgerError, Purpose, Request, Sealer, System, audit, credited_since, history, post,
    purse, recall, remember, reverse, seal,
};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};
use qlive_types::{Clock, Coins, EntryId, Moment, Page, UserId};
use support::{coins, houseful, user};
use tokio_util::sync::CancellationToken;

on_both!(
    an_entry_moves_balances,
    what_is_short_or_too_much_moves_nothing,
    nothing_written_can_be_changed,
    a_key_moves_once,
    a_reversal_mirrors_and_exists_once,
    history_tells_balances_after,
    income_is_counted_by_age,
    entries_are_sealed_in_a_chain,
    the_audit_names_every_kind_of_offender,
    books_from_before_the_count_are_counted,
    two_entries_in_opposite_directions_do_not_deadlock,
    the_first_entries_of_a_user_may_come_all_at_once,
    every_balance_has_its_ceiling,
    the_sealer_seals_what_is_committed,
    the_sealer_walks_through_many_and_finds_who_was_late,
    the_database_itself_refuses_what_must_not_be,
);

const NOW: Moment = Moment::from_millis(1_000_000);

fn grant(to: UserId, amount: i64) -> Entry {
    Entry::new(Kind::Grant, "because").moving(
        Account::System(System::Grants),
        Account::User(to, Purpose::Granted),
        coins(amount),
        Code::Grant,
    )
}

fn gift(from: UserId, to: UserId, amount: i64) -> Entry {
    Entry::new(Kind::Gift, "g").moving(
        Account::User(from, Purpose::Granted),
        Account::User(to, Purpose::Income),
        coins(amount),
        Code::GiftReceived,
    )
}

async fn write<T: Send + 'static>(
    db: &TestDb,
    act: impl Fn(&mut Conn) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    db.db.write(act).await
}

async fn an_entry_moves_balances(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10))).await.unwrap();
    write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4))).await.unwrap();
    let (one, two) = write(&db, |conn| Ok((purse(conn, user(1))?, purse(conn, user(2))?))).await.unwrap();
    assert_eq!((one.granted, one.income, two.income), (coins(6), coins(0), coins(4)));
    let found = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!((found.entries, found.transfers, found.users), (2, 2, 10));
    assert_eq!(found.systems[1], ("grants", -10));
}

async fn what_is_short_or_too_much_moves_nothing(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10))).await.unwrap();
    for (from, amount) in [(user(1), 11), (user(2), 1)] {
        let short = write(&db, move |conn| post(conn, NOW, &gift(from, user(3), amount))).await;
        assert!(matches!(short, Err(LedgerError::Short)), "{short:?}");
    }
    let full = write(&db, |conn| post(conn, NOW, &grant(user(2), Coins::MAX.get()))).await;
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
    assert!(matches!(above, Err(LedgerError::TooMany)), "gold is granted and bought together: {above:?}");
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
    for table in ["ledger_groups", "ledger_transfers", "ledger_requests", "ledger_chain"] {
        let column = if table == "ledger_chain" { "hash = 'x'" } else { "at = 0" };
        for statement in [format!("UPDATE {table} SET {column}"), format!("DELETE FROM {table}")] {
            let shown = statement.clone();
            let refused = db.db.write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statement)?)).await;
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("insert-only"), "{shown}: {refused}");
        }
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
    assert!(matches!(write(&db, ask("b")).await, Err(LedgerError::KeyReused)));
    let after = write(&db, |conn| Ok(purse(conn, user(1))?)).await.unwrap();
    assert_eq!(after.granted, coins(10));
}

async fn a_reversal_mirrors_and_exists_once(db: TestDb) {
    houseful(&db).await;
    let given = write(&db, |conn| post(conn, NOW, &grant(user(1), 10))).await.unwrap();
    let sent = write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4))).await.unwrap();
    let short = write(&db, move |conn| reverse(conn, NOW, given, "oops")).await;
    assert!(matches!(short, Err(LedgerError::Short)), "it is spent: {short:?}");
    let back = write(&db, move |conn| reverse(conn, NOW, sent, "oops")).await.unwrap();
    for wrong in [sent, back] {
        let again = write(&db, move |conn| reverse(conn, NOW, wrong, "oops")).await;
        assert!(matches!(again, Err(LedgerError::NotReversible)), "{again:?}");
    }
    let unknown = write(&db, |conn| reverse(conn, NOW, EntryId::new(999), "oops")).await;
    assert!(matches!(unknown, Err(LedgerError::UnknownEntry)));
    let (one, two) = write(&db, |conn| Ok((purse(conn, user(1))?, purse(conn, user(2))?))).await.unwrap();
    assert_eq!((one.granted, two.income), (coins(10), coins(0)));
    let recharge = Entry::new(Kind::Recharge, "o").moving(
        Account::System(System::Virtual),
        Account::User(user(1), Purpose::Bought),
        coins(5),
        Code::Recharge,
    );
    let bought = write(&db, move |conn| post(conn, NOW, &recharge)).await.unwrap();
    let refused = write(&db, move |conn| reverse(conn, NOW, bought, "oops")).await;
    assert!(matches!(refused, Err(LedgerError::NotReversible)), "money goes back by a refund");
    write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
}

async fn history_tells_balances_after(db: TestDb) {
    houseful(&db).await;
    for number in 1..=10 {
        write(&db, move |conn| post(conn, Moment::from_millis(number), &grant(user(1), number))).await.unwrap();
    }
    write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 5))).await.unwrap();
    let page = |page: i64| {
        let db = &db;
        async move { write(db, move |conn| Ok(history(conn, user(1), Page::new(page).unwrap())?)).await.unwrap() }
    };
    let (count, first) = page(1).await;
    let told = |rows: &[qlive_ledger::Movement]| -> Vec<_> {
        rows.iter().map(|row| (row.kind.number(), row.amount, row.gold, row.income)).collect()
    };
    assert_eq!(count, 11);
    assert_eq!(told(&first)[..3], [(3, -5, 50, 0), (2, 10, 55, 0), (2, 9, 45, 0)]);
    assert_eq!((first.len(), first[1].at), (8, Moment::from_millis(10)));
    let (_, second) = page(2).await;
    assert_eq!(told(&second), [(2, 3, 6, 0), (2, 2, 3, 0), (2, 1, 1, 0)]);
    assert_eq!(page(3).await, (11, Vec::new()));
    let (count, income) = write(&db, |conn| Ok(history(conn, user(2), Page::FIRST)?)).await.unwrap();
    assert_eq!((count, told(&income)), (1, vec![(3, 5, 0, 5)]));
    for _ in 0..9 {
        write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 1))).await.unwrap();
    }
    let second = Page::new(2).unwrap();
    let (count, earlier) = write(&db, move |conn| Ok(history(conn, user(2), second)?)).await.unwrap();
    assert_eq!((count, told(&earlier)), (10, vec![(3, 1, 0, 6), (3, 5, 0, 5)]));
}

async fn income_is_counted_by_age(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10))).await.unwrap();
    for at in [100, 200] {
        write(&db, move |conn| post(conn, Moment::from_millis(at), &gift(user(1), user(2), 3))).await.unwrap();
    }
    for (since, codes, sum) in [
        (99, &[Code::GiftReceived][..], 6),
        (100, &[Code::GiftReceived], 3),
        (200, &[Code::GiftReceived], 0),
        (0, &[Code::PayoutReturned], 0),
    ] {
        let codes = codes.to_vec();
        let found = write(&db, move |conn| Ok(credited_since(conn, user(2), &codes, Moment::from_millis(since))?))
            .await
            .unwrap();
        assert_eq!(found, coins(sum), "{since}");
    }
}

async fn entries_are_sealed_in_a_chain(db: TestDb) {
    houseful(&db).await;
    for number in 1..=5 {
        write(&db, move |conn| post(conn, NOW, &grant(user(1), number))).await.unwrap();
    }
    // Several sealers at once.
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move { db.write(|conn| seal(conn, NOW, 0)).await })
        })
        .collect();
    let mut sealed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(count) => sealed += count,
            Err(StoreError::Busy) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(sealed, 5);
    let before = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!((before.sealed, before.head.len()), (5, 64));
    write(&db, |conn| post(conn, NOW, &grant(user(1), 6))).await.unwrap();
    assert_eq!(write(&db, |conn| Ok(seal(conn, NOW, 0)?)).await.unwrap(), 1);
    let after = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!(after.sealed, 6);
    assert_ne!(after.head, before.head);
}

/// Changes rows as only somebody can who owns the database, and answers what the audit says.
async fn offence(db: &TestDb, change: &'static str) -> String {
    const TABLES: [&str; 4] = ["ledger_groups", "ledger_transfers", "ledger_requests", "ledger_chain"];
    db.db
        .write(move |conn| {
            match conn {
                Conn::Pg(_) => {
                    for table in TABLES {
                        conn.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL"))?;
                    }
                }
                Conn::Sqlite(_) => {
                    conn.batch_execute("PRAGMA defer_foreign_keys = ON")?;
                    for table in TABLES {
                        for what in ["update", "delete"] {
                            conn.batch_execute(&format!("DROP TRIGGER IF EXISTS {table}_no_{what}"))?;
                        }
                    }
                }
            }
            diesel::sql_query(change).execute(conn)?;
            let found = audit(conn)?;
            // What was done for the question is undone with it.
            Err::<(), _>(match found {
                Ok(_) => StoreError::Migration(String::from("nothing")),
                Err(offence) => StoreError::Migration(offence.0),
            })
        })
        .await
        .unwrap_err()
        .to_string()
}

async fn the_audit_names_every_kind_of_offender(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10))).await.unwrap();
    let sent = write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4))).await.unwrap();
    write(&db, move |conn| reverse(conn, NOW, sent, "oops")).await.unwrap();
    write(&db, |conn| Ok(seal(conn, NOW, 0)?)).await.unwrap();
    for (change, what) in [
        (
            "UPDATE ledger_purses SET granted = granted + 1 WHERE user_id = 10000001",
            "the balance granted is 11, its transfers come to 10",
        ),
        ("UPDATE ledger_purses SET entries = 4 WHERE user_id = 10000001", "counts 4 entries, there are 3"),
        ("UPDATE ledger_transfers SET amount = 11 WHERE id = 1", "the balance granted is 10, its transfers come to 11"),
        ("UPDATE ledger_groups SET transfers = 2 WHERE id = 1", "entry 1: of 2 transfers there are 1"),
        ("UPDATE ledger_groups SET total = 9 WHERE id = 2", "entry 2: of 1 transfers there are 1"),
        ("UPDATE ledger_transfers SET code = 5 WHERE id = 3", "entry 3: it does not mirror entry 2"),
        ("UPDATE ledger_groups SET reverses = NULL WHERE id = 3", "entry 3: only a reversal reverses"),
        ("UPDATE ledger_groups SET subject = 'y' WHERE id = 2", "the chain breaks at position 2: entry 2 was changed"),
        ("UPDATE ledger_groups SET at = 5 WHERE id = 1", "the chain breaks at position 1"),
        ("UPDATE ledger_chain SET hash = 'x' WHERE position = 2", "the chain breaks at position 2"),
        ("DELETE FROM ledger_chain WHERE position = 2", "a link is missing"),
        ("UPDATE ledger_transfers SET debit = 99 WHERE id = 1", "account 99 does not exist"),
    ] {
        let said = offence(&db, change).await;
        assert!(said.contains(what), "{change}: {said}");
    }
    write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
}

async fn books_from_before_the_count_are_counted(db: TestDb) {
    const MIGRATION: &str = include_str!("../../../migrations/postgres/2026-11-24-130000_purse_entries/up.sql");
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10))).await.unwrap();
    let sent = write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4))).await.unwrap();
    write(&db, move |conn| reverse(conn, NOW, sent, "oops")).await.unwrap();
    let fill = MIGRATION.find("UPDATE").map(|at| MIGRATION.split_at(at).1).unwrap();
    write(&db, move |conn| {
        diesel::sql_query("UPDATE ledger_purses SET entries = 0").execute(conn)?;
        diesel::sql_query(fill).execute(conn)?;
        Ok(audit(conn)?)
    })
    .await
    .unwrap()
    .unwrap();
}

async fn two_entries_in_opposite_directions_do_not_deadlock(db: TestDb) {
    houseful(&db).await;
    for number in 1..=3 {
        write(&db, move |conn| post(conn, NOW, &grant(user(number), 1000))).await.unwrap();
    }
    let tasks: Vec<_> = (0..60)
        .map(|turn: i64| {
            let db = db.db.clone();
            let (from, to) = (user(turn % 3 + 1), user((turn + 1 + turn % 2) % 3 + 1));
            tokio::spawn(async move { db.write(move |conn| post(conn, NOW, &gift(from, to, 1))).await })
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
                tokio::spawn(async move { db.write(move |conn| post(conn, NOW, &grant(user(number), 1))).await })
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
    for (purpose, number) in [(Purpose::Bought, 1), (Purpose::Granted, 2), (Purpose::Income, 3), (Purpose::Held, 4)] {
        let to = Account::User(user(number), purpose);
        let give = move |amount: i64| {
            move |conn: &mut Conn| {
                post(conn, NOW, &Entry::new(Kind::Grant, "x").moving(grants, to, coins(amount), Code::Grant))
            }
        };
        write(&db, give(MAX - 1)).await.unwrap();
        let above = write(&db, give(2)).await;
        assert!(matches!(above, Err(LedgerError::TooMany)), "{purpose:?}: {above:?}");
        write(&db, give(1)).await.unwrap();
    }
    let owe = |amount: i64| {
        move |conn: &mut Conn| {
            let from = Account::User(user(1), Purpose::Debt);
            post(conn, NOW, &Entry::new(Kind::Refund, "x").moving(from, grants, coins(amount), Code::RefundOwed))
        }
    };
    write(&db, owe(MAX - 1)).await.unwrap();
    assert!(matches!(write(&db, owe(2)).await, Err(LedgerError::TooMany)));
    write(&db, owe(1)).await.unwrap();
    let above = write(&db, |conn| {
        let to = Account::User(user(2), Purpose::Debt);
        post(
            conn,
            NOW,
            &Entry::new(Kind::Recharge, "x").moving(Account::System(System::Virtual), to, coins(1), Code::DebtPaid),
        )
    })
    .await;
    assert!(matches!(above, Err(LedgerError::Short)), "nobody is owed by his debt: {above:?}");
}

async fn the_sealer_seals_what_is_committed(db: TestDb) {
    houseful(&db).await;
    let clock = Clock::system();
    let now = clock.now();
    let stop = CancellationToken::new();
    let sealer = tokio::spawn(Sealer::new(db.db.clone(), clock.clone()).run(stop.clone()));
    for number in 1..=3 {
        write(&db, move |conn| post(conn, now, &grant(user(1), number))).await.unwrap();
    }
    sealed(&db, 3).await;
    // What is long settled is not looked at again; what comes after it is.
    clock.advance(std::time::Duration::from_secs(3_600));
    tokio::time::sleep(std::time::Duration::from_millis(2_200)).await;
    write(&db, move |conn| post(conn, now, &grant(user(2), 4))).await.unwrap();
    sealed(&db, 4).await;
    stop.cancel();
    sealer.await.unwrap();
}

async fn the_sealer_walks_through_many_and_finds_who_was_late(db: TestDb) {
    houseful(&db).await;
    let late = if db.url.starts_with("postgres") {
        // It took its number before all the others, and commits after they are sealed.
        let (holder, (took, taken), (release, released)) =
            (db.db.clone(), std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
        let late = tokio::spawn(async move {
            let slow = move |conn: &mut Conn| {
                let entry = post(conn, NOW, &grant(user(2), 1))?;
                took.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, LedgerError>(entry)
            };
            holder.write(slow).await.unwrap();
        });
        tokio::task::spawn_blocking(move || taken.recv().unwrap()).await.unwrap();
        Some((late, release))
    } else {
        None
    };
    write(&db, |conn| (0..1_100).try_for_each(|_| post(conn, NOW, &grant(user(1), 1)).map(drop))).await.unwrap();
    let stop = CancellationToken::new();
    let sealer = tokio::spawn(Sealer::new(db.db.clone(), Clock::system()).run(stop.clone()));
    sealed(&db, 1_100).await;
    if let Some((late, release)) = late {
        release.send(()).unwrap();
        late.await.unwrap();
        sealed(&db, 1_101).await;
    }
    stop.cancel();
    sealer.await.unwrap();
}

/// Waits until so many entries are sealed; the books hold.
async fn sealed(db: &TestDb, count: i64) {
    for _ in 0..400 {
        if db.db.read(audit).await.unwrap().unwrap().sealed == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {count} seals");
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
        format!("ledger_transfers ({column}group_id, debit, credit, amount, code, at) VALUES ({id}{values}, 3, 1)")
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
        true => format!("INSERT OR REPLACE INTO {}", transfer("1, ", "1, 2, 100000012, 9")),
        false => "TRUNCATE ledger_chain".into(),
    });
    for statement in statements {
        let shown = statement.clone();
        let refused = db.db.write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statement)?)).await;
        assert!(refused.is_err(), "{shown}");
    }
    write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
}
