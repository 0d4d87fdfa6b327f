//! Opening the database: who migrates, and which environment it belongs to.

use qlive_app::{Settings, open_services, open_services_without_migrating};
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::real_settings;

on_both!(
    services_open_on_a_migrated_database,
    database_of_the_sandbox_is_refused_in_real_mode,
    database_with_real_data_is_refused_by_the_sandbox,
    database_of_real_services_behind_a_local_proxy_is_real,
    database_of_a_joined_sandbox_is_the_sandboxes,
);

/// Settings of the sandbox; none runs at its address.
fn sandbox_settings(url: &str) -> Settings {
    let mut settings = Settings::default();
    settings.database.url = url.to_owned().into();
    settings.sandbox.listen = ([127, 0, 0, 1], 1).into();
    settings
}

/// Settings of real mode.
fn real_settings(url: &str) -> Settings {
    let mut settings = real_settings::real_settings();
    settings.database.url = url.to_owned().into();
    settings
}

async fn services_open_on_a_migrated_database(db: TestDb) {
    let settings = sandbox_settings(&db.url);
    let services = open_services_without_migrating(&settings).await.unwrap();
    services.db.ping().await.unwrap();
}

async fn database_of_the_sandbox_is_refused_in_real_mode(db: TestDb) {
    open_services(&sandbox_settings(&db.url)).await.unwrap();
    let real = real_settings(&db.url);
    let refused = open_services(&real).await.err().unwrap().to_string();
    assert!(refused.contains("sandbox's data"), "{refused}");
    let refused = open_services_without_migrating(&real).await.err().unwrap();
    assert!(refused.to_string().contains("sandbox's data"), "{refused}");
}

async fn database_with_real_data_is_refused_by_the_sandbox(db: TestDb) {
    open_services(&real_settings(&db.url)).await.unwrap();
    let sandbox = sandbox_settings(&db.url);
    let refused = open_services(&sandbox).await.err().unwrap().to_string();
    assert!(refused.contains("is --config missing"), "{refused}");
}

async fn database_of_real_services_behind_a_local_proxy_is_real(db: TestDb) {
    let mut real = real_settings(&db.url);
    for api_url in [&mut real.wechat.api_url, &mut real.im.api_url] {
        "http://127.0.0.1:3128".clone_into(api_url);
    }
    open_services(&real).await.unwrap();
    let sandbox = sandbox_settings(&db.url);
    let refused = open_services(&sandbox).await.err().unwrap().to_string();
    assert!(refused.contains("is --config missing"), "{refused}");
    real.wechat.api_url = "https://api.example.com".into();
    open_services(&real).await.unwrap();
}

async fn database_of_a_joined_sandbox_is_the_sandboxes(db: TestDb) {
    let mut joined = sandbox_settings(&db.url);
    joined.sandbox.join = Some(joined.sandbox.listen);
    open_services(&joined).await.unwrap();
    open_services(&sandbox_settings(&db.url)).await.unwrap();
    let refused = open_services(&real_settings(&db.url)).await.err().unwrap();
    assert!(refused.to_string().contains("sandbox's data"), "{refused}");
}

#[tokio::test]
async fn schema_is_only_changed_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("qlive.db").display());
    let settings = sandbox_settings(&url);
    for _ in 0..2 {
        let refused = open_services_without_migrating(&settings).await;
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains("qlive-server migrate"), "{refused}");
    }
    open_services(&settings).await.unwrap();
    open_services_without_migrating(&settings).await.unwrap();
}
