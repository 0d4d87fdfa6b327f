//! `wx_notify/`: message pushes about virtual payment.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, wait_until};
use qlive_types::{Gender, Page};
use serde_json::{Value, json};

on_both!(
    url_verification_answers_echostr_only_when_signed,
    pushes_are_accepted_plain_and_encrypted_as_xml_and_json,
    doubled_and_late_pushes_credit_once,
    plain_push_is_not_trusted_and_the_order_is_queried,
    encrypted_push_that_does_not_match_its_order_is_refused,
    forged_push_changes_nothing_and_is_counted,
    delivery_is_reported_to_wechat_after_a_lost_push,
    delivery_is_reported_after_an_unacknowledged_push,
    delivery_of_a_refunded_order_is_no_longer_reported,
    complaint_is_recorded_once,
    sixteen_concurrent_pushes_credit_once,
    push_is_503_while_the_query_is_slow_and_the_order_is_credited_later,
    unknown_order_and_unhandled_event_are_accepted_and_counted,
    xml_with_entities_and_empty_elements_is_read,
    events_of_others_are_answered_success_in_every_mode,
    push_with_a_document_type_is_400,
);

/// Sets how the sandbox sends pushes: encrypted or plain, as XML or as JSON.
async fn set_push_format(app: &TestApp, secure: bool, xml: bool) {
    assert_eq!(
        app.sandbox_post("push", json!({"secure": secure, "xml": xml}))
            .await,
        204
    );
}

async fn url_verification_answers_echostr_only_when_signed(db: TestDb) {
    let app = TestApp::start(db).await;
    assert_eq!(
        app.sandbox_post_json("push/verify", json!({})).await,
        json!({"verified": true})
    );
    let url = app.url_of("wx_notify/?signature=00&timestamp=1&nonce=2&echostr=hello");
    let answer = app.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(!answer.text().await.unwrap().contains("hello"));
}

async fn pushes_are_accepted_plain_and_encrypted_as_xml_and_json(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut gold = 0;
    for secure in [true, false] {
        for xml in [false, true] {
            set_push_format(&app, secure, xml).await;
            let order = bob.create_order(blocks::SIXTY).await;
            app.pay(&order).await;
            gold += 60;
            wait_until(&format!("secure {secure}, xml {xml}"), || async {
                bob.balances().await == (gold, 0)
            })
            .await;
        }
    }
    let notices = app.sandbox_state().await["notices"].clone();
    assert!(
        notices
            .as_array()
            .unwrap()
            .iter()
            .all(|notice| notice["accepted"] == true),
        "{notices}"
    );
    app.audit().await;
}

async fn doubled_and_late_pushes_credit_once(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for (at, how) in ["doubled", "late", "none"].into_iter().enumerate() {
        let order = bob.create_order(blocks::SIXTY).await;
        if how != "none" {
            app.add_fault(json!({"path": "/wx_notify/", "notice": how, "times": 1}))
                .await;
        }
        app.pay(&order).await;
        let gold = 60 * (i64::try_from(at).unwrap() + 1);
        wait_until("the order is credited", || async {
            bob.balances().await == (gold, 0)
        })
        .await;
    }
    wait_until("the repeated push arrives", || async {
        app.callback_count("push", "known").await == 1
    })
    .await;
    assert_eq!(app.callback_count("push", "accepted").await, 3);
    app.audit().await;
}

/// The push of WeChat about an order that was paid.
fn paid_push(order: &Value) -> Value {
    json!({"ToUserName": "gh_sandbox", "FromUserName": "o", "CreateTime": 1, "MsgType": "event",
        "Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob",
        "OutTradeNo": order["out_trade_no"], "Env": 1,
        "WeChatPayInfo": {"MchOrderNo": "m", "TransactionId": "4300", "PaidTime": 1_790_000_000},
        "GoodsInfo": {"ProductId": "gold_60", "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600,
            "Attach": "a"}})
}

async fn plain_push_is_not_trusted_and_the_order_is_queried(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    set_push_format(&app, false, false).await;
    let answer = app.sandbox_post_json("pushes", paid_push(&order)).await;
    assert_eq!(
        answer,
        json!({"status": 503, "accepted": false}),
        "the signature does not cover the body, and WeChat reports no payment"
    );
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(app.callback_count("push", "retry").await, 1);
    // Once it is paid, the amount comes from WeChat's answer, not from the push.
    app.pay_without_notice(&order).await;
    app.advance(3);
    let mut lying = paid_push(&order);
    lying["GoodsInfo"]["ActualPrice"] = json!(1);
    assert_eq!(
        app.sandbox_post_json("pushes", lying).await,
        json!({"status": 200, "accepted": true})
    );
    assert_eq!(bob.balances().await, (60, 0));
    app.audit().await;
}

async fn encrypted_push_that_does_not_match_its_order_is_refused(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    for (pointer, value) in [
        ("/OpenId", json!("sandbox-alice")),
        ("/Env", json!(0)),
        ("/GoodsInfo/ProductId", json!("gold_10")),
        ("/GoodsInfo/Quantity", json!(2)),
        ("/GoodsInfo/OrigPrice", json!(500)),
        ("/GoodsInfo/ActualPrice", json!(601)),
    ] {
        let mut push = paid_push(&order);
        *push.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            app.sandbox_post_json("pushes", push).await["status"],
            400,
            "{pointer}"
        );
        // Two queries of one order are at least two seconds apart.
        app.advance(3);
    }
    assert_eq!(app.callback_count("push", "mismatch").await, 6);
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(
        app.sandbox_post_json("pushes", paid_push(&order)).await["accepted"],
        true
    );
    assert_eq!(bob.balances().await, (60, 0));
    app.audit().await;
}

async fn forged_push_changes_nothing_and_is_counted(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let now = app.clock.now().secs();
    for query in [
        String::new(),
        format!("?signature=0&timestamp={now}&nonce=1"),
        format!("?signature={}&timestamp={now}&nonce=1", "0".repeat(40)),
        format!(
            "?encrypt_type=aes&msg_signature={}&timestamp={now}&nonce=1",
            "0".repeat(40)
        ),
    ] {
        for body in [
            paid_push(&order).to_string(),
            json!({"Encrypt": "AAAA"}).to_string(),
            "<xml>".into(),
            "x".into(),
        ] {
            let url = format!("{}{query}", app.url_of("wx_notify/"));
            assert_eq!(
                app.http.post(url).body(body).send().await.unwrap().status(),
                401,
                "{query}"
            );
        }
    }
    assert_eq!(app.callback_count("push", "forged").await, 16);
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
}

async fn delivery_of_a_refunded_order_is_no_longer_reported(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.add_fault(json!({"path": "/xpay/notify_provide_goods", "errcode": 268_490_013}))
        .await;
    app.pay_without_notice(&order).await;
    app.advance(11);
    wait_until("the payment poller queries the order", || async {
        bob.balances().await == (60, 0)
    })
    .await;
    let calls = || app.sandbox_calls("/xpay/notify_provide_goods");
    wait_until("the delivery is reported", || async { calls().await == 1 }).await;
    let no = order["out_trade_no"].as_str().unwrap();
    assert_eq!(
        app.sandbox_post(&format!("pay/{no}/refund"), json!({"fen": 600}))
            .await,
        204
    );
    app.advance(130);
    wait_until("no report is due", || async {
        !app.services
            .payments
            .order(no)
            .await
            .unwrap()
            .delivery_notice_due
    })
    .await;
    // One report, or two when the second was sent before the refund was known.
    let count = calls().await;
    assert!(count <= 2, "{count}");
    app.advance(1_300);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(calls().await, count, "no further report");
    app.audit().await;
}

async fn delivery_is_reported_to_wechat_after_a_lost_push(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    app.add_fault(json!({"path": "/xpay/notify_provide_goods", "errcode": -1, "times": 1}))
        .await;
    app.advance(11);
    wait_until("the payment poller queries the order", || async {
        bob.balances().await == (60, 0)
    })
    .await;
    // The first report failed; it is repeated until it succeeds.
    let calls = || app.sandbox_calls("/xpay/notify_provide_goods");
    wait_until("the delivery is reported", || async { calls().await == 1 }).await;
    app.advance(31);
    wait_until("the report is repeated", || async { calls().await == 2 }).await;
    app.advance(700);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(calls().await, 2, "no report after the successful one");
    app.audit().await;
}

/// The push arrived but WeChat got no answer, so that it still waits for the delivery.
async fn delivery_is_reported_after_an_unacknowledged_push(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    assert_eq!(
        app.sandbox_post_json("pushes", paid_push(&order)).await["accepted"],
        true
    );
    assert_eq!(bob.balances().await, (60, 0));
    let calls = || app.sandbox_calls("/xpay/notify_provide_goods");
    assert_eq!(calls().await, 0);
    app.services
        .payments
        .query_order(app.operator(), order["out_trade_no"].as_str().unwrap())
        .await
        .unwrap();
    wait_until("the delivery is reported", || async { calls().await == 1 }).await;
    app.audit().await;
}

async fn sixteen_concurrent_pushes_credit_once(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    let push = json!({"Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob", "Env": 1,
        "OutTradeNo": order["out_trade_no"],
        "WeChatPayInfo": {"TransactionId": "t1", "PaidTime": 1},
        "GoodsInfo": {"ProductId": "gold_60", "Quantity": 1, "OrigPrice": 600,
            "ActualPrice": 600}});
    for answer in join_all((0..16).map(|_| app.sandbox_post_json("pushes", push.clone()))).await {
        assert_eq!(answer["status"], 200);
    }
    assert_eq!(bob.balances().await, (60, 0));
    assert_eq!(
        (
            app.callback_count("push", "accepted").await,
            app.callback_count("push", "known").await
        ),
        (1, 15)
    );
    app.audit().await;
}

async fn push_is_503_while_the_query_is_slow_and_the_order_is_credited_later(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    set_push_format(&app, false, false).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    app.add_fault(json!({"path": "/xpay/query_order", "latency_ms": 2_500, "times": 1}))
        .await;
    let push = json!({"Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob", "Env": 1,
        "OutTradeNo": order["out_trade_no"]});
    assert_eq!(
        app.sandbox_post_json("pushes", push.clone()).await["status"],
        503,
        "the push is answered before the query ends"
    );
    // The clock stands still for the payment poller: the query of the push credits the order.
    wait_until("the order is credited", || async {
        bob.balances().await == (60, 0)
    })
    .await;
    assert_eq!(app.sandbox_post_json("pushes", push).await["status"], 200);
}

async fn complaint_is_recorded_once(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let mut complaint = json!({"MsgType": "event", "Event": "xpay_complaint_notify",
        "OpenId": "sandbox-bob", "WxOrderId": "w", "MchOrderId": order["out_trade_no"],
        "ComplaintTime": "2026-11-24T10:00:00+08:00", "RetryTimes": 0, "RequestId": "c-1"});
    for _ in 0..2 {
        assert_eq!(
            app.sandbox_post_json("pushes", complaint.clone()).await["accepted"],
            true
        );
    }
    assert_eq!(
        (
            app.callback_count("push", "accepted").await,
            app.callback_count("push", "known").await
        ),
        (1, 1)
    );
    let payments = &app.services.payments;
    let listed = payments.complaints(Page::FIRST).await.unwrap();
    let no = order["out_trade_no"].as_str().unwrap();
    assert_eq!(
        (
            listed.len(),
            listed[0].out_trade_no.as_str(),
            listed[0].openid.as_str()
        ),
        (1, no, "sandbox-bob")
    );
    // A plain push is not authenticated: it counts only about an order of that buyer.
    set_push_format(&app, false, false).await;
    complaint["RequestId"] = json!("c-2");
    complaint["OpenId"] = json!("sandbox-eve");
    assert_eq!(
        app.sandbox_post_json("pushes", complaint).await["accepted"],
        true
    );
    let payments = &app.services.payments;
    let listed = payments.complaints(Page::FIRST).await.unwrap();
    assert_eq!(listed.len(), 1);
}

async fn unknown_order_and_unhandled_event_are_accepted_and_counted(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let order = json!({"out_trade_no": "Q-of-nobody"});
    assert_eq!(
        app.sandbox_post_json("pushes", paid_push(&order)).await["accepted"],
        true
    );
    assert_eq!(
        app.sandbox_post_json("pushes", json!({"Event": "wxa_media_check"}))
            .await["accepted"],
        true
    );
    assert_eq!(
        (
            app.callback_count("push", "unknown").await,
            app.callback_count("push", "unhandled").await
        ),
        (1, 1)
    );
}

async fn xml_with_entities_and_empty_elements_is_read(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for (secure, gold) in [(true, 60), (false, 120)] {
        set_push_format(&app, secure, true).await;
        let order = bob.create_order(blocks::SIXTY).await;
        app.pay_without_notice(&order).await;
        app.advance(3);
        let no = order["out_trade_no"].as_str().unwrap();
        let (head, tail) = no.split_at(4);
        let xml = format!(
            "<?xml version=\"1.0\"?>\n<xml>\n  <!-- a push -->\n  <ToUserName/>\n  \
             <Event>xpay_goods_deliver&#95;notify</Event><OpenId>sandbox&#x2D;bob</OpenId>\n  \
             <OutTradeNo>{head}<![CDATA[{tail}]]></OutTradeNo><Env>1</Env><TeamInfo />\n  \
             <WeChatPayInfo><TransactionId>4300</TransactionId></WeChatPayInfo>\n  \
             <GoodsInfo><ProductId>gold_60</ProductId><Quantity> 1 </Quantity>\
             <OrigPrice>600</OrigPrice><ActualPrice>600</ActualPrice>\
             <Attach>a&amp;b &lt;c&gt;</Attach></GoodsInfo>\n</xml>\n"
        );
        let answer = app.push_text(xml).await;
        assert_eq!(answer["accepted"], true, "{answer}");
        assert_eq!(answer["status"], 200);
        let body = answer["body"].as_str().unwrap();
        let expected = if secure {
            "<Encrypt>"
        } else {
            "<ErrCode>0</ErrCode>"
        };
        assert!(body.contains(expected), "{body}");
        assert_eq!(bob.balances().await, (gold, 0));
    }
    app.audit().await;
}

async fn events_of_others_are_answered_success_in_every_mode(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let json_texts = [
        r#"{"MsgType":"text","FromUserName":"o1","Content":"a\ud83d","MsgId":1}"#.to_owned(),
        "{\"MsgType\":\"text\",\"Content\":\"a\u{1}b\nc\"}".to_owned(),
        json!({"MsgType": "event", "Event": "user_enter_tempsession"}).to_string(),
        json!({"MsgType": "event", "Event": "wxa_media_check", "trace_id": "t", "version": 2,
            "result": {"suggest": "pass", "label": "100"},
            "detail": [{"strategy": "a", "errcode": 0}, {"strategy": "b", "errcode": 0}]})
        .to_string(),
        json!({"Event": "made_up_tomorrow"}).to_string(),
    ];
    let xml_texts = [
        "<xml><MsgType><![CDATA[text]]></MsgType><Content>a &amp; b</Content></xml>",
        "<xml><MsgType>event</MsgType><Event>wxa_media_check</Event><extra/>\
         <detail><strategy>a</strategy></detail><detail><strategy>b</strategy></detail></xml>",
        "<xml/>",
    ];
    let mut count = 0;
    for secure in [true, false] {
        for xml in [false, true] {
            set_push_format(&app, secure, xml).await;
            let texts: Vec<String> = if xml {
                xml_texts.map(str::to_owned).to_vec()
            } else {
                json_texts.to_vec()
            };
            for text in texts {
                let answer = app.push_text(text.clone()).await;
                let expected = json!({"status": 200, "accepted": true, "body": "success"});
                assert_eq!(answer, expected, "{text}");
                count += 1;
            }
        }
    }
    assert_eq!(app.callback_count("push", "unhandled").await, count);
    // What belongs to virtual payment is confirmed in its form, known or not.
    set_push_format(&app, false, false).await;
    let answer = app.push_text(r#"{"Event":"xpay_coin_pay_notify"}"#).await;
    assert_eq!(answer["body"], r#"{"ErrCode":0,"ErrMsg":"success"}"#);
}

async fn push_with_a_document_type_is_400(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    for secure in [true, false] {
        set_push_format(&app, secure, true).await;
        for text in [
            "<!DOCTYPE xml [<!ENTITY e \"x\">]><xml><Event>&e;</Event></xml>",
            "<!DOCTYPE xml SYSTEM \"http://127.0.0.1/x\"><xml/>",
            "<xml><Event>&e;</Event></xml>",
            "<xml><Event>a</xml>",
        ] {
            assert_eq!(app.push_text(text).await["status"], 400, "{text}");
        }
    }
    assert_eq!(app.callback_count("push", "unreadable").await, 8);
}
