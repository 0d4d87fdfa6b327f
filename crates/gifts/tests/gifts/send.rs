//! Sending gifts outside of rooms: coins, records and refusals.

use qlive_gifts::{GiftsError, SendGift};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::{Coins, UserId};

use crate::support::{Pair, insufficient, sent};

on_both!(
    gift_moves_its_cost_and_is_recorded,
    rate_of_the_moment_decides_the_share,
    gold_is_spent_before_income,
    free_gift_is_recorded_without_an_entry,
    insufficient_gold_changes_nothing,
    refused_request_changes_nothing,
    records_are_listed_by_user_the_latest_first,
);

async fn gift_moves_its_cost_and_is_recorded(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(15).await;
    assert_eq!(pair.send(pair.request(gift, 3)).await.unwrap(), sent(55, 0));
    assert_eq!(pair.balances(pair.giver).await, (55, 0));
    assert_eq!(
        pair.balances(pair.receiver).await,
        (0, 22),
        "half of 45, rounded down"
    );
    let records = pair.records().await;
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(
        (record.giver, record.receiver),
        (pair.giver.get(), pair.receiver.get())
    );
    assert_eq!((record.price, record.num, record.cost), (15, 3, 45));
    assert_eq!((record.receiver_share, record.host_share), (22, 0));
    assert_eq!((record.room, record.host), (None, None));
    assert_eq!(record.name, "gift of 15");
    assert!(pair.gift_messages().await.is_empty(), "they are in no room");
    pair.assert_audit_passes().await;
}

async fn rate_of_the_moment_decides_the_share(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(10).await;
    for (rate, income) in [("0", 0), ("0.29", 2), ("1", 12)] {
        pair.set_rate("EXCHANGE_RATE", rate).await;
        pair.send(pair.request(gift, 1)).await.unwrap();
        assert_eq!(pair.balances(pair.receiver).await, (0, income), "{rate}");
    }
    pair.assert_audit_passes().await;
}

async fn gold_is_spent_before_income(db: TestDb) {
    let pair = Pair::start(db, 14).await;
    let one = pair.gift(1).await;
    pair.test.grant(pair.receiver, 20).await;
    let back = SendGift {
        giver: pair.receiver,
        receiver: pair.giver,
        ..pair.request(one, 20)
    };
    pair.send(back).await.unwrap();
    assert_eq!(pair.balances(pair.giver).await, (14, 10));
    assert_eq!(pair.send(pair.request(one, 10)).await.unwrap(), sent(4, 10));
    assert_eq!(pair.send(pair.request(one, 7)).await.unwrap(), sent(0, 7));
    assert_eq!(
        pair.send(pair.request(one, 8)).await.unwrap(),
        insufficient(0, 7)
    );
    assert_eq!(pair.send(pair.request(one, 7)).await.unwrap(), sent(0, 0));
    pair.assert_audit_passes().await;
}

async fn free_gift_is_recorded_without_an_entry(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let free = pair.gift(0).await;
    assert_eq!(pair.send(pair.request(free, 5)).await.unwrap(), sent(0, 0));
    assert_eq!(
        (pair.records().await.len(), pair.entry_count().await),
        (1, 0)
    );
    pair.assert_audit_passes().await;
}

async fn insufficient_gold_changes_nothing(db: TestDb) {
    let pair = Pair::start(db, 9).await;
    let gift = pair.gift(10).await;
    assert_eq!(
        pair.send(pair.request(gift, 1)).await.unwrap(),
        insufficient(9, 0)
    );
    assert_eq!(pair.balances(pair.giver).await, (9, 0));
    assert_eq!(
        (pair.records().await.len(), pair.entry_count().await),
        (0, 1)
    );
}

async fn refused_request_changes_nothing(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(1).await;
    let costly = pair.gift(Coins::MAX.get()).await;
    let nobody = [UserId::MIN, UserId::MIN + 1, UserId::MIN + 2]
        .into_iter()
        .filter_map(UserId::new)
        .find(|user| ![pair.giver, pair.receiver].contains(user))
        .unwrap();
    let to = |receiver| SendGift {
        receiver,
        ..pair.request(gift, 1)
    };
    for (request, expected) in [
        (to(pair.giver), "SelfGift"),
        (to(nobody), "UnknownReceiver"),
        (pair.request(costly + 1, 1), "UnknownGift"),
        (pair.request(gift, 0), "BadNumber"),
        (pair.request(gift, -1), "BadNumber"),
        (pair.request(gift, SendGift::MAX_NUM + 1), "BadNumber"),
        (pair.request(costly, 2), "BadNumber"),
    ] {
        let error: GiftsError = pair.send(request).await.unwrap_err();
        assert_eq!(format!("{error:?}"), expected);
    }
    assert_eq!(pair.balances(pair.giver).await, (100, 0));
    assert_eq!(
        (pair.records().await.len(), pair.entry_count().await),
        (0, 1)
    );
}

async fn records_are_listed_by_user_the_latest_first(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let (one, two) = (pair.gift(1).await, pair.gift(2).await);
    pair.send(pair.request(one, 1)).await.unwrap();
    pair.send(pair.request(two, 1)).await.unwrap();
    let gifts = &pair.test.services.gifts;
    let other = pair.test.user("carol", qlive_types::Gender::Female).await;
    for (user, names) in [
        (pair.giver, vec!["gift of 2", "gift of 1"]),
        (pair.receiver, vec!["gift of 2", "gift of 1"]),
        (other, vec![]),
    ] {
        let records = gifts
            .list_sent(Some(user), None, qlive_types::Page::FIRST)
            .await
            .unwrap();
        let found: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
        assert_eq!(found, names);
        assert!(
            records
                .iter()
                .all(|record| record.at() <= pair.test.clock.now())
        );
    }
}
