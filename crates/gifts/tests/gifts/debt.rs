//! Gifts of and to users with a debt.

use qlive_gifts::{SendGift, SendGiftOutcome};
use qlive_ledger::{
    Account, AuditError, BalanceKind, Entry, EntryKind, SystemAccount, TransferCode, post_entry,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::{Page, UserId};

use crate::support::{Pair, coins, insufficient, sent};

on_both!(
    income_is_not_given_while_there_is_a_debt,
    share_of_the_receiver_pays_the_debt_first,
    share_of_the_host_pays_the_debt_first,
    debt_that_arises_among_gifts_loses_no_coin,
);

/// Takes coins back that the user has spent, as a refund does.
async fn owe(pair: &Pair, user: UserId, amount: i64) {
    let now = pair.test.clock.now();
    let entry = Entry::new(EntryKind::Refund, "r").with_transfer(
        Account::User(user, BalanceKind::Debt),
        Account::System(SystemAccount::WechatPay),
        coins(amount),
        TransferCode::RefundDebt,
    );
    let db = &pair.test.services.db;
    db.write(move |conn| post_entry(conn, now, &entry))
        .await
        .unwrap();
}

/// Asserts that the ledger is in order, and agrees with the records of gifts. Not that a refund is
/// recorded.
pub(crate) async fn assert_gifts_agree(pair: &Pair) {
    let db = &pair.test.services.db;
    let audited = db.read(|conn| {
        qlive_ledger::audit(conn)?;
        Ok::<_, AuditError>(qlive_gifts::audit(conn)?)
    });
    assert_eq!(audited.await.unwrap(), None);
}

/// The income and the debt of a user.
async fn income_and_debt(pair: &Pair, user: UserId) -> (i64, i64) {
    let balances = pair.test.services.users.balances(user).await.unwrap();
    (balances.income.get(), balances.debt.get())
}

/// The same request from the receiver to the giver.
fn reply(pair: &Pair, gift: i64, num: i64) -> SendGift {
    SendGift {
        giver: pair.receiver,
        receiver: pair.giver,
        ..pair.request(gift, num)
    }
}

async fn income_is_not_given_while_there_is_a_debt(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(1).await;
    pair.send(pair.request(gift, 100)).await.unwrap();
    owe(&pair, pair.receiver, 5).await;
    pair.test.grant(pair.receiver, 3).await;
    let refused = pair.send(reply(&pair, gift, 4)).await.unwrap();
    assert_eq!(refused, insufficient(3, 50));
    let gold = pair.send(reply(&pair, gift, 3)).await.unwrap();
    assert_eq!(gold, sent(0, 50), "gold is spent all the same");
    assert_eq!(income_and_debt(&pair, pair.receiver).await, (50, 5));
}

async fn share_of_the_receiver_pays_the_debt_first(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(10).await;
    owe(&pair, pair.receiver, 12).await;
    for (income, debt) in [(0, 7), (0, 2), (3, 0), (8, 0)] {
        pair.send(pair.request(gift, 1)).await.unwrap();
        assert_eq!(income_and_debt(&pair, pair.receiver).await, (income, debt));
    }
    assert_gifts_agree(&pair).await;
    let users = &pair.test.services.users;
    let (_, history) = users.wallet(pair.receiver, Page::FIRST).await.unwrap();
    let reversed = history[2].id;
    let operator = pair.test.operator();
    users.reverse_entry(operator, reversed).await.unwrap();
    assert_eq!(
        income_and_debt(&pair, pair.receiver).await,
        (8, 5),
        "a reversal restores the debt that its gift paid"
    );
}

async fn share_of_the_host_pays_the_debt_first(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    pair.set_rate("HOST_RATE", "0.5").await;
    let gift = pair.gift(10).await;
    let (host, live) = pair.live_room("host").await;
    pair.enter(pair.giver, live).await;
    pair.enter(pair.receiver, live).await;
    owe(&pair, host, 7).await;
    for (income, debt) in [(0, 2), (3, 0)] {
        pair.send(pair.request(gift, 1)).await.unwrap();
        assert_eq!(income_and_debt(&pair, host).await, (income, debt));
    }
    assert_eq!(income_and_debt(&pair, pair.receiver).await, (10, 0));
    assert_gifts_agree(&pair).await;
}

async fn debt_that_arises_among_gifts_loses_no_coin(db: TestDb) {
    let pair = Pair::start(db, 400).await;
    pair.set_rate("EXCHANGE_RATE", "1").await;
    let gift = pair.gift(10).await;
    pair.send(pair.request(gift, 10)).await.unwrap();
    let second = pair.test.second_instance().gifts;
    // Alice receives ten gifts and gives ten from income, while a debt arises.
    let requests = (0..20).map(|at| {
        let request = if at % 2 == 0 {
            pair.request(gift, 1)
        } else {
            reply(&pair, gift, 1)
        };
        let gifts = [&pair.test.services.gifts, &second][at % 3 % 2].clone();
        tokio::spawn(async move { gifts.send(request).await.unwrap() })
    });
    let requests: Vec<_> = requests.collect();
    owe(&pair, pair.receiver, 55).await;
    let mut given_away = 0;
    for (at, task) in requests.into_iter().enumerate() {
        let is_sent = matches!(task.await.unwrap(), SendGiftOutcome::Sent { .. });
        assert!(is_sent || at % 2 == 1, "whoever has no debt can give");
        given_away += i64::from(is_sent && at % 2 == 1);
    }
    let (income, debt) = income_and_debt(&pair, pair.receiver).await;
    assert_eq!(income - debt, 100 + 100 - 55 - 10 * given_away);
    assert_gifts_agree(&pair).await;
    if debt > 0 {
        let refused = pair.send(reply(&pair, gift, 1)).await.unwrap();
        assert!(matches!(refused, SendGiftOutcome::InsufficientGold { .. }));
    }
}
