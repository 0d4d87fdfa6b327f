//! The second factor.

use qlive_operators::{Operators, OperatorsError, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use secrecy::ExposeSecret as _;

use crate::support::{Desk, FROM, PASSWORD};

on_both!(
    login_with_an_authenticator_needs_a_code,
    code_is_accepted_once,
    code_of_an_earlier_step_is_refused_after_a_later_one,
    same_code_at_once_is_accepted_once,
    recovery_code_is_accepted_once,
    recovery_code_of_another_operator_is_refused,
    authenticator_is_set_up_with_the_password,
    first_authenticator_is_set_up_after_an_invitation,
    authenticator_is_replaced_with_a_code_of_the_old_one,
    code_is_fresh_for_five_minutes,
);

async fn login_with_an_authenticator_needs_a_code(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, ..) = desk.set_up(&session).await;
    desk.advance(60);
    let login = desk.login("fei").await;
    assert!(login.needs_code);
    let waiting = desk.session(&login.token).await.unwrap();
    assert!(!waiting.is_complete);
    for action in qlive_operators::Action::ALL {
        assert!(!waiting.may(*action), "{action:?}");
    }
    let wrong = desk.operators.enter_code(&waiting, "000000").await;
    assert!(matches!(wrong, Err(OperatorsError::WrongCode)));
    let token = desk
        .operators
        .enter_code(&waiting, &desk.code(&secret))
        .await
        .unwrap();
    assert!(
        desk.session(&login.token).await.is_none(),
        "the token is replaced"
    );
    let session = desk.session(&token).await.unwrap();
    assert!(session.is_complete && session.has_fresh_code(desk.clock.now()));
}

async fn code_is_accepted_once(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, token, _) = desk.set_up(&session).await;
    let session = desk.session(&token).await.unwrap();
    let used = desk
        .operators
        .enter_code(&session, &desk.code(&secret))
        .await;
    assert!(
        matches!(used, Err(OperatorsError::WrongCode)),
        "it set up the authenticator"
    );
    desk.advance(30);
    let code = desk.code(&secret);
    let token = desk.operators.enter_code(&session, &code).await.unwrap();
    let session = desk.session(&token).await.unwrap();
    let again = desk.operators.enter_code(&session, &code).await;
    assert!(matches!(again, Err(OperatorsError::WrongCode)));
}

async fn code_of_an_earlier_step_is_refused_after_a_later_one(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, token, _) = desk.set_up(&session).await;
    desk.advance(60);
    let earlier = desk.code(&secret);
    desk.advance(30);
    let session = desk.session(&token).await.unwrap();
    let token = desk
        .operators
        .enter_code(&session, &desk.code(&secret))
        .await
        .unwrap();
    let session = desk.session(&token).await.unwrap();
    let late = desk.operators.enter_code(&session, &earlier).await;
    assert!(matches!(late, Err(OperatorsError::WrongCode)));
}

async fn same_code_at_once_is_accepted_once(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, ..) = desk.set_up(&session).await;
    desk.advance(60);
    let (one, two) = (desk.login("fei").await, desk.login("fei").await);
    let one = desk.session(&one.token).await.unwrap();
    let two = desk.session(&two.token).await.unwrap();
    let code = desk.code(&secret);
    let (first, second) = tokio::join!(
        desk.operators.enter_code(&one, &code),
        desk.operators.enter_code(&two, &code),
    );
    assert!(first.is_ok() != second.is_ok());
}

async fn recovery_code_is_accepted_once(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (_, token, codes) = desk.set_up(&session).await;
    assert_eq!(codes.len(), 10);
    let session = desk.session(&token).await.unwrap();
    let code = codes.first().unwrap().to_uppercase();
    let token = desk.operators.enter_code(&session, &code).await.unwrap();
    let session = desk.session(&token).await.unwrap();
    let again = desk.operators.enter_code(&session, &code).await;
    assert!(matches!(again, Err(OperatorsError::WrongCode)));
}

async fn recovery_code_of_another_operator_is_refused(db: TestDb) {
    let desk = Desk::new(&db);
    let fei = desk.new_session("fei", Role::Finance).await;
    let (_, _, codes) = desk.set_up(&fei).await;
    let olga = desk.new_session("olga", Role::Owner).await;
    let (_, token, _) = desk.set_up(&olga).await;
    let olga = desk.session(&token).await.unwrap();
    let foreign = desk
        .operators
        .enter_code(&olga, codes.first().unwrap())
        .await;
    assert!(matches!(foreign, Err(OperatorsError::WrongCode)));
}

async fn authenticator_is_set_up_with_the_password(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let new = Operators::new_authenticator(&session).unwrap();
    assert!(
        new.url
            .expose_secret()
            .starts_with("otpauth://totp/qlive:fei?secret=")
    );
    let code = desk.code(new.secret.expose_secret());
    let secret = new.secret.clone();
    let wrong = desk.operators.set_up_authenticator(
        &session,
        "not the password".into(),
        secret,
        (&code, ""),
    );
    assert!(matches!(wrong.await, Err(OperatorsError::WrongCredentials)));
    let secret = new.secret.clone();
    let wrong = desk
        .operators
        .set_up_authenticator(&session, PASSWORD.into(), secret, ("123", ""));
    assert!(matches!(wrong.await, Err(OperatorsError::WrongCode)));
}

async fn first_authenticator_is_set_up_after_an_invitation(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    let login = desk.login("fei").await;
    let session = desk.session(&login.token).await.unwrap();
    let new = Operators::new_authenticator(&session).unwrap();
    let code = desk.code(new.secret.expose_secret());
    let refused =
        desk.operators
            .set_up_authenticator(&session, PASSWORD.into(), new.secret, (&code, ""));
    assert!(matches!(refused.await, Err(OperatorsError::LinkNeeded)));
}

async fn authenticator_is_replaced_with_a_code_of_the_old_one(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (old, token, old_codes) = desk.set_up(&session).await;
    let session = desk.session(&token).await.unwrap();
    desk.advance(60);
    let new = Operators::new_authenticator(&session).unwrap();
    let code = desk.code(new.secret.expose_secret());
    let replace = async |current: &str| {
        let secret = new.secret.clone();
        let codes = (code.as_str(), current);
        let replaced =
            desk.operators
                .set_up_authenticator(&session, PASSWORD.into(), secret, codes);
        replaced.await
    };
    for wrong in ["", "000000", code.as_str()] {
        let refused = replace(wrong).await;
        assert!(
            matches!(refused, Err(OperatorsError::WrongCode)),
            "{wrong:?}"
        );
    }
    let (token, _) = replace(&desk.code(&old)).await.unwrap();
    desk.advance(60);
    let session = desk.session(&token).await.unwrap();
    let prove = async |code: &str| desk.operators.prove(&session, code).await;
    assert!(prove(&desk.code(&old)).await.is_err());
    assert!(prove(old_codes.first().unwrap()).await.is_err());
    prove(&desk.code(new.secret.expose_secret())).await.unwrap();
}

async fn code_is_fresh_for_five_minutes(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    assert!(!session.has_fresh_code(desk.clock.now()));
    let (_, token, _) = desk.set_up(&session).await;
    let session = desk.session(&token).await.unwrap();
    assert!(session.has_fresh_code(desk.clock.now()));
    desk.advance(299);
    assert!(session.has_fresh_code(desk.clock.now()));
    desk.advance(2);
    assert!(!session.has_fresh_code(desk.clock.now()));
    assert_eq!(
        desk.operators
            .sessions(session.operator_id)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(FROM.0, session.address);
}
