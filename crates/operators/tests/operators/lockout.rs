//! Lock-out by name and by address.

use qlive_operators::{Operators, OperatorsError, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use secrecy::ExposeSecret as _;

use crate::support::{Desk, FROM, PASSWORD, terminal};

on_both!(
    name_is_locked_after_five_misses_and_longer_each_time,
    unknown_name_is_locked_like_a_known_one,
    attempts_at_once_count_each_other,
    address_is_locked_after_twenty_misses_of_any_names,
    success_forgives_the_misses_of_the_name,
    wrong_codes_count_as_misses,
    right_password_forgives_no_wrong_code,
    name_that_no_account_has_is_counted_however_long_it_is,
    logins_with_a_code_leave_no_misses,
    right_password_lifts_the_lock_of_its_own_attempt,
    wrong_passwords_of_others_do_not_lock_a_session,
    reset_forgets_the_misses,
);

async fn miss(desk: &Desk, name: &str, address: &str) -> OperatorsError {
    let login = desk
        .operators
        .login(name, "a wrong password".into(), (address, ""));
    login.await.unwrap_err()
}

async fn misses_until_locked(desk: &Desk, name: &str) -> usize {
    for count in 0..50 {
        if matches!(miss(desk, name, FROM.0).await, OperatorsError::Locked(_)) {
            return count;
        }
    }
    panic!("it is never locked")
}

async fn name_is_locked_after_five_misses_and_longer_each_time(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    assert_eq!(misses_until_locked(&desk, "fei").await, 5);
    let right = desk
        .operators
        .login("FEI", PASSWORD.into(), ("198.51.100.1", ""))
        .await;
    assert!(
        matches!(right, Err(OperatorsError::Locked(_))),
        "from anywhere"
    );
    for wait in [60, 120, 240] {
        desk.advance(wait - 1);
        let early = miss(&desk, "fei", FROM.0).await;
        assert!(matches!(early, OperatorsError::Locked(_)), "{wait}");
        desk.advance(2);
        let late = miss(&desk, "fei", FROM.0).await;
        assert!(matches!(late, OperatorsError::WrongCredentials), "{wait}");
    }
}

async fn unknown_name_is_locked_like_a_known_one(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    assert_eq!(misses_until_locked(&desk, "nobody").await, 5);
}

async fn attempts_at_once_count_each_other(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    let attempts = (0..12).map(|_| {
        let operators = desk.operators.clone();
        tokio::spawn(async move { operators.login("fei", "wrong password".into(), FROM).await })
    });
    let attempts: Vec<_> = attempts.collect();
    let mut tried = 0;
    for attempt in attempts {
        let refused = attempt.await.unwrap().unwrap_err();
        tried += usize::from(matches!(refused, OperatorsError::WrongCredentials));
    }
    assert_eq!(tried, 5);
}

async fn address_is_locked_after_twenty_misses_of_any_names(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    for number in 0..20 {
        let refused = miss(&desk, &format!("name {number}"), "198.51.100.7").await;
        assert!(
            matches!(refused, OperatorsError::WrongCredentials),
            "{number}"
        );
    }
    let right = desk
        .operators
        .login("fei", PASSWORD.into(), ("198.51.100.7", ""))
        .await;
    assert!(matches!(right, Err(OperatorsError::Locked(_))));
    desk.login("fei").await;
}

async fn success_forgives_the_misses_of_the_name(db: TestDb) {
    let desk = Desk::new(&db);
    desk.add("fei", Role::Finance).await;
    for _ in 0..4 {
        miss(&desk, "fei", FROM.0).await;
    }
    desk.login("fei").await;
    assert_eq!(misses_until_locked(&desk, "fei").await, 5);
    desk.advance(86_400 + 1);
    assert_eq!(
        misses_until_locked(&desk, "fei").await,
        5,
        "a day later they are forgotten"
    );
}

async fn wrong_codes_count_as_misses(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, ..) = desk.set_up(&session).await;
    desk.advance(60);
    let login = desk.login("fei").await;
    let waiting = desk.session(&login.token).await.unwrap();
    let mut tried = 0;
    while !matches!(
        desk.operators.enter_code(&waiting, "000000").await,
        Err(OperatorsError::Locked(_))
    ) {
        tried += 1;
        assert!(tried < 50);
    }
    assert_eq!(tried, 5, "the password was right");
    let right = desk
        .operators
        .enter_code(&waiting, &desk.code(&secret))
        .await;
    assert!(matches!(right, Err(OperatorsError::Locked(_))));
}

/// Who knows the password and has a session still needs the code of the authenticator.
async fn right_password_forgives_no_wrong_code(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (_, token, _) = desk.set_up(&session).await;
    let session = desk.session(&token).await.unwrap();
    let own = Operators::new_authenticator(&session).unwrap().secret;
    let mut tried = 0;
    loop {
        let code = desk.code(own.expose_secret());
        let codes = (code.as_str(), "000000");
        let replace =
            desk.operators
                .set_up_authenticator(&session, PASSWORD.into(), own.clone(), codes);
        match replace.await.unwrap_err() {
            OperatorsError::WrongCode => tried += 1,
            OperatorsError::Locked(_) => break,
            error => panic!("{error}"),
        }
        assert!(tried < 50);
    }
    assert_eq!(tried, 5);
}

async fn name_that_no_account_has_is_counted_however_long_it_is(db: TestDb) {
    let desk = Desk::new(&db);
    // Nothing that compresses.
    let name: String = (0..5_000_u32)
        .filter_map(|n| char::from_u32(0x4e00 + n))
        .collect();
    assert_eq!(misses_until_locked(&desk, &name).await, 5);
}

async fn logins_with_a_code_leave_no_misses(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, ..) = desk.set_up(&session).await;
    for _ in 0..30 {
        desk.advance(30);
        let login = desk.login("fei").await;
        let waiting = desk.session(&login.token).await.unwrap();
        let code = desk.code(&secret);
        desk.operators.enter_code(&waiting, &code).await.unwrap();
    }
}

async fn right_password_lifts_the_lock_of_its_own_attempt(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, ..) = desk.set_up(&session).await;
    misses_until_locked(&desk, "fei").await;
    desk.advance(61);
    let login = desk.login("fei").await;
    let waiting = desk.session(&login.token).await.unwrap();
    let code = desk.code(&secret);
    desk.operators.enter_code(&waiting, &code).await.unwrap();
    desk.login("fei").await;
}

async fn wrong_passwords_of_others_do_not_lock_a_session(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    let (secret, token, _) = desk.set_up(&session).await;
    let session = desk.session(&token).await.unwrap();
    misses_until_locked(&desk, "fei").await;
    desk.advance(30);
    let code = desk.code(&secret);
    desk.operators.enter_code(&session, &code).await.unwrap();
}

async fn reset_forgets_the_misses(db: TestDb) {
    let desk = Desk::new(&db);
    let id = desk.add("fei", Role::Finance).await;
    misses_until_locked(&desk, "fei").await;
    let link = desk.operators.reset(terminal(), id).await.unwrap();
    let accepted = desk
        .operators
        .accept_invitation(&link, PASSWORD.into(), FROM);
    accepted.await.unwrap();
    desk.login("fei").await;
}
