//! The catalogue.

use diesel::prelude::*;
use qlive_gifts::{Gifts, GiftsError, NewGift};
use qlive_store::on_both;
use qlive_store::schema::audit_log;
use qlive_store::testing::TestDb;
use qlive_types::Page;

use crate::support::{Pair, coins};

on_both!(
    catalogue_has_enabled_gifts_the_cheapest_first,
    page_after_the_last_is_past_the_end,
    gift_with_a_field_out_of_bounds_is_refused,
    disabled_gift_is_listed_for_operators_only,
    changes_are_in_the_audit_log,
);

fn new_gift() -> NewGift {
    NewGift {
        name: "rose".into(),
        price: coins(1),
        image: String::new(),
        effect: String::new(),
    }
}

async fn catalogue_has_enabled_gifts_the_cheapest_first(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let gifts = &pair.test.services.gifts;
    assert_empty(gifts).await;
    for price in [10, 5, 7, 5, 0] {
        pair.gift(price).await;
    }
    let page = gifts.catalogue(Page::FIRST).await.unwrap();
    let (count, page) = (page.count, page.gifts.clone());
    let prices: Vec<i64> = page.iter().map(|gift| gift.price.get()).collect();
    assert_eq!((count, prices), (5, vec![0, 5, 5, 7, 10]));
    assert!(page[1].id < page[2].id);
    assert_eq!(page[0].name, "gift of 0");
}

async fn page_after_the_last_is_past_the_end(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let gifts = &pair.test.services.gifts;
    for price in 0..9 {
        pair.gift(price).await;
    }
    let page = gifts.catalogue(Page::new(2).unwrap()).await.unwrap();
    let (count, page) = (page.count, page.gifts.clone());
    assert_eq!((count, page.len()), (9, 1));
    let refused = gifts.catalogue(Page::new(3).unwrap()).await;
    assert!(matches!(refused, Err(GiftsError::PastTheEnd)));
}

async fn gift_with_a_field_out_of_bounds_is_refused(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let gifts = &pair.test.services.gifts;
    let with = |change: fn(&mut NewGift)| {
        let mut gift = new_gift();
        change(&mut gift);
        gift
    };
    for (gift, field) in [
        (with(|gift| gift.name = " ".into()), "name"),
        (with(|gift| gift.name = "a".repeat(41)), "name"),
        (with(|gift| gift.name = "a\n".into()), "name"),
        (with(|gift| gift.image = "a".repeat(513)), "image"),
        (with(|gift| gift.effect = "\u{7}".into()), "effect"),
    ] {
        let refused = gifts.add(pair.test.operator(), gift).await;
        assert!(
            matches!(refused, Err(GiftsError::BadField(name)) if name == field),
            "{field}"
        );
    }
    assert!(gifts.list().await.unwrap().is_empty());
}

async fn disabled_gift_is_listed_for_operators_only(db: TestDb) {
    let pair = Pair::start(db, 10).await;
    let gifts = &pair.test.services.gifts;
    let gift = pair.gift(1).await;
    gifts.disable(pair.test.operator(), gift).await.unwrap();
    assert_empty(gifts).await;
    let listed = gifts.list().await.unwrap();
    assert_eq!((listed[0].id, listed[0].enabled), (gift, false));
    let refused = pair.send(pair.request(gift, 1)).await;
    assert!(matches!(refused, Err(GiftsError::UnknownGift)));
    for gift in [gift, gift + 1] {
        let refused = gifts.disable(pair.test.operator(), gift).await;
        assert!(matches!(refused, Err(GiftsError::UnknownGift)));
    }
}

async fn changes_are_in_the_audit_log(db: TestDb) {
    let pair = Pair::start(db, 0).await;
    let gift = pair.gift(1).await;
    pair.test
        .services
        .gifts
        .disable(pair.test.operator(), gift)
        .await
        .unwrap();
    let enable = || pair.test.services.gifts.enable(pair.test.operator(), gift);
    enable().await.unwrap();
    assert!(matches!(enable().await, Err(GiftsError::UnknownGift)));
    let sent = pair.send(pair.request(gift, 1)).await;
    assert!(!matches!(sent, Err(GiftsError::UnknownGift)), "{sent:?}");
    let rows: Vec<(String, String)> = pair
        .read(|conn| {
            let columns = (audit_log::action, audit_log::subject);
            audit_log::table
                .order(audit_log::id)
                .select(columns)
                .load(conn)
        })
        .await;
    let row = |action: &str| (action.to_owned(), gift.to_string());
    assert_eq!(
        rows,
        [row("gifts add"), row("gifts disable"), row("gifts enable")]
    );
}

async fn assert_empty(gifts: &Gifts) {
    let page = gifts.catalogue(Page::FIRST).await.unwrap();
    assert_eq!((page.count, page.gifts.as_slice()), (0, &[][..]));
}
