//! A throw-away PostgreSQL: prints its URL and lives until this is interrupted.
#![expect(
    clippy::print_stdout,
    reason = "a command speaks to the person who typed it"
)]

use qlive_store::testing::{Engine, TestDb};

#[tokio::main]
async fn main() {
    let Some((url, _)) = TestDb::empty(Engine::Postgres).await else {
        std::process::exit(1)
    };
    println!("QLIVE__DATABASE__URL={url}");
    std::future::pending::<()>().await;
}
