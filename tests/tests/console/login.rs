//! Logging in with the forms: the password, the code, the links.

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestConsole};

on_both!(
    login_with_a_code_leads_to_the_page_that_was_wanted,
    wrong_password_and_wrong_code_are_refused_alike,
    invitation_sets_a_password_and_logs_in,
    link_to_a_sandbox_works_once_and_only_in_a_sandbox,
    open_redirect_is_not_followed,
    logout_ends_the_session,
    language_is_remembered,
    page_that_refreshes_itself_keeps_no_session_alive,
);

const PASSWORD: &str = "correct horse battery";

async fn console(db: TestDb) -> (TestApp, TestConsole) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    (app, console)
}

async fn login_with_a_code_leads_to_the_page_that_was_wanted(db: TestDb) {
    let (_app, console) = console(db).await;
    let owner = console.operator("olga", Role::Owner).await;
    let browser = console.browser();
    let sent = browser.get("/orders?state=paid").await;
    assert_eq!(sent.location, "/login?next=%2Forders%3Fstate%3Dpaid");
    let form = browser.get(&sent.location).await;
    assert!(
        form.text.contains("value=\"/orders?state=paid\""),
        "{}",
        form.text
    );
    let fields = [
        ("name", "OLGA"),
        ("password", PASSWORD),
        ("next", "/orders?state=paid"),
    ];
    let reply = browser.post("/login", &fields).await;
    assert!(reply.location.starts_with("/login/code?next="), "{reply:?}");
    for page in ["/", "/orders", "/account"] {
        let reply = browser.get(page).await;
        assert!(
            reply.location.starts_with("/login/code"),
            "{page}: a code is awaited"
        );
    }
    let code = console.operators.current_code(owner.id).await.unwrap();
    let fields = [("code", code.as_str()), ("next", "/orders?state=paid")];
    let reply = browser.post("/login/code", &fields).await;
    assert_eq!(reply.location, "/orders?state=paid");
    assert_eq!(browser.get(&reply.location).await.status, 200);
}

async fn wrong_password_and_wrong_code_are_refused_alike(db: TestDb) {
    let (_app, console) = console(db).await;
    console.operator("olga", Role::Owner).await;
    let refused = |name: &'static str, password: &'static str| {
        let browser = console.browser();
        async move {
            browser
                .post("/login", &[("name", name), ("password", password)])
                .await
        }
    };
    let unknown = refused("nobody", PASSWORD).await;
    let wrong = refused("olga", "a wrong password").await;
    assert_eq!((unknown.status, wrong.status), (422, 422));
    assert_eq!(unknown.text.replace("nobody", "olga"), wrong.text);
    assert!(!wrong.text.contains("a wrong password"));
    let browser = console.browser();
    browser
        .post("/login", &[("name", "olga"), ("password", PASSWORD)])
        .await;
    let reply = browser.post("/login/code", &[("code", "000000")]).await;
    assert_eq!(reply.status, 422);
}

async fn invitation_sets_a_password_and_logs_in(db: TestDb) {
    let (_app, console) = console(db).await;
    let owner = console.operator("olga", Role::Owner).await;
    let fields = [("name", "fei <b>"), ("role", "finance")];
    let reply = owner.act("/operators/add", &fields).await;
    let (_, rest) = reply.text.split_once("/link/").unwrap();
    let secret = rest.split('<').next().unwrap();
    let link = format!("/link/{secret}");
    let browser = console.browser();
    let page = browser.get(&link).await;
    assert!(page.text.contains("fei &#60;b&#62;"), "{}", page.text);
    let short = browser.post(&link, &[("password", "short")]).await;
    assert_eq!(short.status, 422);
    let done = browser
        .post(&link, &[("password", "another password")])
        .await;
    assert_eq!((done.status, done.location.as_str()), (303, "/"));
    assert_eq!(browser.get("/orders").await.status, 200);
    let again = console
        .browser()
        .post(&link, &[("password", "another password")])
        .await;
    assert_eq!(again.status, 422);
}

async fn link_to_a_sandbox_works_once_and_only_in_a_sandbox(db: TestDb) {
    let app = TestApp::start(db).await;
    let sandbox = TestConsole::start(&app, true);
    let real = TestConsole::start(&app, false);
    let link = || async {
        use secrecy::ExposeSecret as _;
        let secret = sandbox.operators.sandbox_link().await.unwrap();
        format!("/link/{}", secret.expose_secret())
    };
    let path = link().await;
    assert_eq!(real.browser().post(&path, &[]).await.status, 422);
    let browser = sandbox.browser();
    browser.get(&path).await;
    assert_eq!(
        browser.get("/").await.status,
        303,
        "to look at a link does not log in"
    );
    assert_eq!(browser.post(&path, &[]).await.status, 303);
    assert_eq!(browser.get("/").await.status, 200);
    assert_eq!(sandbox.browser().post(&path, &[]).await.status, 422);
    // Money works at once: the form shows the code of the sandbox's authenticator.
    let user = app.guest("bob", qlive_types::Gender::Male).await.id();
    let form = browser.get(&format!("/users/{user}/gold")).await;
    assert!(form.text.contains("现在的验证码是"), "{}", form.text);
}

async fn open_redirect_is_not_followed(db: TestDb) {
    let (_app, console) = console(db).await;
    console.operator_without_code("olga", Role::Owner).await;
    for next in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let fields = [("name", "olga"), ("password", PASSWORD), ("next", next)];
        let reply = console.browser().post("/login", &fields).await;
        assert_eq!(reply.location, "/", "{next}");
        let reply = console
            .browser()
            .post("/language", &[("to", "en"), ("next", next)])
            .await;
        assert_eq!(reply.location, "/", "{next}");
    }
}

async fn logout_ends_the_session(db: TestDb) {
    let (_app, console) = console(db).await;
    let owner = console.operator("olga", Role::Owner).await;
    let session = owner.session().await;
    let reply = owner.post("/logout", &[]).await;
    assert_eq!(reply.location, "/login");
    assert_eq!(owner.get("/").await.status, 303);
    assert!(
        console
            .operators
            .sessions(session.operator_id)
            .await
            .unwrap()
            .len()
            < 2
    );
}

async fn language_is_remembered(db: TestDb) {
    let (_app, console) = console(db).await;
    let browser = console.browser();
    assert!(browser.get("/login").await.text.contains("lang=\"zh-CN\""));
    let reply = browser
        .post("/language", &[("to", "en"), ("next", "/login")])
        .await;
    assert_eq!(reply.location, "/login");
    let set = reply
        .headers
        .get("set-cookie")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let cookie = set.split(';').next().unwrap();
    let headers = [("cookie", cookie)];
    let page = browser
        .send(reqwest::Method::GET, "/login", &[], &headers)
        .await;
    assert!(page.text.contains("lang=\"en\""));
}

async fn page_that_refreshes_itself_keeps_no_session_alive(db: TestDb) {
    let (app, console) = console(db).await;
    let owner = console.operator("olga", Role::Owner).await;
    for _ in 0..2 {
        app.advance(16 * 60);
        let headers = [("hx-request", "true")];
        let reply = owner.send(reqwest::Method::GET, "/", &[], &headers).await;
        let is_first = reply.status == 200;
        if !is_first {
            assert_eq!(reply.status, 204);
            let login = reply.headers["hx-redirect"].to_str().unwrap();
            assert!(login.starts_with("/login"), "{login}");
            return;
        }
    }
    panic!("the session lives although nobody was there for 32 minutes");
}
