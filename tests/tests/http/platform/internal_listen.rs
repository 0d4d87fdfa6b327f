//! `[server] internal_listen`: where the pages for operators are served.

use qlive_server::Application;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;

on_both!(
    pages_for_operators_are_on_the_internal_listener_only,
    pages_for_operators_are_on_the_main_listener_while_it_is_loopback,
    pages_for_operators_are_off_on_a_public_listener,
);

/// Pages that need no token and are for operators, also in other spellings.
const INTERNAL: [&str; 9] = [
    "/metrics",
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/index.html",
    "/docs/swagger-ui-bundle.js",
    "/%6Detrics",
    "/d%6Fcs/",
    "/openapi%2Ejson",
];

async fn status(app: &TestApp, base: &str, path: &str) -> u16 {
    let answer = app.http.get(format!("{base}{path}")).send().await;
    answer.unwrap().status().as_u16()
}

async fn pages_for_operators_are_on_the_internal_listener_only(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.server.internal_listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    assert_ne!(app.internal, app.url);
    for path in INTERNAL {
        assert_eq!(status(&app, &app.url, path).await, 404, "{path}");
        assert_eq!(status(&app, &app.internal, path).await, 200, "{path}");
    }
    for base in [&app.url, &app.internal] {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(status(&app, base, path).await, 200, "{base}{path}");
        }
        let head = app
            .http
            .head(format!("{base}/metrics"))
            .send()
            .await
            .unwrap();
        let expected = if *base == app.internal { 200 } else { 404 };
        assert_eq!(head.status(), expected, "{base}");
    }
    let bob = app.guest("bob", Gender::Male).await;
    let configs = app
        .http
        .get(format!("{}/wx/api/qlive/get_configs/", app.internal))
        .header("Authorization", format!("QLiveToken {}", bob.token))
        .send()
        .await
        .unwrap();
    assert_eq!(configs.status(), 200);
    let counted = app
        .metric("qlive_requests_total{operation=\"register\",status=\"200\"}")
        .await;
    assert_eq!(counted, 1, "both listeners belong to one server");
}

async fn pages_for_operators_are_on_the_main_listener_while_it_is_loopback(db: TestDb) {
    let app = TestApp::start(db).await;
    assert_eq!(app.internal, app.url);
    for path in INTERNAL {
        assert_eq!(status(&app, &app.url, path).await, 200, "{path}");
    }
}

async fn pages_for_operators_are_off_on_a_public_listener(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut settings = app.settings.clone();
    settings.server.listen = ([0, 0, 0, 0], 0).into();
    let public = Application::build(&settings, app.clock.clone())
        .await
        .unwrap();
    assert_eq!(public.internal_url(), None);
    let base = public.url().replace("0.0.0.0", "127.0.0.1");
    let handle = public.handle();
    let running = tokio::spawn(public.run());
    for path in INTERNAL {
        assert_eq!(status(&app, &base, path).await, 404, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(status(&app, &base, path).await, 200, "{path}");
    }
    handle.stop(true).await;
    drop(running.await.unwrap().unwrap());
}
