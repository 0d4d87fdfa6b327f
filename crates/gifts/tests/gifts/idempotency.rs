//! Request ids.

use qlive_gifts::{GiftsError, SendGift};
use qlive_ledger::LedgerError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::{Pair, insufficient, sent};

on_both!(
    repeated_request_returns_the_first_outcome,
    request_id_for_another_gift_is_refused,
    request_id_of_another_giver_is_independent,
    insufficient_gold_is_not_stored,
    repeated_free_gift_is_recorded_once,
);

fn with_id(pair: &Pair, gift: i64, num: i64) -> SendGift {
    SendGift {
        request_id: Some("one".into()),
        ..pair.request(gift, num)
    }
}

async fn repeated_request_returns_the_first_outcome(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(10).await;
    assert_eq!(
        pair.send(with_id(&pair, gift, 2)).await.unwrap(),
        sent(80, 0)
    );
    pair.send(pair.request(gift, 1)).await.unwrap();
    assert_eq!(
        pair.send(with_id(&pair, gift, 2)).await.unwrap(),
        sent(80, 0)
    );
    pair.test
        .services
        .gifts
        .disable(pair.test.operator(), gift)
        .await
        .unwrap();
    assert_eq!(
        pair.send(with_id(&pair, gift, 2)).await.unwrap(),
        sent(80, 0)
    );
    assert_eq!(pair.balances(pair.giver).await, (70, 0));
    assert_eq!(pair.records().await.len(), 2);
    pair.assert_audit_passes().await;
}

async fn request_id_for_another_gift_is_refused(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let (gift, other) = (pair.gift(10).await, pair.gift(10).await);
    pair.send(with_id(&pair, gift, 2)).await.unwrap();
    for request in [with_id(&pair, gift, 3), with_id(&pair, other, 2)] {
        let refused = pair.send(request).await;
        assert!(
            matches!(refused, Err(GiftsError::Ledger(LedgerError::KeyReused))),
            "{refused:?}"
        );
    }
    assert_eq!(pair.balances(pair.giver).await, (80, 0));
}

async fn request_id_of_another_giver_is_independent(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(10).await;
    pair.test.grant(pair.receiver, 10).await;
    pair.send(with_id(&pair, gift, 1)).await.unwrap();
    let back = SendGift {
        giver: pair.receiver,
        receiver: pair.giver,
        ..with_id(&pair, gift, 1)
    };
    assert_eq!(pair.send(back).await.unwrap(), sent(0, 5));
}

async fn insufficient_gold_is_not_stored(db: TestDb) {
    let pair = Pair::start(db, 5).await;
    let gift = pair.gift(10).await;
    assert_eq!(
        pair.send(with_id(&pair, gift, 1)).await.unwrap(),
        insufficient(5, 0)
    );
    pair.test.grant(pair.giver, 5).await;
    assert_eq!(
        pair.send(with_id(&pair, gift, 1)).await.unwrap(),
        sent(0, 0)
    );
    assert_eq!(
        pair.send(with_id(&pair, gift, 1)).await.unwrap(),
        sent(0, 0)
    );
    assert_eq!(pair.records().await.len(), 1);
}

async fn repeated_free_gift_is_recorded_once(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let free = pair.gift(0).await;
    for _ in 0..2 {
        assert_eq!(
            pair.send(with_id(&pair, free, 1)).await.unwrap(),
            sent(0, 0)
        );
    }
    assert_eq!(pair.records().await.len(), 1);
}
