//! Groups in IM: creation, profile, and the repair of a missing group.

use std::time::Duration;

use qlive_outbox::{Delivery, Status};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::json;

use crate::support::{CREATE_GROUP, LIVE, TestOutbox, over};

on_both!(
    group_is_created_once_and_recorded,
    refused_name_is_replaced_by_the_default,
    long_name_is_truncated,
    message_to_a_missing_group_creates_it_first,
    profile_is_updated_and_a_missing_group_created,
);

async fn group_is_created_once_and_recorded(db: TestDb) {
    let test = TestOutbox::start(db).await;
    for created in 1..=2 {
        // The second creation finds the group, which is a success.
        test.enqueue(Delivery::CreateGroup { live: LIVE }).await;
        test.deliver().await;
        assert_eq!(test.last_result().await, (Status::Delivered, String::new()));
        assert_eq!(test.lookup.state().groups_created, vec![LIVE; created]);
    }
    let group = &test.sandbox_state().await["groups"]["group-1"];
    assert_eq!(
        (&group["Name"], &group["FaceUrl"]),
        (&json!("host"), &json!("https://example.com/1.png"))
    );
}

async fn refused_name_is_replaced_by_the_default(db: TestDb) {
    let test = TestOutbox::start(db).await;
    test.add_fault(CREATE_GROUP, json!({"errcode": 80001, "times": 1}))
        .await;
    test.enqueue(Delivery::CreateGroup { live: LIVE }).await;
    test.deliver().await;
    let group = &test.sandbox_state().await["groups"]["group-1"];
    assert_eq!(group["Name"], json!("qlive"));
    assert_eq!(test.lookup.state().groups_created, [LIVE]);
}

async fn long_name_is_truncated(db: TestDb) {
    let test = TestOutbox::start(db).await;
    test.lookup
        .change_room(|room| room.host_name = "名".repeat(11));
    test.enqueue(Delivery::CreateGroup { live: LIVE }).await;
    test.deliver().await;
    let group = &test.sandbox_state().await["groups"]["group-1"];
    assert_eq!(group["Name"], json!("名".repeat(10)), "30 bytes");
}

async fn message_to_a_missing_group_creates_it_first(db: TestDb) {
    let test = TestOutbox::start(db).await;
    test.enqueue(over()).await;
    test.deliver().await;
    assert_eq!(test.group_messages().await.len(), 1);
    assert_eq!(test.sandbox_state().await["calls"][CREATE_GROUP], json!(1));
}

async fn profile_is_updated_and_a_missing_group_created(db: TestDb) {
    let test = TestOutbox::start(db).await;
    for name in ["first", "second"] {
        test.lookup.change_room(|room| room.host_name = name.into());
        test.enqueue(Delivery::UpdateGroupProfile { live: LIVE })
            .await;
        test.clock.advance(Duration::from_secs(1));
        test.deliver().await;
        let group = &test.sandbox_state().await["groups"]["group-1"];
        assert_eq!(group["Name"], json!(name));
    }
    assert_eq!(test.sandbox_state().await["calls"][CREATE_GROUP], json!(1));
}
