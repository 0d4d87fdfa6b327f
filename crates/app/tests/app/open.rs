//! Opening the database: who migrates, and which environment it belongs to.

use qlive_app::{Services, Settings, open_services, open_services_without_migrating};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_users::UnvalidatedProfileChange;

use crate::real_settings;

on_both!(
    services_open_on_a_migrated_database,
    database_of_the_sandbox_is_refused_in_real_mode,
    database_with_real_data_is_refused_by_the_sandbox,
    database_of_real_services_behind_a_local_proxy_is_real,
    database_of_a_joined_sandbox_is_the_sandboxes,
    own_address_is_good_for_a_picture_against_the_sandbox_only,
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
    services.db.check_schema().await.unwrap();
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

async fn own_address_is_good_for_a_picture_against_the_sandbox_only(db: TestDb) {
    let is_good = |services: &Services, face_url: &str| {
        let change = UnvalidatedProfileChange {
            face_url: Some(face_url.to_owned()),
            ..UnvalidatedProfileChange::default()
        };
        services.users.validate_profile_change(change).is_ok()
    };
    let (of_server, of_sandbox) = ("http://127.0.0.1:8080/a.png", "http://127.0.0.1:1/a.png");
    let sandbox = open_services(&sandbox_settings(&db.url)).await.unwrap();
    assert!(is_good(&sandbox, of_server) && is_good(&sandbox, of_sandbox));
    assert!(!is_good(&sandbox, "http://127.0.0.1:2/a.png"));
    let real = Services::new(&real_settings(&db.url), sandbox.db, sandbox.clock).unwrap();
    assert!(!is_good(&real, of_server) && !is_good(&real, of_sandbox));
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
