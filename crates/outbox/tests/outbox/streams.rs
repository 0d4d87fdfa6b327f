//! Streams in CSS: cut, forbidden, resumed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use qlive_outbox::{Delivery, Status};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::{Value, json};

use crate::support::{TestOutbox, user};

on_both!(
    streams_are_cut_forbidden_and_resumed_in_order,
    cut_is_skipped_if_the_user_is_on_stage_again,
    stream_is_skipped_without_credentials,
    refused_stream_is_parked_and_a_failed_one_repeated,
);

/// The actions that CSS received.
async fn actions(test: &TestOutbox) -> Vec<Value> {
    let state = test.sandbox_state().await;
    let orders = state["stream_orders"].as_array().unwrap().iter();
    orders.map(|order| order["action"].clone()).collect()
}

async fn streams_are_cut_forbidden_and_resumed_in_order(db: TestDb) {
    let test = TestOutbox::start(db).await;
    let user = user(2);
    test.enqueue_all([
        Delivery::DropStream { user },
        Delivery::ForbidStream { user },
        Delivery::ResumeStream { user },
    ])
    .await;
    test.deliver().await;
    assert_eq!(
        actions(&test).await,
        ["DropLiveStream", "ForbidLiveStream", "ResumeLiveStream"]
    );
    let orders = &test.sandbox_state().await["stream_orders"];
    assert_eq!(orders[0]["stream"], json!(user.to_string()));
    let until = test.clock.now().after(Duration::from_secs(90 * 86_400));
    let until = until.utc();
    assert_eq!(
        orders[1]["asked"]["ResumeTime"].as_str().unwrap()[..10],
        until[..10]
    );
}

async fn cut_is_skipped_if_the_user_is_on_stage_again(db: TestDb) {
    let test = TestOutbox::start(db).await;
    let now = test.clock.now();
    for (since, skipped) in [
        (now.before(Duration::from_secs(60)), false),
        (now.after(Duration::from_secs(60)), true),
    ] {
        test.lookup.state().on_stage.insert(user(2), since);
        test.enqueue(Delivery::DropStream { user: user(2) }).await;
        test.deliver().await;
        let expected = if skipped {
            (Status::Skipped, "on stage again".to_owned())
        } else {
            (Status::Delivered, String::new())
        };
        assert_eq!(test.last_result().await, expected);
    }
    assert_eq!(actions(&test).await.len(), 1);
}

async fn stream_is_skipped_without_credentials(db: TestDb) {
    let test = TestOutbox::start(db).await;
    let user = user(2);
    for delivery in [
        Delivery::DropStream { user },
        Delivery::ForbidStream { user },
        Delivery::ResumeStream { user },
    ] {
        test.enqueue(delivery).await;
        let worker = test.start_worker_with(None);
        test.wait_for_delivery().await;
        worker.stop().await;
        let expected = (Status::Skipped, "no cloud credentials".to_owned());
        assert_eq!(test.last_result().await, expected);
    }
    assert!(actions(&test).await.is_empty());
}

async fn refused_stream_is_parked_and_a_failed_one_repeated(db: TestDb) {
    let test = TestOutbox::start(db).await;
    let user = user(2);
    let fault = json!({"errcode": "InternalError", "times": 1, "exact": true});
    test.add_fault("/", fault).await;
    test.enqueue(Delivery::DropStream { user }).await;
    test.deliver().await;
    assert_eq!(actions(&test).await, ["DropLiveStream"], "repeated");
    let fault = json!({"errcode": "AuthFailure.SecretIdNotFound", "times": 1, "exact": true});
    test.add_fault("/", fault).await;
    test.enqueue(Delivery::ForbidStream { user }).await;
    test.deliver().await;
    let (status, detail) = test.last_result().await;
    assert_eq!(status, Status::Parked);
    assert!(detail.contains("AuthFailure.SecretIdNotFound"), "{detail}");
    let failures = test.outbox.failures();
    assert_eq!(failures.css.load(Ordering::Relaxed), 2);
    assert_eq!(failures.im.load(Ordering::Relaxed), 0);
}
