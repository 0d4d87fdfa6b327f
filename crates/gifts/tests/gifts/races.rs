//! Concurrent gifts from two instances.

use qlive_gifts::{NewGift, Sale, SendGift, SendGiftOutcome};
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::{Pair, coins, sent};

on_both!(
    concurrent_gifts_never_spend_more_than_there_is,
    concurrent_requests_with_one_id_send_one_gift,
    concurrent_gifts_in_both_directions_keep_the_sum,
    concurrent_changes_of_a_price_make_one_new_gift,
);

/// Sends the requests at the same time, every second one from another instance.
async fn send_all(pair: &Pair, requests: Vec<SendGift>) -> Vec<SendGiftOutcome> {
    let instances = [
        pair.test.services.gifts.clone(),
        pair.test.second_instance().gifts,
    ];
    let tasks: Vec<_> = requests
        .into_iter()
        .enumerate()
        .map(|(number, request)| {
            let gifts = instances[number % 2].clone();
            tokio::spawn(async move { gifts.send(request).await.unwrap() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

async fn concurrent_gifts_never_spend_more_than_there_is(db: TestDb) {
    let pair = Pair::start(db, 35).await;
    let gift = pair.gift(10).await;
    let outcomes = send_all(&pair, vec![pair.request(gift, 1); 6]).await;
    let is_sent = |outcome: &&SendGiftOutcome| matches!(outcome, SendGiftOutcome::Sent { .. });
    assert_eq!(outcomes.iter().filter(is_sent).count(), 3);
    assert_eq!(pair.balances(pair.giver).await, (5, 0));
    assert_eq!(pair.balances(pair.receiver).await, (0, 15));
    assert_eq!(pair.records().await.len(), 3);
    pair.assert_audit_passes().await;
}

async fn concurrent_requests_with_one_id_send_one_gift(db: TestDb) {
    let pair = Pair::start(db, 10).await;
    let gift = pair.gift(10).await;
    let request = SendGift {
        request_id: Some("one".into()),
        ..pair.request(gift, 1)
    };
    let outcomes = send_all(&pair, vec![request; 6]).await;
    assert_eq!(
        outcomes,
        [sent(0, 0); 6],
        "no repetition is refused for the gold that the first one spent"
    );
    assert_eq!(pair.balances(pair.receiver).await, (0, 5));
    assert_eq!(pair.records().await.len(), 1);
    pair.assert_audit_passes().await;
}

async fn concurrent_gifts_in_both_directions_keep_the_sum(db: TestDb) {
    let pair = Pair::start(db, 40).await;
    pair.set_rate("EXCHANGE_RATE", "1").await;
    pair.test.grant(pair.receiver, 40).await;
    let gift = pair.gift(10).await;
    let there = pair.request(gift, 1);
    let back = SendGift {
        giver: pair.receiver,
        receiver: pair.giver,
        ..there.clone()
    };
    let requests = [there, back].into_iter().cycle().take(8).collect();
    send_all(&pair, requests).await;
    assert_eq!(pair.balances(pair.giver).await, (0, 40));
    assert_eq!(pair.balances(pair.receiver).await, (0, 40));
    pair.assert_audit_passes().await;
}

async fn concurrent_changes_of_a_price_make_one_new_gift(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let gift = pair.gift(10).await;
    let instances = [
        pair.test.services.gifts.clone(),
        pair.test.second_instance().gifts,
    ];
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let gifts = instances[number % 2].clone();
            let new = NewGift {
                name: "rose".into(),
                price: coins(11),
                image: String::new(),
                effect: String::new(),
            };
            let by = pair.test.operator();
            tokio::spawn(async move { gifts.edit(by, gift, new, Sale::default()).await.is_ok() })
        })
        .collect();
    let mut changed = 0;
    for task in tasks {
        changed += usize::from(task.await.unwrap());
    }
    assert_eq!(changed, 1);
    let all = pair.test.services.gifts.list().await.unwrap();
    let sold: Vec<i64> = all
        .iter()
        .filter(|gift| gift.enabled)
        .map(|gift| gift.price.get())
        .collect();
    assert_eq!(sold, [11]);
}
