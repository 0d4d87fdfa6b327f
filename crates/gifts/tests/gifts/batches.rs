//! Gifts that are sent together.

use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_gifts::{Gifts, GiftsError, SendGift, SendGiftOutcome};
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, SystemAccount, TransferCode, load_history, post_entry,
};
use qlive_store::schema::gifts_sent;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};
use qlive_types::{Coins, Gender, Moment, Page, UserId, random};
use tokio::task::JoinSet;

use crate::debt::assert_gifts_agree;
use crate::support::{Pair, coins, sent};

on_both!(
    batch_has_the_answers_and_lines_of_the_same_gifts_one_by_one,
    gifts_of_two_instances_cross_without_a_deadlock,
    gifts_of_two_instances_to_one_receiver_are_all_sent,
    locked_balance_holds_up_only_its_own_gifts,
    first_balance_that_is_not_committed_holds_up_only_its_own_gifts,
    gift_that_the_database_refuses_fails_alone,
    gifts_of_callers_that_went_away_do_not_stop_the_others,
    messages_of_a_room_have_the_order_of_the_records,
    instance_that_waits_for_nobody_starts_again,
);

type Answer = Result<SendGiftOutcome, GiftsError>;

/// Sends the gifts so that they wait together, in this order.
async fn send_together(gifts: &Gifts, requests: &[SendGift]) -> Vec<Answer> {
    // The first call reads the configs, which would mix the order up.
    let missing = SendGift {
        gift: -1,
        ..requests[0].clone()
    };
    gifts.send(missing).await.unwrap_err();
    let mut sending: Vec<Pin<Box<dyn Future<Output = Answer> + Send>>> = Vec::new();
    for request in requests {
        let (gifts, request) = (gifts.clone(), request.clone());
        sending.push(Box::pin(async move { gifts.send(request).await }));
    }
    let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, answer) in sending.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *answer = Some(ready);
            }
        }
        match answers.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    answers.into_iter().map(Option::unwrap).collect()
}

/// What a user who is not in the test has as an id.
fn nobody(of: &[UserId]) -> UserId {
    let mut ids = (UserId::MIN..).filter_map(UserId::new);
    ids.find(|id| !of.contains(id)).unwrap()
}

/// Four users, some with gold, one with a debt.
async fn crowd(pair: &Pair, name: &str) -> Vec<UserId> {
    let mut users = Vec::new();
    for (number, gold) in [60, 15, 0, 40].into_iter().enumerate() {
        let name = format!("{name}{number}");
        let user = pair.test.user(&name, Gender::Male).await;
        if gold > 0 {
            pair.test.grant(user, gold).await;
        }
        users.push(user);
    }
    let debt = Entry::new(EntryKind::Refund, "r").with_transfer(
        Account::User(users[1], BalanceKind::Debt),
        Account::System(SystemAccount::WechatPay),
        coins(5),
        TransferCode::RefundDebt,
    );
    let db = &pair.test.services.db;
    db.write(move |conn| post_entry(conn, Moment::from_millis(1), &debt))
        .await
        .unwrap();
    users
}

/// Random gifts between four users, by their positions: giver, receiver, gift, number, request id.
type Plan = Vec<(i64, i64, i64, i64, i64)>;

fn random_plan(gifts: i64) -> Plan {
    let one = |_| {
        (
            random::within(0..=3),
            random::within(0..=4),
            random::within(0..=gifts),
            random::within(1..=3),
            random::within(0..=9),
        )
    };
    (0..60).map(one).collect()
}

fn requests(plan: &Plan, users: &[UserId], gifts: &[i64]) -> Vec<SendGift> {
    let position = |index: i64| usize::try_from(index).unwrap();
    let requests = plan
        .iter()
        .map(|(giver, receiver, gift, num, id)| SendGift {
            giver: users[position(*giver)],
            receiver: users
                .get(position(*receiver))
                .copied()
                .unwrap_or_else(|| nobody(users)),
            gift: gifts.get(position(*gift)).copied().unwrap_or(-1),
            num: *num,
            live: None,
            request_id: (*id < 5).then(|| id.to_string()),
        });
    requests.collect()
}

/// The balances and the history of each user.
async fn money(pair: &Pair, users: &[UserId]) -> Vec<String> {
    let mut money = Vec::new();
    for user in users.iter().copied() {
        let balances = pair.test.services.users.balances(user).await.unwrap();
        let db = &pair.test.services.db;
        let history = db.read(move |conn| load_history(conn, user, Page::FIRST));
        let (count, lines) = history.await.unwrap();
        let lines: Vec<_> = lines
            .iter()
            .map(|line| (line.amount, line.gold, line.income))
            .collect();
        money.push(format!("{balances:?} {count} {lines:?}"));
    }
    money
}

async fn batch_has_the_answers_and_lines_of_the_same_gifts_one_by_one(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let disabled = pair.gift(1).await;
    let service = &pair.test.services.gifts;
    service
        .disable(pair.test.operator(), disabled)
        .await
        .unwrap();
    let gifts = [
        pair.gift(0).await,
        pair.gift(3).await,
        pair.gift(7).await,
        pair.gift(Coins::MAX.get()).await,
        disabled,
    ];
    for round in 0..6 {
        let plan = random_plan(5);
        let together = crowd(&pair, &format!("together{round}")).await;
        let single = crowd(&pair, &format!("single{round}")).await;
        let mut expected = Vec::new();
        for request in requests(&plan, &single, &gifts) {
            expected.push(format!("{:?}", service.send(request).await));
        }
        let answers = send_together(service, &requests(&plan, &together, &gifts)).await;
        let answers: Vec<_> = answers.iter().map(|answer| format!("{answer:?}")).collect();
        assert_eq!(answers, expected, "{plan:?}");
        let (together, single) = (money(&pair, &together).await, money(&pair, &single).await);
        assert_eq!(together, single, "{plan:?}");
    }
    assert_gifts_agree(&pair).await;
}

/// Sends gifts at the same time, alternately from two instances.
async fn send_from_two(pair: &Pair, requests: Vec<SendGift>) {
    let other = pair.test.second_instance().gifts;
    let mut sending = JoinSet::new();
    for (number, request) in requests.into_iter().enumerate() {
        let gifts = match number % 2 {
            0 => pair.test.services.gifts.clone(),
            _ => other.clone(),
        };
        sending.spawn(async move { gifts.send(request).await });
    }
    while let Some(answer) = sending.join_next().await {
        let answer = answer.unwrap().unwrap();
        assert!(matches!(answer, SendGiftOutcome::Sent { .. }), "{answer:?}");
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many deadlocks the database had. SQLite has one writer.
async fn deadlocks(pair: &Pair) -> i64 {
    if !is_postgres(pair).await {
        return 0;
    }
    // Connections report what they counted when they have been idle for a second.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    pair.read(|conn| {
        let query = "SELECT deadlocks AS count FROM pg_stat_database \
                     WHERE datname = current_database()";
        diesel::sql_query(query).get_result::<Count>(conn)
    })
    .await
    .count
}

async fn is_postgres(pair: &Pair) -> bool {
    pair.read(|conn| Ok(matches!(conn, Conn::Pg(_)))).await
}

async fn gifts_of_two_instances_cross_without_a_deadlock(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let gift = pair.gift(2).await;
    let mut users = Vec::new();
    for number in 0..6 {
        let user = pair.test.user(&format!("user{number}"), Gender::Male).await;
        // Some have their first balances only from the gifts.
        if number < 4 {
            pair.test.grant(user, 1_000).await;
        }
        users.push(user);
    }
    let requests = (0..240_usize).map(|number| SendGift {
        giver: users[number % 4],
        receiver: users[(number % 4 + 1 + number / 4 % 5) % 6],
        ..pair.request(gift, 1)
    });
    send_from_two(&pair, requests.collect()).await;
    assert_eq!(pair.records_count().await, 240);
    assert_eq!(deadlocks(&pair).await, 0);
    pair.assert_audit_passes().await;
}

async fn gifts_of_two_instances_to_one_receiver_are_all_sent(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let gift = pair.gift(2).await;
    let mut requests = Vec::new();
    for number in 0..8 {
        let giver = pair
            .test
            .user(&format!("giver{number}"), Gender::Male)
            .await;
        pair.test.grant(giver, 100).await;
        let request = SendGift {
            giver,
            ..pair.request(gift, 1)
        };
        requests.extend(std::iter::repeat_n(request, 25));
    }
    send_from_two(&pair, requests).await;
    assert_eq!(pair.balances(pair.receiver).await, (0, 200));
    assert_eq!(deadlocks(&pair).await, 0);
    pair.assert_audit_passes().await;
}

/// Makes a change in another transaction, which ends when the sender is dropped.
async fn hold(
    pair: &Pair,
    mut change: impl FnMut(&mut Conn) -> Result<(), StoreError> + Send + 'static,
) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (changed, is_changed) = tokio::sync::oneshot::channel();
    let mut changed = Some(changed);
    let db = pair.test.services.db.clone();
    tokio::spawn(async move {
        let held = db.write(move |conn| {
            change(conn)?;
            if let Some(changed) = changed.take() {
                changed.send(()).unwrap();
            }
            // Ends when the sender is dropped.
            released.recv().unwrap_err();
            Ok::<_, StoreError>(())
        });
        held.await.unwrap();
    });
    is_changed.await.unwrap();
    release
}

/// Until `release` is dropped, another transaction holds the balances of `locked`.
async fn assert_only_its_own_gifts_wait(pair: &Pair, locked: UserId, release: mpsc::Sender<()>) {
    let gift = pair.gift(2).await;
    let other = pair.test.user("other", Gender::Male).await;
    pair.test.grant(other, 10).await;
    let gifts = pair.test.services.gifts.clone();
    let send = |request: SendGift| {
        let gifts = gifts.clone();
        tokio::spawn(async move { gifts.send(request).await.unwrap() })
    };
    let to_locked = send(SendGift {
        receiver: locked,
        ..pair.request(gift, 1)
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let after_it = send(pair.request(gift, 2));
    for _ in 0..5 {
        let by_another = send(SendGift {
            giver: other,
            ..pair.request(gift, 1)
        });
        let by_another = tokio::time::timeout(Duration::from_secs(1), by_another).await;
        // It waits for no lock.
        by_another.unwrap().unwrap();
    }
    assert!(!to_locked.is_finished() && !after_it.is_finished());
    // Whoever waits for these balances has not locked those of the giver meanwhile.
    let giver = pair.giver;
    let lock = format!("SELECT 1 FROM ledger_balances WHERE user_id = {giver} FOR UPDATE NOWAIT");
    let db = &pair.test.services.db;
    let locking = db.write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&lock)?));
    locking.await.unwrap();
    drop(release);
    assert_eq!(to_locked.await.unwrap(), sent(98, 0));
    assert_eq!(after_it.await.unwrap(), sent(94, 0), "in their order");
    pair.assert_audit_passes().await;
}

async fn locked_balance_holds_up_only_its_own_gifts(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    if !is_postgres(&pair).await {
        // SQLite has one writer.
        return;
    }
    let locked = pair.test.user("locked", Gender::Female).await;
    pair.test.grant(locked, 10).await;
    let lock = format!("SELECT 1 FROM ledger_balances WHERE user_id = {locked} FOR UPDATE");
    let release = hold(&pair, move |conn| Ok(conn.batch_execute(&lock)?)).await;
    assert_only_its_own_gifts_wait(&pair, locked, release).await;
}

async fn first_balance_that_is_not_committed_holds_up_only_its_own_gifts(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    if !is_postgres(&pair).await {
        return;
    }
    let locked = pair.test.user("locked", Gender::Female).await;
    let now = pair.test.clock.now();
    let grant = Entry::new(EntryKind::Grant, "g").with_transfer(
        Account::System(SystemAccount::Platform),
        Account::User(locked, BalanceKind::Granted),
        coins(10),
        TransferCode::Grant,
    );
    let release = hold(&pair, move |conn| {
        post_entry(conn, now, &grant).unwrap();
        Ok(())
    })
    .await;
    assert_only_its_own_gifts_wait(&pair, locked, release).await;
    assert_eq!(pair.balances(locked).await, (10, 1));
}

async fn gift_that_the_database_refuses_fails_alone(db: TestDb) {
    let pair = Pair::start(db, 1_000).await;
    let gift = pair.gift(1).await;
    let refusal = match is_postgres(&pair).await {
        true => "ALTER TABLE gifts_sent ADD CONSTRAINT not_thirteen CHECK (num <> 13)",
        false => {
            "CREATE TRIGGER not_thirteen BEFORE INSERT ON gifts_sent WHEN NEW.num = 13 \
             BEGIN SELECT RAISE(ABORT, 'not 13'); END"
        }
    };
    let db = &pair.test.services.db;
    let refuse = db.write(move |conn| Ok::<_, StoreError>(conn.batch_execute(refusal)?));
    refuse.await.unwrap();
    let requests: Vec<_> = (1..=20).map(|num| pair.request(gift, num)).collect();
    let answers = send_together(&pair.test.services.gifts, &requests).await;
    for (number, answer) in (1..).zip(&answers) {
        assert_eq!(answer.is_err(), number == 13, "{number}: {answer:?}");
    }
    assert_eq!(pair.balances(pair.giver).await, (1_000 - 210 + 13, 0));
    assert_eq!(pair.records_count().await, 19);
    pair.assert_audit_passes().await;
}

async fn gifts_of_callers_that_went_away_do_not_stop_the_others(db: TestDb) {
    let pair = Pair::start(db, 1_000).await;
    let gift = pair.gift(1).await;
    let gifts = &pair.test.services.gifts;
    let sending: Vec<_> = (0..60)
        .map(|number| {
            let (gifts, request) = (gifts.clone(), pair.request(gift, 1));
            let task = tokio::spawn(async move { gifts.send(request).await.unwrap() });
            if number % 3 == 0 {
                task.abort();
            }
            task
        })
        .collect();
    let mut answered = 0;
    for task in sending {
        match task.await {
            Ok(answer) => {
                assert!(matches!(answer, SendGiftOutcome::Sent { .. }), "{answer:?}");
                answered += 1;
            }
            Err(ended) => assert!(ended.is_cancelled()),
        }
    }
    assert!((40..=60).contains(&answered), "{answered}");
    pair.send(pair.request(gift, 1)).await.unwrap();
    let records = i64::try_from(pair.records_count().await).unwrap();
    assert!(records > answered);
    assert_eq!(pair.balances(pair.giver).await, (1_000 - records, 0));
    pair.assert_audit_passes().await;
}

async fn messages_of_a_room_have_the_order_of_the_records(db: TestDb) {
    let pair = Pair::start(db, 1_000).await;
    let (host, live) = pair.live_room("host").await;
    pair.enter(pair.giver, live).await;
    let gift = pair.gift(1).await;
    let requests = (1..=40).map(|num| SendGift {
        receiver: host,
        live: Some(live),
        ..pair.request(gift, num)
    });
    send_from_two(&pair, requests.collect()).await;
    let numbers: Vec<i64> = pair
        .read(|conn| {
            gifts_sent::table
                .order(gifts_sent::id)
                .select(gifts_sent::num)
                .load(conn)
        })
        .await;
    let messages = pair.gift_messages().await;
    assert_eq!(messages.len(), 40);
    for (num, message) in numbers.iter().zip(&messages) {
        let field = format!("\"gift_num\":{num},");
        assert!(message.contains(&field), "{field} in {message}");
    }
}

async fn instance_that_waits_for_nobody_starts_again(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(1).await;
    for left in (70..100).rev() {
        let answer = pair.send(pair.request(gift, 1)).await.unwrap();
        assert_eq!(answer, sent(left, 0));
    }
}
