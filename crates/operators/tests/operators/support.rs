//! What the tests share.

use qlive_operators::{Login, NewAuthenticator, Operators, Role, Session};
use qlive_store::audit_log::Operator;
use qlive_store::testing::TestDb;
use qlive_types::{Clock, Moment};
use secrecy::{ExposeSecret as _, SecretString};
use totp_rs::{Builder, Secret};

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const FROM: (&str, &str) = ("192.0.2.1", "a browser");

/// Operators on a database, and the clock that they follow.
pub(crate) struct Desk {
    pub(crate) operators: Operators,
    pub(crate) clock: Clock,
}

impl Desk {
    pub(crate) fn new(db: &TestDb) -> Self {
        let clock = Clock::system();
        let operators = Operators::new(db.db.clone(), clock.clone());
        Self { operators, clock }
    }

    pub(crate) fn advance(&self, secs: u64) {
        self.clock.advance(std::time::Duration::from_secs(secs));
    }

    /// Adds an account with the password, and returns its id.
    pub(crate) async fn add(&self, name: &str, role: Role) -> i64 {
        self.invite(name, role).await.0
    }

    /// The same, with the session in which the invitation was accepted.
    async fn invite(&self, name: &str, role: Role) -> (i64, Session) {
        let (id, link) = self.operators.add(terminal(), name, role).await.unwrap();
        let accepted = self
            .operators
            .accept_invitation(&link, PASSWORD.into(), FROM);
        let token = accepted.await.unwrap().token;
        (id, self.session(&token).await.unwrap())
    }

    pub(crate) async fn login(&self, name: &str) -> Login {
        self.operators
            .login(name, PASSWORD.into(), FROM)
            .await
            .unwrap()
    }

    pub(crate) async fn session(&self, token: &SecretString) -> Option<Session> {
        self.operators
            .authenticate(token, FROM.0, true)
            .await
            .unwrap()
    }

    /// A session of a new account, that began with its invitation.
    pub(crate) async fn new_session(&self, name: &str, role: Role) -> Session {
        self.invite(name, role).await.1
    }

    /// Sets up an authenticator; returns its secret, the new token and the recovery codes.
    pub(crate) async fn set_up(&self, session: &Session) -> (String, SecretString, Vec<String>) {
        let NewAuthenticator { secret, .. } = Operators::new_authenticator(session).unwrap();
        let base32 = secret.expose_secret().to_owned();
        let code = self.code(&base32);
        let set_up =
            self.operators
                .set_up_authenticator(session, PASSWORD.into(), secret, (&code, ""));
        let (token, codes) = set_up.await.unwrap();
        (base32, token, codes)
    }

    /// The code that an authenticator shows now.
    pub(crate) fn code(&self, secret: &str) -> String {
        code_at(secret, self.clock.now())
    }

    /// Adds an account with an authenticator, and returns its secret.
    pub(crate) async fn with_authenticator(&self, name: &str, role: Role) -> String {
        let session = self.new_session(name, role).await;
        self.set_up(&session).await.0
    }
}

/// The code that an authenticator shows at a moment.
pub(crate) fn code_at(secret: &str, at: Moment) -> String {
    let totp = Builder::new()
        .with_secret(Secret::try_from_base32(secret).unwrap())
        .with_account_name("x")
        .build()
        .unwrap();
    let secs = u64::try_from(at.secs()).unwrap();
    totp.generate(secs).to_string()
}

pub(crate) fn terminal() -> Operator {
    Operator::new("terminal", "a test").unwrap()
}
