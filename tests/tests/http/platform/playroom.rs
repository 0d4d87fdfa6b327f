//! The page at `/` in sandbox mode, its files, and the pictures of the seeds.

use qlive_app::Settings;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use reqwest::Response;
use serde_json::{Value, json};

on_both!(
    page_is_served_with_files_that_it_may_load,
    pictures_of_the_seeds_exist,
    audit_of_the_page_says_that_the_ledger_balances,
    server_without_a_sandbox_of_its_own_has_no_page,
);

async fn get(app: &TestApp, path: &str) -> Response {
    let request = app.http.get(format!("{}{path}", app.url));
    request.send().await.unwrap()
}

async fn page_is_served_with_files_that_it_may_load(db: TestDb) {
    let app = TestApp::start(db).await;
    let page = get(&app, "/").await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self'; style-src 'self';") && !policy.contains("unsafe"));
    let sandbox = app.sandbox.trim_start_matches("http://");
    assert!(policy.contains(&format!(
        "connect-src 'self' http://{sandbox} ws://{sandbox}"
    )));
    let page = page.text().await.unwrap();
    let (_, rest) = page.split_once("src=\"").unwrap();
    let (script, _) = rest.split_once('"').unwrap();
    let script = get(&app, script).await;
    assert_eq!(script.status(), 200);
    let headers = script.headers();
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(
        headers["cache-control"], "public, max-age=31536000, immutable",
        "the name changes with the content"
    );
    assert_eq!(get(&app, "/playroom/phone.html").await.status(), 200);
    assert_eq!(get(&app, "/playroom/assets/none.js").await.status(), 404);
    let config: Value = get(&app, "/playroom/config.json")
        .await
        .json()
        .await
        .unwrap();
    let port = sandbox.rsplit_once(':').unwrap().1;
    assert_eq!(config["sandbox_port"].to_string(), port);
}

async fn pictures_of_the_seeds_exist(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut pictures = Vec::new();
    for page in 1..=2 {
        let gifts = bob.get("qlive_gift/", json!({"page": page})).await.ok();
        let gifts = gifts["results"].as_array().unwrap().clone();
        pictures.extend(gifts.into_iter().map(|gift| gift["image"].clone()));
    }
    let configs = bob.get("get_configs/", json!({})).await.ok();
    pictures.push(configs["INDEX_BANNER"].clone());
    pictures.push(configs["PROGRAM_SHARE"][0]["src"].clone());
    assert_eq!(pictures.len(), 11);
    for picture in pictures {
        let url = picture.as_str().unwrap();
        let path = url.strip_prefix(&app.url).unwrap();
        let found = get(&app, path).await;
        assert_eq!(found.status(), 200, "{url}");
        assert_eq!(found.headers()["content-type"], "image/svg+xml", "{url}");
    }
}

async fn audit_of_the_page_says_that_the_ledger_balances(db: TestDb) {
    let app = TestApp::start(db).await;
    let (_, bob, alice) = app.stage_with_bob_and_alice().await;
    app.grant(&bob, 100).await;
    bob.give(&alice, qlive_tests::gifts::CHOCOLATE, 1, json!({}))
        .await
        .ok();
    let report: Value = get(&app, "/playroom/audit.json")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&report["entries"], &report["violation"]),
        (&json!(2), &Value::Null)
    );
}

async fn server_without_a_sandbox_of_its_own_has_no_page(db: TestDb) {
    let app = TestApp::start(db).await;
    // The sandbox refuses the pages of a server that has joined it.
    let mut joining = Settings::default();
    joining.server.listen = ([127, 0, 0, 1], 0).into();
    joining.database.url = app.database_url().into();
    let address = app.sandbox.trim_start_matches("http://");
    joining.sandbox.join = Some(address.parse().unwrap());
    let joined = app.second_instance_from(joining).await;
    let second = app.second_instance().await;
    for instance in [joined, second] {
        for path in [
            "/",
            "/playroom/phone.html",
            "/playroom/config.json",
            "/playroom/audit.json",
            "/pictures/icon.svg",
        ] {
            assert_eq!(get(&instance, path).await.status(), 404, "{path}");
        }
        instance.close().await;
    }
}
