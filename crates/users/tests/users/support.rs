//! What the tests of several subjects use.

use diesel::prelude::*;
use qlive_app::SANDBOX_APP;
use qlive_store::schema::{audit_log, outbox, users};
use qlive_store::{Conn, StoreError};
use qlive_testing::TestServices;
use qlive_types::UserId;
use qlive_users::{Credentials, Registration, UsersError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

/// An id that no user has: the one after a known id, which a second random draw practically never
/// hits.
pub(crate) fn unknown_user(known: UserId) -> UserId {
    UserId::new(if known.get() == UserId::MAX {
        UserId::MIN
    } else {
        known.get() + 1
    })
    .unwrap()
}

/// A registration of the sandbox's app without user data.
pub(crate) fn registration(code: &str) -> Registration {
    Registration {
        app_id: SANDBOX_APP.into(),
        code: code.into(),
        sealed: None,
        token: None,
    }
}

/// `encryptedData` and `iv` for a user of this name and gender.
pub(crate) async fn sealed(
    test: &TestServices,
    code: &str,
    nickname: &str,
    gender: i64,
) -> (String, String) {
    let gender = gender.to_string();
    let query = [("code", code), ("nickname", nickname), ("gender", &gender)];
    let profile = test.sandbox_get("/sandbox/profile", &query).await;
    let field = |key: &str| profile[key].as_str().unwrap().to_owned();
    (field("encryptedData"), field("iv"))
}

pub(crate) async fn login(
    test: &TestServices,
    code: &str,
    token: Option<SecretString>,
) -> Result<Option<Credentials>, UsersError> {
    let users = &test.services.users;
    users.login(SANDBOX_APP.into(), code.into(), token).await
}

/// Switches a fault of the sandbox on.
pub(crate) async fn fault(test: &TestServices, fault: Value) {
    let status = test.sandbox_post("/sandbox/faults", fault).await;
    assert!((200..300).contains(&status), "{status}");
}

/// Has WeChat answer an error code to the next call whose path begins like this.
pub(crate) async fn refuse_once(test: &TestServices, path: &str, code: i64) {
    fault(test, json!({"path": path, "errcode": code, "times": 1})).await;
}

pub(crate) fn text(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

/// Reads with the test's database.
pub(crate) async fn read<T: Send + 'static>(
    test: &TestServices,
    query: impl FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
) -> T {
    let read = test
        .services
        .db
        .read(|conn| Ok::<_, StoreError>(query(conn)?));
    read.await.unwrap()
}

pub(crate) async fn user_count(test: &TestServices) -> i64 {
    read(test, |conn| users::table.count().get_result(conn)).await
}

/// The deliveries in the outbox, in their order.
pub(crate) async fn deliveries(test: &TestServices) -> Vec<String> {
    read(test, |conn| {
        let query = outbox::table.order(outbox::id).select(outbox::delivery);
        query.load(conn)
    })
    .await
}

/// Actions and subjects of the audit log, in their order.
pub(crate) async fn audit_rows(test: &TestServices) -> Vec<(String, String)> {
    read(test, |conn| {
        let columns = (audit_log::action, audit_log::subject);
        audit_log::table
            .order(audit_log::id)
            .select(columns)
            .load(conn)
    })
    .await
}
