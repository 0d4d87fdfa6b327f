//! Starts a temporary PostgreSQL, prints its URL, and runs until it is interrupted.
#![expect(
    clippy::print_stdout,
    reason = "a command prints its result for the person who ran it"
)]

use qlive_store::testing::{Engine, TestDb};

#[tokio::main]
async fn main() {
    let Some((url, _)) = TestDb::without_schema(Engine::Postgres).await else {
        std::process::exit(1)
    };
    println!("QLIVE__DATABASE__URL={url}");
    std::future::pending::<()>().await;
}
