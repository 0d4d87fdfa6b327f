//! The console of a [`TestApp`], and operators who use it with a browser.

use std::net::TcpListener;
use std::sync::Mutex;

use actix_web::dev::ServerHandle;
use qlive_console::{Console, ConsoleSettings, SESSION_COOKIE};
use qlive_operators::{Operators, Role};
use qlive_store::audit_log::Operator;
use qlive_types::Clock;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use secrecy::ExposeSecret as _;

use crate::test_app::TestApp;

/// The password of every operator.
const PASSWORD: &str = "correct horse battery";

/// A console. Dropping it stops it.
pub struct TestConsole {
    pub url: String,
    pub operators: Operators,
    handle: ServerHandle,
}

impl TestConsole {
    /// Serves the console of an app.
    pub fn start(app: &TestApp, is_sandbox: bool) -> Self {
        let settings = ConsoleSettings {
            is_sandbox,
            ..ConsoleSettings::default()
        };
        Self::start_with(app, settings)
    }

    /// The same with other settings.
    pub fn start_with(app: &TestApp, settings: ConsoleSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let console = Console::new(app.services.clone(), settings, listener).unwrap();
        let (url, handle) = (console.url().to_owned(), console.handle());
        tokio::spawn(console.run());
        let services = &app.services;
        let operators = Operators::new(services.db.clone(), services.clock.clone());
        Self {
            url,
            operators,
            handle,
        }
    }

    /// A browser that nobody has logged in with.
    pub fn browser(&self) -> OperatorBrowser {
        OperatorBrowser {
            url: self.url.clone(),
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
            cookie: Mutex::new(String::new()),
            id: 0,
            secret: String::new(),
            operators: self.operators.clone(),
        }
    }

    /// An operator with this role and an authenticator, who has logged in.
    pub async fn operator(&self, name: &str, role: Role) -> OperatorBrowser {
        let mut browser = self.operator_without_code(name, role).await;
        let session = browser.session().await;
        let new = Operators::new_authenticator(&session).unwrap();
        let code = code_of(new.secret.expose_secret(), browser.now());
        new.secret.expose_secret().clone_into(&mut browser.secret);
        let set_up =
            self.operators
                .set_up_authenticator(&session, PASSWORD.into(), new.secret, (&code, ""));
        let (token, _) = set_up.await.unwrap();
        browser.set_cookie(token.expose_secret());
        browser
    }

    /// An operator with this role, without an authenticator, who has logged in.
    pub async fn operator_without_code(&self, name: &str, role: Role) -> OperatorBrowser {
        let by = Operator::new("terminal", "a test").unwrap();
        let (id, link) = self.operators.add(by, name, role).await.unwrap();
        let from = ("127.0.0.1", "a test");
        let accepted = self
            .operators
            .accept_invitation(&link, PASSWORD.into(), from);
        let token = accepted.await.unwrap().token;
        let mut browser = self.browser();
        browser.id = id;
        browser.set_cookie(token.expose_secret());
        browser
    }
}

impl Drop for TestConsole {
    fn drop(&mut self) {
        // The future is ready at once; it tells the server to stop.
        drop(self.handle.stop(false));
    }
}

/// The code of an authenticator at a time.
fn code_of(secret: &str, secs: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .with_account_name("test")
        .build()
        .unwrap();
    totp.generate(secs).to_string()
}

/// The browser of an operator: it keeps cookies and follows no redirect.
pub struct OperatorBrowser {
    url: String,
    http: Client,
    cookie: Mutex<String>,
    /// The account of the operator.
    pub id: i64,
    /// The secret of the authenticator, empty without one.
    secret: String,
    operators: Operators,
}

/// The button of a form after which what would change is looked at.
const REVIEW_NEXT: &str = "下一步：查看改动";

/// An answer of the console.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub text: String,
    /// Where it leads.
    pub location: String,
    pub headers: reqwest::header::HeaderMap,
}

impl Reply {
    /// The key of the form on the page.
    pub fn form_key(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"key\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// What a review says that was seen; `None` when it is none.
    fn seen(&self) -> Option<String> {
        let (_, rest) = self.text.split_once("name=\"seen\" value=\"")?;
        rest.split('"').next().map(str::to_owned)
    }

    /// What the form asks to be typed.
    fn typed(&self) -> String {
        let Some((before, _)) = self.text.split_once(" <input type=\"text\" name=\"typed\"") else {
            return String::new();
        };
        let label = before.rsplit("<label>").next().unwrap();
        let label = label.trim_start_matches("请输入 ");
        label.trim_end_matches(" 以确认").to_owned()
    }
}

impl OperatorBrowser {
    fn set_cookie(&self, token: &str) {
        *self.cookie.lock().unwrap() = token.to_owned();
    }

    fn now(&self) -> u64 {
        let now = self.operators.now().secs();
        u64::try_from(now).unwrap()
    }

    /// The code that the authenticator shows by the clock of the machine.
    pub fn code(&self) -> String {
        let now = u64::try_from(Clock::system().now().secs());
        code_of(&self.secret, now.unwrap())
    }

    /// The session of this browser.
    pub async fn session(&self) -> qlive_operators::Session {
        let token = self.cookie.lock().unwrap().clone().into();
        let found = self.operators.authenticate(&token, "127.0.0.1", true);
        found.await.unwrap().expect("the session lives")
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], &[]).await
    }

    /// Sends a form from a page of the console.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [("sec-fetch-site", "same-origin")];
        self.send(Method::POST, path, fields, &headers).await
    }

    /// Sends a request with these headers.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url));
        let cookie = self.cookie.lock().unwrap().clone();
        if !cookie.is_empty() {
            request = request.header(COOKIE, format!("{SESSION_COOKIE}={cookie}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            request = request.form(fields);
        }
        let answer = request.send().await.unwrap();
        let headers = answer.headers().clone();
        let text_of = |name| {
            headers
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
        };
        if let Some(token) = text_of(SET_COOKIE)
            .strip_prefix(SESSION_COOKIE)
            .and_then(|rest| rest.strip_prefix('=')?.split(';').next())
        {
            self.set_cookie(token);
        }
        Reply {
            status: answer.status().as_u16(),
            location: text_of(LOCATION).to_owned(),
            headers,
            text: answer.text().await.unwrap(),
        }
    }

    /// Opens the form of an action and fills it in: these fields, a reason, what is to be typed,
    /// and a code of the authenticator. Where what would change is looked at first, it is.
    pub async fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut form = self.get(path).await;
        assert_eq!(form.status, 200, "{path}: {}", form.text);
        let given = fields.iter().chain(&[("reason", "a test")]);
        let mut filled: Vec<(String, String)> = given
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        filled.push(("key".to_owned(), form.form_key()));
        if form.text.contains(REVIEW_NEXT) {
            form = self.submit(path, &filled).await;
            filled.retain(|(name, _)| name != "key");
            filled.push(("key".to_owned(), form.form_key()));
            filled.extend(form.seen().map(|seen| ("seen".to_owned(), seen)));
        }
        filled.push(("typed".to_owned(), form.typed()));
        if form.text.contains("name=\"code\"") {
            let code = self.operators.current_code(self.id).await.unwrap();
            filled.push(("code".to_owned(), code));
        }
        filled
    }

    /// Sends a form that was filled in.
    pub async fn submit(&self, path: &str, filled: &[(String, String)]) -> Reply {
        let fields: Vec<(&str, &str)> = filled
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.post(path, &fields).await
    }

    /// Does an action: opens its form, fills it in and sends it.
    pub async fn act(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let filled = self.fill_in(path, fields).await;
        self.submit(path, &filled).await
    }
}
