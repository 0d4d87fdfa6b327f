//! Links that can be used once.

use qlive_operators::{OperatorsError, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::{Desk, FROM, PASSWORD, terminal};

on_both!(
    invitation_is_accepted_once,
    invitation_ends_after_three_days,
    bad_password_leaves_the_invitation,
    sandbox_link_logs_an_owner_in_once,
    sandbox_link_ends_after_thirty_minutes,
    invitation_does_not_log_in_without_a_password,
    link_used_twice_at_once_works_once,
);

async fn invitation_is_accepted_once(db: TestDb) {
    let desk = Desk::new(&db);
    let (_, link) = desk
        .operators
        .add(terminal(), "fei", Role::Finance)
        .await
        .unwrap();
    let before = desk.operators.login("fei", "".into(), FROM).await;
    assert!(
        matches!(before, Err(OperatorsError::WrongCredentials)),
        "there is no password yet"
    );
    assert_eq!(
        desk.operators.link(&link).await.unwrap().name.as_str(),
        "fei"
    );
    let login = desk
        .operators
        .accept_invitation(&link, PASSWORD.into(), FROM)
        .await
        .unwrap();
    assert_eq!(
        desk.session(&login.token).await.unwrap().role,
        Role::Finance
    );
    let again = desk
        .operators
        .accept_invitation(&link, "another password".into(), FROM)
        .await;
    assert!(matches!(again, Err(OperatorsError::BadLink)));
}

async fn invitation_ends_after_three_days(db: TestDb) {
    let desk = Desk::new(&db);
    let (_, link) = desk
        .operators
        .add(terminal(), "fei", Role::Finance)
        .await
        .unwrap();
    desk.advance(3 * 86_400 - 5);
    desk.operators.link(&link).await.unwrap();
    desk.advance(10);
    let late = desk
        .operators
        .accept_invitation(&link, PASSWORD.into(), FROM)
        .await;
    assert!(matches!(late, Err(OperatorsError::BadLink)));
}

async fn bad_password_leaves_the_invitation(db: TestDb) {
    let desk = Desk::new(&db);
    let (_, link) = desk
        .operators
        .add(terminal(), "fei", Role::Finance)
        .await
        .unwrap();
    let short = desk
        .operators
        .accept_invitation(&link, "short".into(), FROM)
        .await;
    assert!(matches!(short, Err(OperatorsError::BadPassword)));
    desk.operators
        .accept_invitation(&link, PASSWORD.into(), FROM)
        .await
        .unwrap();
}

async fn sandbox_link_logs_an_owner_in_once(db: TestDb) {
    let desk = Desk::new(&db);
    for _ in 0..2 {
        let link = desk.operators.sandbox_link().await.unwrap();
        let login = desk.operators.use_sandbox_link(&link, FROM).await.unwrap();
        let session = desk.session(&login.token).await.unwrap();
        assert_eq!(session.role, Role::Owner);
        assert!(!session.has_password);
        let again = desk.operators.use_sandbox_link(&link, FROM).await;
        assert!(matches!(again, Err(OperatorsError::BadLink)));
    }
    assert_eq!(desk.operators.accounts().await.unwrap().len(), 1);
}

async fn sandbox_link_ends_after_thirty_minutes(db: TestDb) {
    let desk = Desk::new(&db);
    let link = desk.operators.sandbox_link().await.unwrap();
    desk.advance(30 * 60 + 1);
    let late = desk.operators.use_sandbox_link(&link, FROM).await;
    assert!(matches!(late, Err(OperatorsError::BadLink)));
}

async fn invitation_does_not_log_in_without_a_password(db: TestDb) {
    let desk = Desk::new(&db);
    let (_, link) = desk
        .operators
        .add(terminal(), "fei", Role::Owner)
        .await
        .unwrap();
    let used = desk.operators.use_sandbox_link(&link, FROM).await;
    assert!(matches!(used, Err(OperatorsError::BadLink)));
}

async fn link_used_twice_at_once_works_once(db: TestDb) {
    let desk = Desk::new(&db);
    let link = desk.operators.sandbox_link().await.unwrap();
    let (first, second) = tokio::join!(
        desk.operators.use_sandbox_link(&link, FROM),
        desk.operators.use_sandbox_link(&link, FROM),
    );
    assert!(first.is_ok() != second.is_ok());
}
