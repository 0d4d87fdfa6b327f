//! Accounts in IM: import, profile, end of a login.

use std::time::Duration;

use qlive_outbox::{Delivery, Status};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::json;

use crate::support::{SEND_DIRECT_MESSAGE, TestOutbox, invite, user};

on_both!(
    account_is_imported_with_its_profile,
    profile_is_updated_and_an_unknown_account_imported_first,
    login_is_ended_and_an_unknown_account_has_none,
    direct_message_imports_an_unknown_account_first,
    delivery_to_an_unknown_user_is_skipped,
);

async fn account_is_imported_with_its_profile(db: TestDb) {
    let test = TestOutbox::start(db).await;
    test.enqueue(Delivery::ImportAccount { user: user(2) })
        .await;
    test.deliver().await;
    let state = test.sandbox_state().await;
    let account = &state["accounts"][user(2).to_string()];
    assert_eq!(
        (&account["Nick"], &account["FaceUrl"]),
        (&json!("user 2"), &json!("https://example.com/2.png"))
    );
    assert_eq!(test.last_result().await, (Status::Delivered, String::new()));
}

async fn profile_is_updated_and_an_unknown_account_imported_first(db: TestDb) {
    let test = TestOutbox::start(db).await;
    for nickname in ["first", "second"] {
        test.lookup
            .change_account(user(2), |account| account.nickname = nickname.into());
        test.enqueue(Delivery::UpdateAccountProfile { user: user(2) })
            .await;
        test.clock.advance(Duration::from_secs(1));
        test.deliver().await;
        let state = test.sandbox_state().await;
        let account = &state["accounts"][user(2).to_string()];
        assert_eq!(account["Tag_Profile_IM_Nick"], json!(nickname));
        assert_eq!(account["Tag_Profile_IM_Gender"], json!("Gender_Type_Male"));
    }
    let calls = &test.sandbox_state().await["calls"];
    assert_eq!(
        calls["/v4/im_open_login_svc/account_import"],
        json!(1),
        "only the first update imports"
    );
}

async fn login_is_ended_and_an_unknown_account_has_none(db: TestDb) {
    let test = TestOutbox::start(db).await;
    test.enqueue(Delivery::EndLogin { user: user(2) }).await;
    test.deliver().await;
    assert_eq!(test.last_result().await, (Status::Delivered, String::new()));
    assert_eq!(test.sandbox_state().await["kicked"], json!([]));
    test.enqueue_all([
        Delivery::ImportAccount { user: user(2) },
        Delivery::EndLogin { user: user(2) },
    ])
    .await;
    test.deliver().await;
    let kicked = json!([user(2).to_string()]);
    assert_eq!(test.sandbox_state().await["kicked"], kicked);
}

async fn direct_message_imports_an_unknown_account_first(db: TestDb) {
    let test = TestOutbox::start(db).await;
    test.enqueue(invite(&test.clock)).await;
    test.deliver().await;
    assert_eq!(test.messages_to(2).await.len(), 1);
    let calls = &test.sandbox_state().await["calls"];
    assert_eq!(calls[SEND_DIRECT_MESSAGE], json!(2));
    assert_eq!(calls["/v4/im_open_login_svc/account_import"], json!(1));
}

async fn delivery_to_an_unknown_user_is_skipped(db: TestDb) {
    let test = TestOutbox::start(db).await;
    test.lookup.state().accounts.clear();
    for delivery in [
        Delivery::ImportAccount { user: user(2) },
        Delivery::UpdateAccountProfile { user: user(2) },
        Delivery::EndLogin { user: user(2) },
        invite(&test.clock),
    ] {
        test.enqueue(delivery.clone()).await;
        test.clock.advance(Duration::from_secs(1));
        test.deliver().await;
        assert_eq!(
            test.last_result().await,
            (Status::Skipped, "no such user".to_owned()),
            "{delivery:?}"
        );
    }
    assert!(test.messages_to(2).await.is_empty());
}
