//! Recharge blocks.

use std::time::Duration;

use qlive_payments::{NewBlock, PaymentsError};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::Period;

use crate::support::{FEN, GOLD, Shop, coins, fen, operator};

on_both!(
    blocks_for_sale_are_listed_cheapest_first,
    invalid_block_is_refused,
    disabled_block_stays_known_to_operators,
    block_with_another_price_is_a_new_one,
    block_is_sold_within_its_days,
    two_edits_at_once_make_one_new_version,
);

async fn blocks_for_sale_are_listed_cheapest_first(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let large = shop.add_block(700, 7_000, None).await;
    let small = shop.add_block(1, 10, None).await;
    let listed = shop.payments().blocks().await.unwrap().blocks.clone();
    let ids: Vec<i64> = listed.iter().map(|block| block.id).collect();
    assert_eq!(ids, [small, shop.block, large]);
    assert_eq!(listed[0].gold, coins(1));
    assert_eq!(listed[0].price, fen(10));
}

async fn invalid_block_is_refused(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let too_long = "x".repeat(65);
    for (gold, price, product, field) in [
        (0, 1, None, "gold"),
        (1, 0, None, "price"),
        (1, 1, Some(""), "product_id"),
        (1, 1, Some("a b"), "product_id"),
        (1, 1, Some(too_long.as_str()), "product_id"),
    ] {
        let block = NewBlock {
            gold: coins(gold),
            price: fen(price),
            product_id: product.map(str::to_owned),
        };
        let refused = shop.payments().add_block(operator("test"), block).await;
        assert!(
            matches!(refused, Err(PaymentsError::BadField(name)) if name == field),
            "{refused:?}"
        );
    }
    assert_eq!(shop.payments().all_blocks().await.unwrap().len(), 1);
}

async fn disabled_block_stays_known_to_operators(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let payments = shop.payments();
    let disable = || payments.disable_block(operator("test"), shop.block);
    disable().await.unwrap();
    assert_eq!(payments.blocks().await.unwrap().blocks, []);
    let all = payments.all_blocks().await.unwrap();
    assert_eq!((all.len(), all[0].enabled), (1, false));
    assert!(matches!(disable().await, Err(PaymentsError::UnknownBlock)));
    let enable = || payments.enable_block(operator("test"), shop.block);
    enable().await.unwrap();
    assert_eq!(payments.blocks().await.unwrap().blocks.len(), 1);
    assert!(matches!(enable().await, Err(PaymentsError::UnknownBlock)));
    assert_eq!(
        shop.logged_actions().await,
        ["blocks add", "blocks disable", "blocks enable"]
    );
}

/// A block of [`Shop`], with another price and product.
fn priced(price: i64, product: Option<&str>) -> NewBlock {
    NewBlock {
        gold: coins(GOLD),
        price: fen(price),
        product_id: product.map(str::to_owned),
    }
}

async fn block_with_another_price_is_a_new_one(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let (payments, always) = (shop.payments(), Period::default());
    let edit = |id, new, sold| payments.edit_block(operator("test"), id, new, sold);
    let same = edit(shop.block, priced(FEN, Some("other")), always).await;
    assert_eq!(same.unwrap(), shop.block);
    let new = edit(shop.block, priced(FEN - 1, None), always)
        .await
        .unwrap();
    assert_ne!(new, shop.block);
    let all = payments.all_blocks().await.unwrap();
    let shown: Vec<_> = all
        .iter()
        .map(|block| {
            (
                block.id,
                block.price,
                block.product_id.as_deref(),
                block.enabled,
            )
        })
        .collect();
    let old = (shop.block, fen(FEN), Some("other"), false);
    assert_eq!(shown, [old, (new, fen(FEN - 1), None, true)]);
    let again = edit(shop.block, priced(1, None), always).await;
    assert!(
        matches!(again, Err(PaymentsError::UnknownBlock)),
        "{again:?}"
    );
    let backwards = Period::from_millis(Some(5), Some(5));
    let refused = edit(new, priced(1, None), backwards).await;
    assert!(matches!(refused, Err(PaymentsError::BadField("until"))));
    let refused = edit(new, priced(0, None), always).await;
    assert!(matches!(refused, Err(PaymentsError::BadField("price"))));
    assert_eq!(
        shop.logged_actions().await,
        ["blocks add", "blocks edit", "blocks edit"]
    );
}

async fn block_is_sold_within_its_days(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let (payments, clock) = (shop.payments(), &shop.test.services.clock);
    let bob = shop.user("bob").await;
    let hour = Duration::from_secs(3_600);
    let sold = Period {
        from: Some(clock.now().after(hour)),
        until: Some(clock.now().after(2 * hour)),
    };
    let edited = payments.edit_block(operator("test"), shop.block, priced(FEN, None), sold);
    edited.await.unwrap();
    for (wait, expected) in [(Duration::ZERO, 0), (hour, 1), (hour, 0)] {
        clock.advance(wait);
        let listed = payments.blocks().await.unwrap().blocks.len();
        let order = payments.create_order(bob, shop.block, None).await;
        assert_eq!((listed, order.is_ok()), (expected, expected == 1));
    }
}

async fn two_edits_at_once_make_one_new_version(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let edit = |price| {
        let (payments, id) = (shop.payments().clone(), shop.block);
        let new = priced(price, None);
        tokio::spawn(async move {
            let edited = payments.edit_block(operator("test"), id, new, Period::default());
            edited.await.is_ok()
        })
    };
    let (one, other) = (edit(1), edit(2));
    assert_ne!(one.await.unwrap(), other.await.unwrap());
    assert_eq!(shop.payments().blocks().await.unwrap().blocks.len(), 1);
}
