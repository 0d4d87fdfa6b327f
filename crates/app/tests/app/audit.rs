//! The audit over the rules of all crates.

use qlive_app::{AuditError, SandboxCredentials, Services, Settings};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::Clock;

on_both!(empty_database_passes_the_audit);

async fn empty_database_passes_the_audit(db: TestDb) {
    let credentials = SandboxCredentials::generate().unwrap();
    let settings = Settings::default().against_sandbox("http://127.0.0.1:1", &credentials);
    let settings = settings.unwrap();
    let services = Services::new(&settings, db.db.clone(), Clock::system()).unwrap();
    let audit: Result<_, AuditError> = services.audit().await;
    assert_eq!(audit.unwrap().entries, 0);
}
