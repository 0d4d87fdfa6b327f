//! Gifts within a live room: the host's share and the message.

use qlive_gifts::{GiftsError, SendGift};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use qlive_types::{LiveId, Page};

use crate::support::{Pair, sent};

on_both!(
    gift_in_a_room_gives_the_host_a_share_and_is_announced,
    host_as_giver_or_receiver_gets_no_share,
    gift_between_two_rooms_is_announced_nowhere,
    gift_for_a_room_that_both_are_not_in_is_refused,
    gift_is_not_announced_when_clients_send_the_messages,
);

async fn gift_in_a_room_gives_the_host_a_share_and_is_announced(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    pair.set_rate("HOST_RATE", "0.1").await;
    let gift = pair.gift(15).await;
    let (host, live) = pair.live_room("host").await;
    pair.enter(pair.giver, live).await;
    pair.enter(pair.receiver, live).await;
    let request = SendGift {
        live: Some(live),
        ..pair.request(gift, 3)
    };
    assert_eq!(pair.send(request).await.unwrap(), sent(55, 0));
    assert_eq!(pair.balances(pair.receiver).await, (0, 22));
    assert_eq!(
        pair.balances(host).await,
        (0, 4),
        "a tenth of 45, rounded down"
    );
    let gifts = &pair.test.services.gifts;
    let records = gifts
        .list_sent(None, Some(live), Page::FIRST)
        .await
        .unwrap();
    assert_eq!(
        (records[0].room, records[0].host),
        (Some(live.get()), Some(host.get()))
    );
    assert_eq!((records[0].receiver_share, records[0].host_share), (22, 4));
    let messages = pair.gift_messages().await;
    assert_eq!(messages.len(), 1);
    let message: serde_json::Value = serde_json::from_str(&messages[0]).unwrap();
    let text = message.to_string();
    for part in [
        r#""gift_title":"gift of 15""#,
        r#""gift_num":3"#,
        r#""nickname":"bob""#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    pair.assert_audit_passes().await;
}

async fn host_as_giver_or_receiver_gets_no_share(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    pair.set_rate("HOST_RATE", "0.1").await;
    let gift = pair.gift(10).await;
    let (host, live) = pair.live_room("host").await;
    pair.test.grant(host, 100).await;
    pair.enter(pair.giver, live).await;
    let to_host = SendGift {
        receiver: host,
        ..pair.request(gift, 1)
    };
    assert_eq!(pair.send(to_host).await.unwrap(), sent(90, 0));
    let from_host = SendGift {
        giver: host,
        receiver: pair.giver,
        ..pair.request(gift, 1)
    };
    assert_eq!(pair.send(from_host).await.unwrap(), sent(90, 5));
    assert_eq!(pair.balances(pair.giver).await, (90, 5));
    let records = pair.records().await;
    assert!(
        records
            .iter()
            .all(|record| record.host.is_none() && record.room.is_some())
    );
    assert_eq!(pair.gift_messages().await.len(), 2);
    pair.assert_audit_passes().await;
}

async fn gift_between_two_rooms_is_announced_nowhere(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    pair.set_rate("HOST_RATE", "0.1").await;
    let gift = pair.gift(10).await;
    let (here, there) = (pair.live_room("host").await, pair.live_room("other").await);
    pair.enter(pair.giver, here.1).await;
    pair.enter(pair.receiver, there.1).await;
    pair.send(pair.request(gift, 1)).await.unwrap();
    assert_eq!(pair.balances(here.0).await, (0, 0));
    assert_eq!(pair.balances(there.0).await, (0, 0));
    assert!(pair.gift_messages().await.is_empty());
}

async fn gift_for_a_room_that_both_are_not_in_is_refused(db: TestDb) {
    let pair = Pair::start(db, 100).await;
    let gift = pair.gift(10).await;
    let (_, live) = pair.live_room("host").await;
    let in_room = |live| SendGift {
        live: Some(live),
        ..pair.request(gift, 1)
    };
    let refuse = async |live| {
        let refused = pair.send(in_room(live)).await;
        assert!(matches!(refused, Err(GiftsError::NotInRoom)));
    };
    refuse(live).await;
    pair.enter(pair.giver, live).await;
    refuse(live).await;
    pair.enter(pair.receiver, live).await;
    refuse(LiveId::new(live.get() + 1)).await;
    assert_eq!(pair.balances(pair.giver).await, (100, 0));
    pair.send(in_room(live)).await.unwrap();
}

async fn gift_is_not_announced_when_clients_send_the_messages(db: TestDb) {
    let test = TestServices::start_with(db, |settings| {
        settings.im.speaks = serde_json::from_value("client".into()).unwrap();
    })
    .await;
    let pair = Pair::with(test, 100).await;
    let gift = pair.gift(10).await;
    let (_, live) = pair.live_room("host").await;
    pair.enter(pair.giver, live).await;
    pair.enter(pair.receiver, live).await;
    pair.send(pair.request(gift, 1)).await.unwrap();
    assert_eq!(pair.records().await[0].room, Some(live.get()));
    assert!(pair.gift_messages().await.is_empty());
}
