//! Refunds of virtual orders, of which xpay tells only what is left of the order.

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::eventually;
use serde_json::json;

use crate::recharge::{buyer, virtual_house};
use crate::refunds::{done, fen, owed, refund};

on_both!(
    virtual_orders_are_refunded_too,
    the_platform_refunds_virtual_orders_too,
    one_refund_of_a_virtual_order_is_under_way_at_a_time,
    a_virtual_refund_that_fails_gives_the_coins_back,
    no_word_about_a_repeated_virtual_refund_returns_coins_of_money_that_went_back,
    who_cannot_be_asked_is_not_refunded_by,
    a_lie_about_a_failed_refund_gives_nothing_back,
);

async fn virtual_orders_are_refunded_too(db: TestDb) {
    let house = virtual_house(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    refund(&house, &order, fen(200)).await.unwrap();
    assert_eq!(bob.purse().await, (40, 0));
    eventually("WeChat says it is done", || async {
        done(&house, &order).await == [(200, "done")]
    })
    .await;
    // The push about the next one gets lost; asking finds it.
    house
        .fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
        .await;
    refund(&house, &order, None).await.unwrap();
    let asked = || async {
        house.outside().await["calls"]["/xpay/refund_order"]
            .as_u64()
            .unwrap_or(0)
            == 2
    };
    eventually("it is asked for", asked).await;
    house.advance(60);
    eventually("it is done", || async {
        done(&house, &order).await == [(200, "done"), (400, "done")]
    })
    .await;
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    house.audit().await;
    // A plain no of xpay gives the coins back.
    let (carl, order) = buyer(&house, "carl", 1).await;
    house
        .fault(json!({"path": "/xpay/refund_order", "errcode": 268_490_002, "times": 1}))
        .await;
    refund(&house, &order, None).await.unwrap();
    eventually("the coins are back", || async {
        carl.purse().await == (60, 0)
    })
    .await;
    assert_eq!(done(&house, &order).await, [(600, "refused")]);
    house.audit().await;
}

async fn the_platform_refunds_virtual_orders_too(db: TestDb) {
    let house = virtual_house(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let path = format!("pay/{}/refund", order["out_trade_no"].as_str().unwrap());
    house
        .fault(json!({"path": "/wx_notify/", "notice": "doubled", "times": 1}))
        .await;
    assert_eq!(house.control(&path, json!({"fen": 300})).await, 204);
    assert_eq!(bob.purse().await, (30, 0));
    // In plain mode WeChat is asked whether it is so.
    house
        .control("push", json!({"secure": false, "xml": true}))
        .await;
    let lie = json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob", "WxRefundId": "xr-lie", "MchRefundId": "",
        "MchOrderId": order["out_trade_no"], "RefundFee": 300, "RetCode": 0});
    assert_eq!(house.asked("pushes", lie).await["status"], 503);
    assert_eq!(bob.purse().await, (30, 0));
    // One that lies about the sum brings what WeChat says is gone, and the true one brings nothing more.
    house
        .fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
        .await;
    assert_eq!(house.control(&path, json!({"fen": 200})).await, 204);
    let lie = |number: &str, fen: i64| {
        json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob", "WxRefundId": number, "MchRefundId": "",
            "MchOrderId": order["out_trade_no"], "RefundFee": fen, "RetCode": 0})
    };
    assert_eq!(
        house.asked("pushes", lie("xr-other", i64::MAX)).await["status"],
        200
    );
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((10, 0), vec![(300, "done"), (200, "done")])
    );
    assert_eq!(
        house.asked("pushes", lie("xr-true", 200)).await["status"],
        503
    );
    let mut mute = lie("xr-mute", 1);
    mute.as_object_mut().unwrap().remove("RetCode");
    assert_eq!(
        house.asked("pushes", mute).await["status"],
        400,
        "it does not say what became of it"
    );
    assert_eq!(bob.purse().await, (10, 0));
    assert_eq!(house.control(&path, json!({"fen": 100})).await, 204);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    house.audit().await;
}

async fn one_refund_of_a_virtual_order_is_under_way_at_a_time(db: TestDb) {
    let house = virtual_house(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house.control("refunds", json!({"hold": true})).await;
    let first = refund(&house, &order, fen(100)).await.unwrap();
    assert!(matches!(
        refund(&house, &order, fen(100)).await,
        Err(PaymentsError::RefundUnderWay)
    ));
    let known = || async {
        house
            .control(&format!("refunds/{first}"), json!({"do": "success"}))
            .await
            == 204
    };
    eventually("WeChat has it", known).await;
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((50, 0), vec![(100, "done")])
    );
    refund(&house, &order, fen(100)).await.unwrap();
    house.audit().await;
}

async fn a_virtual_refund_that_fails_gives_the_coins_back(db: TestDb) {
    let house = virtual_house(db).await;
    house.control("refunds", json!({"hold": true})).await;
    for (name, secure, told) in [
        ("bob", true, true),
        ("carl", false, true),
        ("dora", true, false),
    ] {
        house
            .control("push", json!({"secure": secure, "xml": false}))
            .await;
        let (buyer, order) = buyer(&house, name, 1).await;
        let number = refund(&house, &order, None).await.unwrap();
        assert_eq!(buyer.purse().await, (0, 0));
        if !told {
            house
                .fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
                .await;
        }
        let fails = || async {
            house
                .control(&format!("refunds/{number}"), json!({"do": "closed"}))
                .await
                == 204
        };
        eventually("WeChat fails it", fails).await;
        if !told {
            house.advance(130);
        }
        eventually("the coins are back", || async {
            buyer.purse().await == (60, 0)
        })
        .await;
        assert_eq!(done(&house, &order).await, [(600, "refused")]);
        // The order goes on saying that a refund failed: that is no word about the next one.
        let calls = || async {
            house.outside().await["calls"]["/xpay/refund_order"]
                .as_u64()
                .unwrap()
        };
        let asked = calls().await;
        let number = refund(&house, &order, None).await.unwrap();
        eventually("it is asked for", || async { calls().await == asked + 1 }).await;
        house.advance(130);
        eventually("it is asked about", || async { calls().await == asked + 2 }).await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert_eq!(
            done(&house, &order).await,
            [(600, "refused"), (600, "asked")]
        );
        house
            .control("push", json!({"secure": true, "xml": false}))
            .await;
        assert_eq!(
            house
                .control(&format!("refunds/{number}"), json!({"do": "success"}))
                .await,
            204
        );
        assert_eq!(
            done(&house, &order).await,
            [(600, "refused"), (600, "done")]
        );
    }
    house.audit().await;
}

async fn no_word_about_a_repeated_virtual_refund_returns_coins_of_money_that_went_back(db: TestDb) {
    let house = virtual_house(db).await;
    let calls = || async {
        house.outside().await["calls"]["/xpay/refund_order"]
            .as_u64()
            .unwrap_or(0)
    };
    // The money went back and nobody said so. Asked once more xpay may say: all refunded, a wrong parameter,
    // another sum left, still under way.
    for (number, (code, known)) in [
        (268_490_005, true),
        (268_490_002, true),
        (268_490_016, true),
        (268_490_014, false),
    ]
    .into_iter()
    .enumerate()
    {
        let (buyer, order) = buyer(&house, &format!("buyer{number}"), 1).await;
        house
            .fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
            .await;
        let asked = calls().await;
        refund(&house, &order, None).await.unwrap();
        eventually("it is asked for", || async { calls().await == asked + 1 }).await;
        house
            .fault(json!({"path": "/xpay/refund_order", "errcode": code, "times": 1}))
            .await;
        house.advance(130);
        eventually("it is asked about", || async { calls().await == asked + 2 }).await;
        if !known {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            assert_eq!(
                done(&house, &order).await,
                [(600, "asked")],
                "under way is not done"
            );
            house.advance(130);
        }
        eventually("it is done", || async {
            done(&house, &order).await == [(600, "done")]
        })
        .await;
        assert_eq!(buyer.purse().await, (0, 0));
    }
    // While it is under way, nor is a word believed that does not fit.
    house.control("refunds", json!({"hold": true})).await;
    let (buyer, order) = buyer(&house, "last", 1).await;
    let asked = calls().await;
    refund(&house, &order, None).await.unwrap();
    eventually("it is asked for", || async { calls().await == asked + 1 }).await;
    for (turn, code) in [268_490_005, 268_490_016].into_iter().enumerate() {
        house
            .fault(json!({"path": "/xpay/refund_order", "errcode": code, "times": 1}))
            .await;
        house.advance(130);
        let turn = u64::try_from(turn).unwrap();
        eventually("it is asked about", || async {
            calls().await == asked + 2 + turn
        })
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert_eq!(
            (done(&house, &order).await, buyer.purse().await),
            (vec![(600, "asked")], (0, 0)),
            "{code}"
        );
    }
    house.audit().await;
}

async fn who_cannot_be_asked_is_not_refunded_by(db: TestDb) {
    let mut house = virtual_house(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house.settings.virtual_payment = None;
    house.settings.payments.provider = None;
    let house = house.restart(0).await;
    assert!(matches!(
        refund(&house, &order, None).await,
        Err(PaymentsError::ProviderUnavailable)
    ));
    assert_eq!(bob.purse().await, (60, 0));
    house.close().await;
}

async fn a_lie_about_a_failed_refund_gives_nothing_back(db: TestDb) {
    let house = virtual_house(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house
        .control("push", json!({"secure": false, "xml": false}))
        .await;
    // The money went back, and the push about it gets lost.
    house
        .fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
        .await;
    let number = refund(&house, &order, None).await.unwrap();
    let asked = || async {
        house.outside().await["calls"]["/xpay/refund_order"]
            .as_u64()
            .unwrap_or(0)
            == 1
    };
    eventually("it is asked for", asked).await;
    let lie = |number: &str, wechats: &str, code: i64| {
        json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob", "WxRefundId": wechats, "MchRefundId": number,
            "MchOrderId": order["out_trade_no"], "RefundFee": 600, "RetCode": code})
    };
    assert_eq!(
        house.asked("pushes", lie(&number, "xr-1", 1)).await["status"],
        503,
        "it did not fail"
    );
    let again = house.asked("pushes", lie("", "xr-2", 0)).await;
    assert_eq!(
        again["status"], 503,
        "nor did the platform give it back again"
    );
    assert_eq!((bob.purse().await, owed(&house, &bob).await), ((0, 0), 0));
    house.advance(130);
    eventually("a question finds it done", || async {
        done(&house, &order).await == [(600, "done")]
    })
    .await;
    house.audit().await;
}
