//! Who may do what in the terminal.

use qlive_operators::{Action, AuditFilter, OperatorsError, Role};
use qlive_store::audit_log::Operator;
use qlive_store::testing::TestDb;
use qlive_store::{OperatorName, on_both};

use crate::support::{Desk, code_at};

on_both!(
    any_name_is_recorded_until_an_owner_has_an_authenticator,
    account_does_what_its_role_may,
    money_needs_a_fresh_code_of_that_account,
);

async fn try_it(
    desk: &Desk,
    name: &str,
    action: Action,
    code: Option<&str>,
) -> Result<Operator, OperatorsError> {
    let name = OperatorName::parse(name).unwrap();
    let code = code.map(Into::into);
    desk.operators
        .authorize_in_terminal(name, action, code)
        .await
}

async fn any_name_is_recorded_until_an_owner_has_an_authenticator(db: TestDb) {
    let desk = Desk::new(&db);
    let by = try_it(&desk, "whoever", Action::GrantGold, None)
        .await
        .unwrap();
    assert_eq!((by.name.as_str(), by.role), ("whoever", ""));
    desk.add("olga", Role::Owner).await;
    // The owner of a sandbox has an authenticator of its own.
    let link = desk.operators.sandbox_link().await.unwrap();
    let from = crate::support::FROM;
    desk.operators.use_sandbox_link(&link, from).await.unwrap();
    try_it(&desk, "whoever", Action::GrantGold, None)
        .await
        .unwrap();
    desk.with_authenticator("otto", Role::Owner).await;
    for name in ["whoever", "sandbox 2"] {
        let refused = try_it(&desk, name, Action::ViewUsers, None).await;
        assert!(matches!(refused, Err(OperatorsError::UnknownOperator)));
    }
}

async fn account_does_what_its_role_may(db: TestDb) {
    let desk = Desk::new(&db);
    desk.with_authenticator("olga", Role::Owner).await;
    let sam = desk.add("sam", Role::Support).await;
    let by = try_it(&desk, "SAM", Action::EndUserSessions, None)
        .await
        .unwrap();
    assert_eq!((by.name.as_str(), by.role), ("sam", "support"));
    let refused = try_it(&desk, "sam", Action::BanUser, None).await;
    assert!(matches!(refused, Err(OperatorsError::NotAllowed)));
    let filter = AuditFilter {
        who: Some("sam".to_owned()),
        action: Some("refused: users ban".to_owned()),
        ..AuditFilter::default()
    };
    let records = desk.operators.audit_log(filter, None, 10).await.unwrap();
    assert_eq!(records.len(), 1);
    let by_olga = Operator::new("olga", "left").unwrap();
    desk.operators.disable(by_olga, sam).await.unwrap();
    let refused = try_it(&desk, "sam", Action::EndUserSessions, None).await;
    assert!(matches!(refused, Err(OperatorsError::UnknownOperator)));
}

async fn money_needs_a_fresh_code_of_that_account(db: TestDb) {
    let desk = Desk::new(&db);
    let of_olga = desk.with_authenticator("olga", Role::Owner).await;
    let of_fei = desk.with_authenticator("fei", Role::Finance).await;
    desk.add("fred", Role::Finance).await;
    desk.advance(60);
    let money = Action::ApproveWithdrawal;
    let refused = try_it(&desk, "fei", money, None).await;
    assert!(matches!(refused, Err(OperatorsError::CodeNeeded)));
    let refused = try_it(&desk, "fred", money, Some("123456")).await;
    assert!(matches!(refused, Err(OperatorsError::AuthenticatorState)));
    let now = desk.clock.now();
    let refused = try_it(&desk, "fei", money, Some(&code_at(&of_olga, now))).await;
    assert!(
        matches!(refused, Err(OperatorsError::WrongCode)),
        "of another"
    );
    let code = code_at(&of_fei, now);
    try_it(&desk, "fei", money, Some(&code)).await.unwrap();
    let again = try_it(&desk, "fei", money, Some(&code)).await;
    assert!(matches!(again, Err(OperatorsError::WrongCode)), "used");
    for _ in 0..6 {
        drop(try_it(&desk, "fei", money, Some("000000")).await);
    }
    let locked = try_it(&desk, "fei", money, Some("000000")).await;
    assert!(matches!(locked, Err(OperatorsError::Locked(_))));
}
