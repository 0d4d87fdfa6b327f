//! What keeps out whoever should not act: the origin, the cookie, the reason, what is typed, the
//! fresh code.

use std::time::Duration;

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestConsole};
use qlive_types::{Gender, UserId};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

on_both!(
    form_from_another_site_changes_nothing,
    form_without_a_session_changes_nothing,
    refresh_without_a_session_leads_to_the_login,
    form_without_a_reason_changes_nothing,
    money_needs_what_is_typed_and_a_fresh_code,
    code_that_was_used_does_not_prove_again,
    operator_without_an_authenticator_moves_no_money,
    form_that_is_sent_at_once_acts_once,
    form_without_its_key_changes_nothing,
    form_that_does_not_arrive_is_a_bad_request,
    answers_carry_the_policy,
);

async fn form_that_does_not_arrive_is_a_bad_request(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let address = console.url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.unwrap();
    let begun = format!(
        "POST /login HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=a"
    );
    connection.write_all(begun.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = timeout(Duration::from_secs(30), connection.read_exact(&mut answer));
    read.await.unwrap().unwrap();
    assert_eq!(answer.escape_ascii().to_string(), "HTTP/1.1 400");
}

struct Desk {
    app: TestApp,
    console: TestConsole,
    owner: OperatorBrowser,
    user: UserId,
}

impl Desk {
    async fn start(db: TestDb) -> Self {
        let app = TestApp::start(db).await;
        let console = TestConsole::start(&app, false);
        let owner = console.operator("olga", Role::Owner).await;
        let user = app.guest("bob", Gender::Male).await.id();
        Self {
            app,
            console,
            owner,
            user,
        }
    }

    fn path(&self, action: &str) -> String {
        format!("/users/{}/{action}", self.user)
    }

    async fn is_banned(&self) -> bool {
        let profile = self.app.services.users.profile(self.user).await.unwrap();
        profile.banned_at.is_some()
    }

    async fn gold(&self) -> i64 {
        let balances = self.app.services.users.balances(self.user).await.unwrap();
        balances.granted.get()
    }
}

fn borrowed(filled: &[(String, String)]) -> Vec<(&str, &str)> {
    let fields = filled.iter();
    fields
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn without(filled: &[(String, String)], name: &str) -> Vec<(String, String)> {
    let fields = filled.iter();
    fields.filter(|(field, _)| field != name).cloned().collect()
}

async fn form_from_another_site_changes_nothing(db: TestDb) {
    let desk = Desk::start(db).await;
    let path = desk.path("ban");
    let filled = desk.owner.fill_in(&path, &[("length", "0")]).await;
    let evil = [
        vec![],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
    ];
    for headers in evil {
        let sent = desk
            .owner
            .send(Method::POST, &path, &borrowed(&filled), &headers)
            .await;
        assert_eq!(sent.status, 403, "{headers:?}");
        assert!(!desk.is_banned().await, "{headers:?}");
    }
    let login = [("name", "olga"), ("password", "correct horse battery")];
    let sent = desk
        .console
        .browser()
        .send(Method::POST, "/login", &login, &[])
        .await;
    assert_eq!(
        sent.status, 403,
        "nobody is logged in from another site either"
    );
    assert_eq!(desk.owner.submit(&path, &filled).await.status, 303);
    assert!(desk.is_banned().await);
}

async fn form_without_a_session_changes_nothing(db: TestDb) {
    let desk = Desk::start(db).await;
    let path = desk.path("ban");
    let filled = desk.owner.fill_in(&path, &[("length", "0")]).await;
    let stranger = desk.console.browser();
    let sent = stranger.submit(&path, &filled).await;
    assert_eq!((sent.status, sent.location.as_str()), (303, "/login"));
    assert!(!desk.is_banned().await);
    for page in ["/", "/users", "/audit", "/account", "/operators"] {
        let reply = stranger.get(page).await;
        assert_eq!(reply.status, 303, "{page}");
        assert!(reply.location.starts_with("/login"), "{page}");
    }
    desk.app.advance(31 * 60);
    let late = desk.owner.submit(&path, &filled).await;
    assert_eq!((late.status, late.location.as_str()), (303, "/login"));
    assert!(!desk.is_banned().await, "the session was idle for too long");
}

async fn refresh_without_a_session_leads_to_the_login(db: TestDb) {
    let desk = Desk::start(db).await;
    let refresh = [("hx-request", "true")];
    let send = |browser, path| OperatorBrowser::send(browser, Method::GET, path, &[], &refresh);
    let shown = send(&desk.owner, "/").await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("id=\"now\""));
    let failed = send(&desk.owner, "/nothing").await;
    assert_eq!(
        (failed.status, failed.text.as_str()),
        (204, ""),
        "nothing is swapped"
    );
    let late = send(&desk.console.browser(), "/").await;
    assert_eq!((late.status, late.location.as_str()), (204, ""));
    assert!(
        late.headers["hx-redirect"]
            .to_str()
            .unwrap()
            .starts_with("/login")
    );
}

async fn form_without_a_reason_changes_nothing(db: TestDb) {
    let desk = Desk::start(db).await;
    let path = desk.path("ban");
    let filled = desk.owner.fill_in(&path, &[("length", "0")]).await;
    let mut empty = without(&filled, "reason");
    assert_eq!(desk.owner.submit(&path, &empty).await.status, 422);
    empty.push(("reason".to_owned(), "  ".to_owned()));
    assert_eq!(desk.owner.submit(&path, &empty).await.status, 422);
    let mut hidden = without(&filled, "reason");
    hidden.push(("reason".to_owned(), "\u{200b}".to_owned()));
    assert_eq!(desk.owner.submit(&path, &hidden).await.status, 422);
    let mut long = without(&filled, "reason");
    long.push(("reason".to_owned(), "长".repeat(501)));
    assert_eq!(desk.owner.submit(&path, &long).await.status, 422);
    assert!(!desk.is_banned().await);
    assert_eq!(
        desk.owner.submit(&path, &filled).await.status,
        303,
        "the key is still good"
    );
}

async fn money_needs_what_is_typed_and_a_fresh_code(db: TestDb) {
    let desk = Desk::start(db).await;
    // The code with which the authenticator was set up is fresh for five minutes.
    desk.app.advance(6 * 60);
    let path = desk.path("gold");
    let filled = desk.owner.fill_in(&path, &[("amount", "7")]).await;
    assert!(filled.iter().any(|(name, _)| name == "code"));
    for missing in ["typed", "code", "amount"] {
        let sent = desk.owner.submit(&path, &without(&filled, missing)).await;
        if missing == "amount" {
            // The code was right, and proves for five minutes; the amount is asked for again.
            assert_eq!(sent.status, 422);
        } else {
            assert_eq!(sent.status, 422, "{missing}");
        }
        assert_eq!(desk.gold().await, 0, "{missing}");
    }
    let mut wrong = without(&filled, "typed");
    wrong.push(("typed".to_owned(), "0000x".to_owned()));
    assert_eq!(desk.owner.submit(&path, &wrong).await.status, 422);
    assert_eq!(desk.gold().await, 0);
    for amount in ["0", "-1", "1.5", "x", "99999999999999999999"] {
        let reply = desk.owner.act(&path, &[("amount", amount)]).await;
        assert_eq!(reply.status, 422, "{amount}");
    }
    let fresh = desk.owner.fill_in(&path, &[("amount", "7")]).await;
    assert!(
        !fresh.iter().any(|(name, _)| name == "code"),
        "it is fresh now"
    );
    assert_eq!(desk.owner.submit(&path, &fresh).await.status, 303);
    assert_eq!(desk.gold().await, 7);
}

async fn code_that_was_used_does_not_prove_again(db: TestDb) {
    let desk = Desk::start(db).await;
    desk.app.advance(6 * 60);
    let path = desk.path("gold");
    let filled = desk.owner.fill_in(&path, &[("amount", "7")]).await;
    let code = filled
        .iter()
        .find(|(name, _)| name == "code")
        .unwrap()
        .clone();
    assert_eq!(desk.owner.submit(&path, &filled).await.status, 303);
    // Another session of the same operator, with the code that somebody saw.
    let from = ("127.0.0.1", "a test");
    let login = desk
        .console
        .operators
        .login("olga", "correct horse battery".into(), from);
    let waiting = login.await.unwrap();
    let session = desk
        .console
        .operators
        .authenticate(&waiting.token, from.0, true);
    let session = session.await.unwrap().unwrap();
    let replayed = desk.console.operators.enter_code(&session, &code.1).await;
    assert!(replayed.is_err());
    assert_eq!(desk.gold().await, 7);
}

async fn operator_without_an_authenticator_moves_no_money(db: TestDb) {
    let desk = Desk::start(db).await;
    let fei = desk
        .console
        .operator_without_code("fei", Role::Finance)
        .await;
    let path = desk.path("gold");
    let form = fei.get(&path).await;
    assert!(
        form.text.contains("身份验证器"),
        "the form says what is missing"
    );
    let fields = [
        ("key", form.form_key()),
        ("amount", "7".to_owned()),
        ("reason", "a test".to_owned()),
        ("typed", desk.user.to_string()[4..].to_owned()),
        ("code", "123456".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    assert_eq!(fei.post(&path, &fields).await.status, 422);
    assert_eq!(desk.gold().await, 0);
}

async fn form_that_is_sent_at_once_acts_once(db: TestDb) {
    let desk = Desk::start(db).await;
    let path = desk.path("gold");
    let filled = desk.owner.fill_in(&path, &[("amount", "7")]).await;
    let sent = (0..6).map(|_| desk.owner.submit(&path, &filled));
    let sent = futures_util::future::join_all(sent).await;
    let done = sent.iter().filter(|reply| reply.location.contains("done="));
    assert_eq!(done.count(), 1, "{sent:?}");
    let again = sent
        .iter()
        .filter(|reply| reply.location.contains("again=1"));
    assert_eq!(again.count(), 5, "none is a new form: {sent:?}");
    assert_eq!(desk.gold().await, 7);
}

async fn form_without_its_key_changes_nothing(db: TestDb) {
    let desk = Desk::start(db).await;
    let path = desk.path("ban");
    let filled = desk.owner.fill_in(&path, &[("length", "0")]).await;
    let mut other = without(&filled, "key");
    desk.owner.submit(&path, &other).await;
    assert!(!desk.is_banned().await);
    other.push(("key".to_owned(), "'; DROP TABLE users".to_owned()));
    desk.owner.submit(&path, &other).await;
    assert!(!desk.is_banned().await);
}

async fn answers_carry_the_policy(db: TestDb) {
    let desk = Desk::start(db).await;
    for path in ["/", "/login", "/nowhere", "/assets/console.css"] {
        let reply = desk.owner.get(path).await;
        let header = |name: &str| reply.headers.get(name).map(|value| value.to_str().unwrap());
        let policy = header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header("referrer-policy"), Some("no-referrer"), "{path}");
        let is_page = !path.starts_with("/assets");
        assert_eq!(
            header("cache-control") == Some("no-store"),
            is_page,
            "{path}"
        );
        assert!(!reply.text.contains("style=\""), "{path}");
        assert!(!reply.text.contains(" onclick="), "{path}");
    }
    let cookie = desk.console.browser();
    let login = [
        ("name", "olga"),
        ("password", "correct horse battery"),
        ("next", "/users"),
    ];
    let reply = cookie.post("/login", &login).await;
    assert_eq!(reply.location, "/login/code?next=%2Fusers");
    let set = reply.headers.get("set-cookie").unwrap().to_str().unwrap();
    assert!(set.starts_with("__Host-qlive-console="));
    for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
}
