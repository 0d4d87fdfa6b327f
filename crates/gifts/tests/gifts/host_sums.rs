//! What was given in the rooms of each host.

use qlive_gifts::{DAILY_HOST_SUMS, SendGift, SentGiftFilter};
use qlive_ledger::{Day, seal_entries};
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_types::{EntryId, UserId};

use crate::support::Pair;

on_both!(gifts_in_rooms_are_summed_by_host);

/// A gift to the host that an operator takes back.
async fn send_and_reverse(pair: &Pair, request: SendGift, host: UserId) {
    let to_host = SendGift {
        receiver: host,
        ..request
    };
    pair.send(to_host).await.unwrap();
    let services = &pair.test.services;
    let given = SentGiftFilter::Giver(pair.giver);
    let last = services.gifts.search_sent(given, None).await.unwrap();
    let entry = EntryId::new(last[0].entry.unwrap());
    let operator = pair.test.operator();
    services.users.reverse_entry(operator, entry).await.unwrap();
}

async fn gifts_in_rooms_are_summed_by_host(db: TestDb) {
    let pair = Pair::start(db, 1_000).await;
    pair.set_rate("HOST_RATE", "0.1").await;
    let (gift, free) = (pair.gift(10).await, pair.gift(0).await);
    // In no room.
    pair.send(pair.request(gift, 1)).await.unwrap();
    let (host, live) = pair.live_room("host").await;
    pair.enter(pair.giver, live).await;
    pair.enter(pair.receiver, live).await;
    pair.send(pair.request(gift, 2)).await.unwrap();
    pair.send(pair.request(gift, 3)).await.unwrap();
    pair.send(pair.request(free, 4)).await.unwrap();
    // To the host, and by the host.
    let to_host = SendGift {
        receiver: host,
        ..pair.request(gift, 4)
    };
    pair.send(to_host).await.unwrap();
    pair.test.grant(host, 1_000).await;
    let by_host = SendGift {
        giver: host,
        ..pair.request(gift, 1)
    };
    pair.send(by_host).await.unwrap();
    send_and_reverse(&pair, pair.request(gift, 7), host).await;
    let now = pair.test.clock.now();
    let db = &pair.test.services.db;
    let added = db.write(move |conn| {
        seal_entries(conn, now, 0)?;
        while DAILY_HOST_SUMS.add_next(conn)? {}
        Ok::<_, StoreError>(())
    });
    added.await.unwrap();
    let today = Day::of(now);
    let gifts = &pair.test.services.gifts;
    let sums = gifts.host_sums((today, today), 200).await.unwrap();
    let found: Vec<_> = sums
        .iter()
        .map(|sum| (sum.host, sum.gifts, sum.coins, sum.host_income))
        .collect();
    // A tenth of 50 as the host, half of 40 as the receiver.
    assert_eq!(found, [(host, 10, 100, 25)]);
    let earlier = gifts.host_sums((today.plus(-9), today.plus(-1)), 200).await;
    assert_eq!(earlier.unwrap(), []);
    let tampered: Result<(), StoreError> = db
        .write(move |conn| {
            use diesel::connection::SimpleConnection as _;
            assert_eq!(qlive_gifts::audit(conn)?.map(|found| found.0), None);
            conn.batch_execute("UPDATE daily_host_sums SET coins = coins + 1")?;
            let found = qlive_gifts::audit(conn)?.map(|found| found.0);
            let expected = format!("the stored sum of host {host} differs");
            assert!(found.unwrap().contains(&expected));
            Ok(())
        })
        .await;
    tampered.unwrap();
}
