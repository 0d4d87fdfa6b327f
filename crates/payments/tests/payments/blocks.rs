//! Recharge blocks.

use qlive_payments::{NewBlock, PaymentsError};
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::{Shop, coins, fen, operator};

on_both!(
    blocks_for_sale_are_listed_cheapest_first,
    invalid_block_is_refused,
    disabled_block_stays_known_to_operators,
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
