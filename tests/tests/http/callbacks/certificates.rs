//! Platform certificates: an instance without WeChat Pay's public key downloads them.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    certificates_are_downloaded_without_a_public_key,
    unknown_certificate_is_looked_up_once_a_minute,
    tampered_certificates_are_rejected,
    notice_signed_with_an_unknown_certificate_downloads_it,
);

/// Another instance, with no key to verify what WeChat Pay signs.
async fn instance_without_keys(app: &TestApp) -> TestApp {
    let mut settings = app.settings.clone();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.wechat_pay.as_mut().unwrap().verify_keys.clear();
    app.second_instance_from(settings).await
}

async fn unknown_certificate_is_looked_up_once_a_minute(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = instance_without_keys(&app).await;
    let calls = || app.sandbox_calls("/v3/certificates");
    wait_until("the certificates are downloaded", || async {
        calls().await == 1
    })
    .await;
    app.add_fault(json!({"path": "/v3/certificates", "status": 500}))
        .await;
    app.advance(61);
    for _ in 0..5 {
        // Signed with the public key, whose id this instance does not know.
        let options = json!({"url": second.url_of("pay_notify/")});
        assert_eq!(
            app.send_pay_notice("TRANSACTION.SUCCESS", "transaction", json!({}), options)
                .await,
            401
        );
    }
    assert_eq!(
        calls().await,
        2,
        "one more request within the minute, although it failed"
    );
    second.close().await;
}

async fn tampered_certificates_are_rejected(db: TestDb) {
    let app = TestApp::start(db).await;
    app.add_fault(json!({"path": "/v3/certificates", "tampered": true}))
        .await;
    let second = instance_without_keys(&app).await;
    let bob = app.guest("bob", Gender::Male).await.on_instance(&second);
    bob.post("qlive_pay/", json!({"block_id": blocks::SIXTY}))
        .await
        .refused(503, "provider_silent");
    // Failed downloads are repeated after a minute, successful ones after an hour.
    app.clear_faults().await;
    app.advance(61);
    bob.create_order(blocks::SIXTY).await;
    let calls = || async { app.sandbox_calls("/v3/certificates").await };
    let fetched = calls().await;
    app.advance(3_601);
    wait_until("the certificates are downloaded again", || async {
        calls().await > fetched
    })
    .await;
    second.close().await;
}

async fn certificates_are_downloaded_without_a_public_key(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = instance_without_keys(&app).await;
    let bob = app.guest("bob", Gender::Male).await.on_instance(&second);
    // The answer of WeChat Pay is signed with a certificate that must be downloaded first.
    let order = bob.create_order(blocks::SIXTY).await;
    let fetched = app.sandbox_calls("/v3/certificates").await;
    assert!((1..=2).contains(&fetched), "{fetched}");
    app.pay_without_notice(&order).await;
    // The answer to a query is signed in the same way.
    app.advance(11);
    wait_until("it is credited", || async {
        bob.balances().await == (60, 0)
    })
    .await;
    second.close().await;
}

async fn notice_signed_with_an_unknown_certificate_downloads_it(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let second = instance_without_keys(&app).await;
    let options = json!({"certified": true, "url": second.url_of("pay_notify/")});
    assert_eq!(
        app.send_payment_notice(app.payment_resource(&order, 600), options)
            .await,
        204
    );
    assert_eq!(
        (
            second.callback_count("pay", "accepted").await,
            bob.balances().await
        ),
        (1, (60, 0))
    );
    // A public key cannot be downloaded.
    let options = json!({"url": second.url_of("pay_notify/")});
    assert_eq!(
        app.send_payment_notice(app.payment_resource(&order, 600), options)
            .await,
        401
    );
    second.close().await;
}
