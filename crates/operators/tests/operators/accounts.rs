//! Accounts and their roles.

use qlive_operators::{Action, AuditFilter, OperatorsError, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::{Desk, FROM, PASSWORD, terminal};

on_both!(
    name_is_taken_whatever_its_case,
    last_owner_cannot_be_disabled_or_demoted,
    owner_with_an_authenticator_is_not_replaced_by_one_without,
    name_of_the_owner_of_sandboxes_is_taken,
    name_has_at_most_100_characters,
    two_owners_cannot_disable_each_other_at_once,
    role_holds_from_the_next_request,
    disabled_operator_is_logged_out_and_cannot_log_in,
    reset_takes_password_and_authenticator,
    password_change_does_not_outlive_a_reset,
    changes_are_in_the_audit_log_with_role_and_address,
    audit_log_is_filtered_and_paged,
);

async fn name_is_taken_whatever_its_case(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("Olga", Role::Owner).await;
    for same in ["olga", " OLGA ", "ｏｌｇａ"] {
        let added = desk.operators.add(terminal(), same, Role::Support).await;
        assert!(matches!(added, Err(OperatorsError::NameTaken)), "{same}");
    }
    assert_eq!(desk.operators.accounts().await.unwrap().len(), 1);
}

async fn last_owner_cannot_be_disabled_or_demoted(db: TestDb) {
    let desk = Desk::new(&db);
    let olga = desk.add("olga", Role::Owner).await;
    desk.add("fei", Role::Finance).await;
    let demoted = desk
        .operators
        .set_role(terminal(), olga, Role::Finance)
        .await;
    assert!(matches!(demoted, Err(OperatorsError::LastOwner)));
    let disabled = desk.operators.disable(terminal(), olga).await;
    assert!(matches!(disabled, Err(OperatorsError::LastOwner)));
    let second = desk.add("oscar", Role::Owner).await;
    desk.operators.disable(terminal(), olga).await.unwrap();
    let demoted = desk
        .operators
        .set_role(terminal(), second, Role::Finance)
        .await;
    assert!(
        matches!(demoted, Err(OperatorsError::LastOwner)),
        "a disabled owner does not count"
    );
    let invited = desk.operators.add(terminal(), "ona", Role::Owner).await;
    let (invited, _) = invited.unwrap();
    let disabled = desk.operators.disable(terminal(), second).await;
    assert!(
        matches!(disabled, Err(OperatorsError::LastOwner)),
        "an owner who has not accepted the invitation does not count"
    );
    desk.operators.disable(terminal(), invited).await.unwrap();
}

async fn owner_with_an_authenticator_is_not_replaced_by_one_without(db: TestDb) {
    let desk = Desk::new(&db);
    desk.with_authenticator("olga", Role::Owner).await;
    let second = desk.add("oscar", Role::Owner).await;
    let accounts = desk.operators.accounts().await.unwrap();
    let olga = accounts
        .iter()
        .find(|one| one.has_authenticator)
        .unwrap()
        .id;
    let disabled = desk.operators.disable(terminal(), olga).await;
    assert!(matches!(disabled, Err(OperatorsError::LastOwner)));
    desk.operators.disable(terminal(), second).await.unwrap();
    desk.with_authenticator("otto", Role::Owner).await;
    desk.operators.disable(terminal(), olga).await.unwrap();
}

async fn name_of_the_owner_of_sandboxes_is_taken(db: TestDb) {
    let desk = Desk::new(&db);
    for name in ["sandbox", "Sandbox"] {
        let added = desk.operators.add(terminal(), name, Role::Owner).await;
        assert!(matches!(added, Err(OperatorsError::NameTaken)), "{name}");
    }
}

async fn name_has_at_most_100_characters(db: TestDb) {
    let desk = Desk::new(&db);
    let longest = "名".repeat(100);
    desk.add(&longest, Role::Support).await;
    let longer = format!("{longest}字");
    let added = desk.operators.add(terminal(), &longer, Role::Support).await;
    assert!(matches!(added, Err(OperatorsError::LongName)));
}

async fn two_owners_cannot_disable_each_other_at_once(db: TestDb) {
    let desk = Desk::new(&db);
    for round in 0..5 {
        let one = desk.add(&format!("one {round}"), Role::Owner).await;
        let two = desk.add(&format!("two {round}"), Role::Owner).await;
        let accounts = desk.operators.accounts().await.unwrap();
        for other in accounts
            .iter()
            .filter(|other| ![one, two].contains(&other.id))
        {
            if other.role == Role::Owner && other.disabled_at.is_none() {
                desk.operators.disable(terminal(), other.id).await.unwrap();
            }
        }
        let (first, second) = tokio::join!(
            desk.operators.disable(terminal(), one),
            desk.operators.disable(terminal(), two),
        );
        assert!(first.is_ok() != second.is_ok(), "one of them stays");
    }
}

async fn role_holds_from_the_next_request(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("olga", Role::Owner).await;
    let id = desk.add("fei", Role::Finance).await;
    let login = desk.login("fei").await;
    let session = desk.session(&login.token).await.unwrap();
    assert!(session.may(Action::RefundOrder) && !session.may(Action::BanUser));
    desk.operators
        .set_role(terminal(), id, Role::Operator)
        .await
        .unwrap();
    let session = desk.session(&login.token).await.unwrap();
    assert!(!session.may(Action::RefundOrder) && session.may(Action::BanUser));
}

async fn disabled_operator_is_logged_out_and_cannot_log_in(db: TestDb) {
    let desk = Desk::new(&db);
    let id = desk.add("fei", Role::Finance).await;
    let login = desk.login("fei").await;
    desk.operators.disable(terminal(), id).await.unwrap();
    assert!(desk.session(&login.token).await.is_none());
    let again = desk.operators.login("fei", PASSWORD.into(), FROM).await;
    assert!(matches!(again, Err(OperatorsError::WrongCredentials)));
    desk.operators.enable(terminal(), id).await.unwrap();
    assert!(
        desk.session(&login.token).await.is_none(),
        "the session stays ended"
    );
    desk.login("fei").await;
}

async fn reset_takes_password_and_authenticator(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (_secret, token, codes) = desk.set_up(&session).await;
    let link = desk
        .operators
        .reset(terminal(), session.operator_id)
        .await
        .unwrap();
    assert!(desk.session(&token).await.is_none());
    let old = desk.operators.login("fei", PASSWORD.into(), FROM).await;
    assert!(matches!(old, Err(OperatorsError::WrongCredentials)));
    let new = desk
        .operators
        .accept_invitation(&link, "another password".into(), FROM);
    let login = new.await.unwrap();
    assert!(!login.needs_code);
    let session = desk.session(&login.token).await.unwrap();
    assert!(!session.has_authenticator);
    let code = desk
        .operators
        .enter_code(&session, codes.first().unwrap())
        .await;
    assert!(matches!(code, Err(OperatorsError::AuthenticatorState)));
}

async fn password_change_does_not_outlive_a_reset(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let new = || "a password of the thief".into();
    let (_, reset) = tokio::join!(
        desk.operators
            .change_password(&session, PASSWORD.into(), new()),
        desk.operators.reset(terminal(), session.operator_id),
    );
    reset.unwrap();
    let login = desk.operators.login("fei", new(), FROM).await;
    assert!(matches!(login, Err(OperatorsError::WrongCredentials)));
}

async fn changes_are_in_the_audit_log_with_role_and_address(db: TestDb) {
    let desk = Desk::new(&db);
    let olga = desk.new_session("olga", Role::Owner).await;
    let fei = desk.add("fei", Role::Finance).await;
    let by = olga.by("moves to the rooms");
    desk.operators
        .set_role(by, fei, Role::Operator)
        .await
        .unwrap();
    let newest = desk
        .operators
        .audit_log(AuditFilter::default(), None, 1)
        .await
        .unwrap();
    let row = newest.first().unwrap();
    assert_eq!(row.who, "olga");
    assert_eq!(row.role, "owner");
    assert_eq!(row.address, FROM.0);
    assert_eq!(
        (row.action.as_str(), row.subject.as_str()),
        ("operators role", "fei")
    );
    assert_eq!(
        (row.before.as_str(), row.after.as_str()),
        ("finance", "operator")
    );
    assert_eq!(row.reason, "moves to the rooms");
    assert_eq!(
        desk.operators.last_record(&olga).await.unwrap(),
        Some(row.id)
    );
}

async fn audit_log_is_filtered_and_paged(db: TestDb) {
    let desk = Desk::new(&db);
    let olga = desk.new_session("olga", Role::Owner).await;
    for number in 0..5 {
        desk.operators
            .record_refusal(&olga, Action::BanUser, &format!("user {number}"))
            .await
            .unwrap();
    }
    let refusals = AuditFilter {
        action: Some("refused: users ban".to_owned()),
        ..AuditFilter::default()
    };
    let first = desk
        .operators
        .audit_log(refusals.clone(), None, 3)
        .await
        .unwrap();
    let subjects: Vec<&str> = first.iter().map(|row| row.subject.as_str()).collect();
    assert_eq!(subjects, ["user 4", "user 3", "user 2"]);
    let last = first.last().map(|row| row.id);
    let rest = desk.operators.audit_log(refusals, last, 3).await.unwrap();
    assert_eq!(rest.len(), 2);
    let of_one = AuditFilter {
        subject: Some("user 2".to_owned()),
        who: Some("olga".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(
        desk.operators
            .audit_log(of_one, None, 9)
            .await
            .unwrap()
            .len(),
        1
    );
}
