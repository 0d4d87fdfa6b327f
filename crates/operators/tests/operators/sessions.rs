//! Sessions: how long they last, and how they end.

use qlive_operators::{OperatorsError, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::{Desk, FROM, PASSWORD, terminal};

on_both!(
    session_ends_after_thirty_idle_minutes,
    session_ends_twelve_hours_after_the_login,
    session_that_awaits_a_code_ends_after_five_minutes,
    every_login_has_a_token_of_its_own,
    session_can_be_ended_by_another_one,
    new_password_ends_the_other_sessions,
    unknown_token_is_no_session,
);

async fn session_ends_after_thirty_idle_minutes(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    let login = desk.login("fei").await;
    for _ in 0..3 {
        desk.advance(29 * 60);
        assert!(desk.session(&login.token).await.is_some());
    }
    desk.advance(30 * 60 + 1);
    assert!(desk.session(&login.token).await.is_none());
}

async fn session_ends_twelve_hours_after_the_login(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    let login = desk.login("fei").await;
    for _ in 0..(12 * 60 / 20 - 1) {
        desk.advance(20 * 60);
        assert!(desk.session(&login.token).await.is_some());
    }
    desk.advance(20 * 60 + 1);
    assert!(desk.session(&login.token).await.is_none());
}

async fn session_that_awaits_a_code_ends_after_five_minutes(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    desk.set_up(&session).await;
    let login = desk.login("fei").await;
    desk.advance(299);
    assert!(desk.session(&login.token).await.is_some());
    desk.advance(2);
    assert!(desk.session(&login.token).await.is_none());
}

async fn every_login_has_a_token_of_its_own(db: TestDb) {
    let desk = Desk::new(&db);
    let id = desk.add("fei", Role::Finance).await;
    let (one, two) = (desk.login("fei").await, desk.login("fei").await);
    let session = desk.session(&one.token).await.unwrap();
    assert_eq!(
        desk.operators.sessions(id).await.unwrap().len(),
        3,
        "one of the invitation"
    );
    desk.operators.logout(&session).await.unwrap();
    assert!(desk.session(&one.token).await.is_none());
    assert!(desk.session(&two.token).await.is_some());
}

async fn session_can_be_ended_by_another_one(db: TestDb) {
    let desk = Desk::new(&db);
    let id = desk.add("fei", Role::Finance).await;
    let other = desk.add("otto", Role::Owner).await;
    let login = desk.login("fei").await;
    let listed = desk.operators.sessions(id).await.unwrap();
    assert_eq!(listed.first().unwrap().agent, FROM.1);
    for session in listed {
        let wrong = desk
            .operators
            .end_session(terminal(), other, session.hash.clone());
        wrong.await.unwrap();
        assert!(
            desk.session(&login.token).await.is_some(),
            "it is not of that account"
        );
    }
    for session in desk.operators.sessions(id).await.unwrap() {
        desk.operators
            .end_session(terminal(), id, session.hash)
            .await
            .unwrap();
    }
    assert!(desk.session(&login.token).await.is_none());
}

async fn new_password_ends_the_other_sessions(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    let (one, two) = (desk.login("fei").await, desk.login("fei").await);
    let session = desk.session(&one.token).await.unwrap();
    let change = |current: &'static str, new: &'static str| {
        desk.operators
            .change_password(&session, current.into(), new.into())
    };
    let wrong = change("not the password", "another password").await;
    assert!(matches!(wrong, Err(OperatorsError::WrongCredentials)));
    let short = change(PASSWORD, "short").await;
    assert!(matches!(short, Err(OperatorsError::BadPassword)));
    let token = change(PASSWORD, "another password").await.unwrap();
    assert!(desk.session(&token).await.is_some());
    assert!(
        desk.session(&one.token).await.is_none(),
        "a copy of the old token is worth nothing"
    );
    assert!(desk.session(&two.token).await.is_none());
    let old = desk.operators.login("fei", PASSWORD.into(), FROM).await;
    assert!(matches!(old, Err(OperatorsError::WrongCredentials)));
}

async fn unknown_token_is_no_session(db: TestDb) {
    let desk = Desk::new(&db);
    for token in ["", "x", &"0".repeat(64)] {
        assert!(desk.session(&token.to_owned().into()).await.is_none());
    }
}
